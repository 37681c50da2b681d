import Foundation
import Testing

@testable import System

@Suite(.timeLimit(.minutes(20))) struct ChildProcessTests {
    private func start(
        _ line: String, environment: [String] = [], input: ChildProcess.Stream = .null
    ) throws -> ChildProcess {
        try ChildProcess(
            "/bin/sh", ["-c", line], environment: environment, input: input, output: .pipe)
    }

    @Test func `its lines are read one by one, and its end is told`() throws {
        let child = try start("echo one; printf 'two\\nthree'; exit 7")
        #expect(child.readLine() == "one")
        #expect(child.readLine() == "two")
        #expect(child.readLine() == "three")
        #expect(child.readLine() == nil)
        #expect(child.wait() == .exited(7))
        #expect(child.wait() == .exited(7))
    }

    @Test func `it sees the environment that it was given, and no other`() throws {
        let child = try start("echo \"$COLOUR-$HOME\"", environment: ["COLOUR=blue"])
        #expect(child.readLine() == "blue-")
        #expect(child.wait() == .exited(0))
    }

    @Test func `it ends with its input`() throws {
        let child = try start("echo ready; cat; exit 3", input: .pipe)
        #expect(child.readLine() == "ready")
        #expect(child.end() == .exited(3))
    }

    @Test func `a signal reaches it, and no one once it is gone`() throws {
        let child = try start("echo ready; exec cat", input: .pipe)
        #expect(child.readLine() == "ready")
        child.signal(SIGTERM)
        #expect(child.wait() == .killed(signal: SIGTERM))
        child.signal(SIGKILL)
    }

    @Test func `a program that is not there is told by name`() {
        let failure = #expect(throws: SystemError.self) {
            _ = try ChildProcess("/nowhere/program", [], environment: [])
        }
        #expect(failure?.description == "cannot start /nowhere/program: No such file or directory")
    }
}
