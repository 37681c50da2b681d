import Foundation
import TestSupport
import Testing

@testable import Arguments
@testable import CommandLine
@testable import dynaferry

/// A console whose streams are files.
final class RecordedConsole {
    let console: Console
    private let folder: TemporaryFolder
    private let descriptors: [Int32]

    init() throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        descriptors = ["out", "err"].map { (name: String) -> Int32 in
            open(folder.path(name), O_CREAT | O_WRONLY | O_APPEND, 0o600)
        }
        console = Console(output: descriptors[0], errors: descriptors[1])
    }

    deinit { for descriptor in descriptors { close(descriptor) } }

    var out: String { get throws { try text("out") } }
    var err: String { get throws { try text("err") } }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: folder.path(name), encoding: .utf8)
    }
}

@Suite(.timeLimit(.minutes(20))) struct ConsoleTests {
    @Test func `results and everything else go their own ways`() throws {
        let recorded = try RecordedConsole()
        recorded.console.show("a result")
        recorded.console.note("a note")
        recorded.console.fail("it broke", hints: ["mend it", "or not"])
        #expect(try recorded.out == "a result\n")
        #expect(try recorded.err == "a note\nerror: it broke\nhint: mend it\nhint: or not\n")
    }

    @Test func `what is said stands above the live block`() throws {
        let recorded = try RecordedConsole()
        recorded.console.showLive(["one", "two"])
        recorded.console.note("news")
        recorded.console.removeLive()
        recorded.console.removeLive()
        let erased = "\u{1B}[2A\r\u{1B}[J"
        #expect(try recorded.err == "one\ntwo\n\(erased)news\none\ntwo\n\(erased)")
    }

    @Test func `a reader that is gone ends the output, not the work`() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        signal(SIGPIPE, SIG_IGN)
        var stream = OutputStream(ends[1])
        stream.write("lost")
        #expect(stream.isClosed)
        close(ends[1])
        // The number may be another file's by now: nothing more may be written to it.
        stream.write("lost as well")
    }

    @Test func `a terminal made non-blocking by someone else gets all of it`() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        #expect(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
        let text = String(repeating: "x", count: 1 << 20)
        let (reading, writing) = (ends[0], ends[1])
        let reader = Thread {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while read(reading, &buffer, buffer.count) > 0 {}
            close(reading)
        }
        reader.start()
        var stream = OutputStream(writing)
        stream.write(text)
        #expect(!stream.isClosed)
        close(writing)
    }
}

private struct ScriptedServer: RunningServer {
    var url: String { "http://192.0.2.1:8000" }
    var exposureWarning: String?
    let stopped: Flag
    func stop() { stopped.set() }
}

@Suite(.timeLimit(.minutes(20))) struct ServeCommandTests {
    @Test func `it says where it listens and who can reach it, and ends on a signal`() throws {
        let recorded = try RecordedConsole()
        let handler = Handler()
        let control = ProcessControl(
            watchSignals: { handler.keep($1) },
            takeEffect: { _ in preconditionFailure("a server leaves no signal its own effect") },
            leave: { _ in preconditionFailure("a listening server ends in order") },
            usage: { ReportTests.usage })
        let stopped = Flag()
        let command = ServeCommand(try ServeArguments(parsing: []), console: recorded.console)
        let finished = DispatchSemaphore(value: 0)
        let thread = Thread {
            let code = try? command.run(control) { _ in
                ScriptedServer(exposureWarning: "anyone can come in", stopped: stopped)
            }
            #expect(code == .success)
            finished.signal()
        }
        thread.start()
        while try !recorded.out.contains("AWS_ENDPOINT_URL_S3") { sched_yield() }
        handler.call(SIGTERM)
        finished.wait()
        #expect(stopped.isSet)
        #expect(
            try recorded.out == "listening on http://192.0.2.1:8000\n"
                + "for S3, set AWS_ENDPOINT_URL_S3=http://192.0.2.1:8000\n")
        #expect(try recorded.err == "warning: anyone can come in\n")
    }
}

@Suite struct HintTests {
    @Test(arguments: [
        ("Check the endpoint.", "check the endpoint"), ("name another", "name another"),
        ("AWS_REGION is not set.", "AWS_REGION is not set"), ("", ""), ("A", "A"),
        ("DynamoDB is down.", "DynamoDB is down"),
    ])
    func `hints are spoken as all messages are`(sentence: String, spoken: String) {
        #expect(Console.spoken(sentence) == spoken)
    }
}

/// Keeps a signal handler until a test calls it.
private final class Handler: @unchecked Sendable {
    // @unchecked: guarded by `lock`.
    private let lock = NSLock()
    private var handler: (@Sendable (Int32) -> Void)?

    func keep(_ handler: @escaping @Sendable (Int32) -> Void) {
        lock.withLock { self.handler = handler }
    }

    func call(_ signal: Int32) { lock.withLock { handler }?(signal) }
}
