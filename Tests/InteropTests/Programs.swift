import Foundation
import Testing

/// What these tests run: the built program, and scripts in Python.
enum Programs {
    struct Result {
        var status: Int32
        var out: String
        var err: String

        /// Both streams, for the comment of a failed expectation.
        var text: Comment { "ended with \(status)\n\(out)\(err)" }
    }

    private static let environment = ProcessInfo.processInfo.environment

    /// DYNAFERRY_BINARY, else the one that was built beside these tests.
    static let dynaferry: String = {
        if let path = environment["DYNAFERRY_BINARY"] { return path }
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("dynaferry").path
    }()

    /// DYNAFERRY_PYTHON, else the one of scripts/setup.sh; nil without the modules.
    static let python: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let setUp = root.appendingPathComponent(".build/python/bin/python").path
        let modules = ["boto3", "moto", "ministack", "werkzeug", "hypercorn"]
        let question =
            "import importlib.util, sys\n"
            + "sys.exit(any(importlib.util.find_spec(name) is None for name in \(modules)))"
        return [environment["DYNAFERRY_PYTHON"], setUp, "/usr/bin/python3"].compactMap { $0 }
            .first { (try? finish([$0, "-c", question]))?.status == 0 }
    }()

    static let needsPython: Comment =
        "skipped: no Python with boto3, moto and ministack; run scripts/setup.sh --tests"

    static let hasPackageIndex: Bool =
        (try? finish(["/bin/sh", "-c", "apt-cache dumpavail | grep -q ^Package:"]))?.status == 0
    static let needsPackageIndex: Comment =
        "skipped: apt-cache has no package index; run apt-get update"

    static func script(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Scripts/\(name)").path
    }

    /// Runs a script of ours, which must succeed.
    @discardableResult
    static func runScript(
        _ name: String, _ words: [String], secondsMax: Int = 120
    ) async throws -> String {
        let python = try #require(python)
        let result = try await run([python, script(name)] + words, secondsMax: secondsMax)
        try #require(result.status == 0, result.text)
        return result.out
    }

    /// Runs `dynaferry copy` with credentials that every server takes.
    static func copy(
        _ source: String, at sourceURL: String, to target: String, at targetURL: String,
        _ options: [String] = []
    ) async throws -> Result {
        try await run(
            [
                dynaferry, "copy", source, target, "--source-endpoint", sourceURL,
                "--target-endpoint", targetURL, "--region", "us-east-1",
            ] + options)
    }

    /// Runs `dynaferry verify` in the same way.
    static func verify(
        _ source: String, at sourceURL: String, with target: String, at targetURL: String,
        _ options: [String] = []
    ) async throws -> Result {
        try await run(
            [
                dynaferry, "verify", source, target, "--source-endpoint", sourceURL,
                "--target-endpoint", targetURL, "--region", "us-east-1",
            ] + options)
    }

    /// Runs a program to its end, but no longer than two minutes or so many seconds, with an
    /// environment of no one's machine.
    static func run(_ words: [String], secondsMax: Int = 120) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                continuation.resume(
                    with: Swift.Result {
                        try finish(["/usr/bin/timeout", "-k", "5", "\(secondsMax)"] + words)
                    }
                )
            }
            thread.start()
        }
    }

    private static func finish(_ words: [String]) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardInput = FileHandle.nullDevice
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("dynaferry-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        process.currentDirectoryURL = folder
        process.environment = [
            "PATH": "/usr/bin:/bin", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "PYTHONDONTWRITEBYTECODE": "1", "HOME": folder.path,
        ]
        // Files rather than pipes: nothing has to be read while it runs.
        let files = try ["out", "err"].map { name in
            let file = folder.appendingPathComponent(name)
            try Data().write(to: file)
            return (file, try FileHandle(forWritingTo: file))
        }
        process.standardOutput = files[0].1
        process.standardError = files[1].1
        try process.run()
        let status = wait(for: process)
        let texts = try files.map { String(decoding: try Data(contentsOf: $0.0), as: UTF8.self) }
        return Result(status: status, out: texts[0], err: texts[1])
    }

    /// Waits until a process has ended; its exit status, or the signal that ended it.
    ///
    /// Foundation waits for the end of a socket. A server that is started at the same moment
    /// inherits that socket and holds it open, hence the system's own wait; Foundation may reap
    /// first.
    private static func wait(for process: Process) -> Int32 {
        var information = siginfo_t()
        var result: Int32
        repeat {
            result = waitid(
                P_PID, id_t(process.processIdentifier), &information, WEXITED | WNOWAIT)
        } while result == -1 && errno == EINTR
        guard result == 0 else {
            process.waitUntilExit()
            return process.terminationStatus
        }
        return information._sifields._sigchld.si_status
    }
}
