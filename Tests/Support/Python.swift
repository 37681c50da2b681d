import Foundation

/// A Python interpreter that has botocore, for comparisons with an independent implementation.
package enum Python {
    package static let botocore: String? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let candidates = [root.appending(path: ".build/python/bin/python").path, "python3"]
        return candidates.first { candidate in
            (try? execute([candidate, "-c", "import botocore.auth"], input: ""))?.status == 0
        }
    }()

    package struct Failed: Error {
        package var output: String
    }

    package static func run(_ script: String, input: String) throws -> String {
        guard let python = botocore else { throw Failed(output: "no python with botocore") }
        let result = try execute([python, "-c", script], input: input)
        guard result.status == 0 else { throw Failed(output: result.output) }
        return result.output
    }

    private static func execute(
        _ arguments: [String], input: String
    ) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        let (stdin, stdout) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = FileHandle.nullDevice
        try process.run()
        let writer = Thread {
            stdin.fileHandleForWriting.write(Data(input.utf8))
            try? stdin.fileHandleForWriting.close()
        }
        writer.start()
        let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
