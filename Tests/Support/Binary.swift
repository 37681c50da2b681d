import Foundation

/// The built program, run as its users run it.
package enum Binary {
    package struct Result: Sendable {
        package var status: Int32
        package var out: String
        package var err: String

        package init(status: Int32, out: String, err: String) {
            self.status = status
            self.out = out
            self.err = err
        }
    }

    /// DYNAFERRY_BINARY, else the one that was built beside these tests.
    package static let path: String = {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["DYNAFERRY_BINARY"] { return path }
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("dynaferry").path
    }()

    /// Runs it to its end, with an environment of no one's machine.
    package static func run(_ words: String..., environment: [String: String] = [:]) throws
        -> Result
    {
        try shell("exec \"$0\" \"$@\"", words, environment: environment)
    }

    package static func run(_ words: [String]) throws -> Result {
        try shell("exec \"$0\" \"$@\"", words)
    }

    /// Runs a line of shell in which `"$0"` is the program.
    package static func shell(
        _ line: String, _ words: [String] = [], environment: [String: String] = [:]
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", line, path] + words
        let folder = try TemporaryFolder()
        // Jobs are kept at home.
        // No network is asked who they are.
        let own = [
            "PATH": "/usr/bin:/bin", "HOME": folder.path("home"),
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
        process.environment = own.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        // Files rather than pipes: nothing has to be read while it runs.
        let files = try ["out", "err"].map { name in
            _ = FileManager.default.createFile(atPath: folder.path(name), contents: nil)
            return try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path(name)))
        }
        process.standardOutput = files[0]
        process.standardError = files[1]
        try process.run()
        process.waitUntilExit()
        let texts = try ["out", "err"].map {
            try String(contentsOfFile: folder.path($0), encoding: .utf8)
        }
        return Result(status: process.terminationStatus, out: texts[0], err: texts[1])
    }
}
