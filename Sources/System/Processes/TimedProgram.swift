import Glibc

/// Runs a program to its end, without a shell, for at most so long, and gives what it writes line
/// by line.
///
/// Its stdin is empty. It has a group of its own, which is killed as a whole. Its children may
/// outlive it; what they write then is lost. Any thread may kill it; one runs it.
package final class TimedProgram: Sendable {
    package enum End: Equatable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
        /// It was killed after so long.
        case tookTooLong
        /// In the system's words.
        case notStarted(String)
    }

    /// Longer lines are cut.
    private static let lineBytesMax = 4_096

    /// How long after it was killed it may take to end.
    private static let graceful = Duration.seconds(5)

    private struct State {
        var process: pid_t?
    }

    private let words: [String]
    private let environment: [String]
    private let state = Locked(State())

    /// - Parameters:
    ///   - words: the program, a path or a name to be found in `PATH`, and its arguments.
    ///   - environment: `NAME=value`.
    package init(_ words: [String], environment: [String]) {
        precondition(!words.isEmpty, "no program")
        self.words = words
        self.environment = environment
    }

    /// Kills it and its group if it runs.
    /// - Returns: whether it ran.
    @discardableResult
    package func kill() -> Bool {
        // Under the lock, so that its number is still its own.
        state.withLock { state in
            guard let process = state.process else { return false }
            // It may have left its group.
            let isGroupKilled = Glibc.kill(-process, SIGKILL) == 0
            return Glibc.kill(process, SIGKILL) == 0 || isGroupKilled
        }
    }

    /// Blocks until it has ended, or was killed after `limit`.
    /// - Parameter line: what it wrote to stdout or stderr, without the line's end.
    package func run(within limit: Duration, line: (String) -> Void) -> End {
        let deadline = MonotonicClock.nanoseconds + limit.inNanoseconds
        let (process, output): (pid_t, Int32)
        do throws(SystemError) {
            (process, output) = try start()
        } catch {
            return .notStarted(SystemError.reason(error.code))
        }
        defer { close(output) }
        var (lines, isLate) = (LineCutter(bytesMax: Self.lineBytesMax), false)
        var end: ProcessEnd?
        while end == nil {
            read(output, &lines, line)
            end = state.withLock { state in
                let end = Self.end(of: process)
                if end != nil { state.process = nil }
                return end
            }
            if end == nil, MonotonicClock.nanoseconds >= deadline {
                if !isLate { kill() }
                isLate = true
                // One that may not be killed is not waited for.
                if MonotonicClock.nanoseconds >= deadline + Self.graceful.inNanoseconds {
                    state.withLock { $0.process = nil }
                    return .tookTooLong
                }
            }
        }
        // What it wrote last: its children may hold the pipe open, so there is no end to wait for.
        read(output, &lines, line, waits: false)
        lines.rest.map(line)
        switch end {
        case .killed where isLate: return .tookTooLong
        case .killed(let signal)?: return .killed(signal: signal)
        case .exited(let code)?: return .exited(code)
        case nil: return .exited(0)
        }
    }

    private func start() throws(SystemError) -> (pid_t, Int32) {
        let empty = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(empty) }
        let pipe = try Pipe()
        defer { close(pipe.write) }
        let start = ChildStart(
            program: words[0], words: words, environment: environment, input: empty,
            output: pipe.write, errors: pipe.write, hasOwnGroup: true)
        do throws(SystemError) {
            _ = fcntl(pipe.read, F_SETFL, O_NONBLOCK)
            let process = try start.run()
            state.withLock { $0.process = process }
            return (process, pipe.read)
        } catch {
            close(pipe.read)
            throw error
        }
    }

    /// Its end, once it has one.
    private static func end(of process: pid_t) -> ProcessEnd? {
        var status: Int32 = 0
        let ended = waitpid(process, &status, WNOHANG)
        if ended == process { return ProcessEnd(status: status) }
        return ended == -1 && errno != EINTR ? .exited(0) : nil
    }

    /// Takes what there is to read, after waiting for it for a moment.
    private func read(
        _ output: Int32, _ lines: inout LineCutter, _ line: (String) -> Void, waits: Bool = true
    ) {
        var event = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        var chunk = [UInt8](repeating: 0, count: 16_384)
        guard poll(&event, 1, waits ? 10 : 0) > 0 else { return }
        // A pipe holds no more than 64 KiB, and a program that never stops writing is stopped.
        for _ in 0..<4 {
            let count = Glibc.read(output, &chunk, chunk.count)
            if count > 0 {
                lines.take(chunk[..<count]).forEach(line)
                continue
            }
            // Its output has ended, and it is about to.
            if count == 0, waits { poll(nil, 0, 10) }
            return
        }
    }
}

/// Cuts what is read into lines.
private struct LineCutter {
    let bytesMax: Int
    private var unread: [UInt8] = []

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// The lines that are whole now.
    mutating func take(_ bytes: ArraySlice<UInt8>) -> [String] {
        unread += bytes
        var lines: [String] = []
        while let end = unread.firstIndex(of: 0x0A) {
            lines.append(String(decoding: unread[..<end].prefix(bytesMax), as: UTF8.self))
            unread.removeFirst(end + 1)
        }
        if unread.count > bytesMax { unread.removeLast(unread.count - bytesMax) }
        return lines
    }

    /// What came after the last line's end; nil where there is nothing.
    var rest: String? { unread.isEmpty ? nil : String(decoding: unread, as: UTF8.self) }
}
