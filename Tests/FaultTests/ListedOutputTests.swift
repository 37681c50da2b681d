import Foundation
import JSON
import System
import TestSupport
import Testing

/// Goal: what stands where differences are to be listed is never replaced by something else.
@Suite(.timeLimit(.minutes(10))) struct ListedOutputTests {
    private func site() throws -> TrustSite {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<20))
        try site.load("target", TrustSite.items(0..<15))
        return site
    }

    @Test func `a link stays one, and what it points to holds the list`() throws {
        let site = try site()
        let (real, link) = (site.folder.path("real"), site.folder.path("link"))
        try "before".write(toFile: real, atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: real)
        let result = try site.run("verify", "source", "target", "--output", link)
        #expect(result.status == 3, "\(result)")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == real)
        let lines = try String(contentsOfFile: real, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 5, "\(lines)")
    }

    @Test func `a pipe is written to as it is`() throws {
        let site = try site()
        let pipe = site.folder.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let reader = try ChildProcess("/bin/cat", [pipe], environment: [], output: .pipe)
        let result = try site.run("verify", "source", "target", "--output", pipe)
        #expect(result.status == 3, "\(result)")
        var lines = 0
        while reader.readLine() != nil { lines += 1 }
        _ = reader.wait()
        #expect(lines == 5)
        var status = stat()
        #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }

    /// Method: a device of the test's own, where this user may make one.
    @Test func `a device that takes nothing is said, and stays`() throws {
        let site = try site()
        let device = site.folder.path("full")
        guard mknod(device, S_IFCHR | 0o600, 1 << 8 | 7) == 0 else {
            print("skipped: this user may not make a device")
            return
        }
        let result = try site.run("verify", "source", "target", "--output", device)
        #expect(result.status == 1, "\(result)")
        #expect(result.err.contains("cannot write \(device)"), "\(result)")
        var status = stat()
        #expect(stat(device, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    /// Goal: every wait says what it waits for.
    @Test(arguments: ["--log", "--report", "--config", "--prices", "--env-file"])
    func `a pipe without its other end is said to be waited for`(option: String) throws {
        let site = try site()
        let pipe = site.folder.path("pipe")
        try #require(mkfifo(pipe, 0o600) == 0)
        let copy = try site.start(["copy", "source", "copy", option, pipe])
        var said: String?
        while said?.contains("waiting for a program to ") != true, let line = copy.readLine() {
            said = line
        }
        copy.signal(SIGKILL)
        _ = TrustSite.end(copy)
        #expect(said?.hasSuffix("the pipe \(pipe)") == true, "\(said ?? "nothing")")
    }
}
