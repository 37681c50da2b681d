import Dispatch
import Glibc

/// A process that this one has started, and will wait for.
///
/// It gets a process group of its own, so that a key pressed at the terminal reaches it only by way
/// of its parent, once.
///
/// Any thread may call it, but only one may read and only one may wait.
package final class ChildProcess: @unchecked Sendable {
    // @unchecked: `input` and `ended` are touched only on `queue`, `unread` only by the one reader.

    package enum Stream: Sendable {
        /// The parent's own.
        case inherited
        case null
        /// Read or written by the parent.
        case pipe
    }

    private let pid: pid_t
    private let output: Int32?
    private let queue = DispatchQueue(label: "child.process")
    private var input: Int32?
    private var ended: ProcessEnd?
    private var unread: [UInt8] = []

    /// Starts `path` with `arguments` (its own name not among them).
    package init(
        _ path: String, _ arguments: [String], environment: [String],
        input: Stream = .inherited, output: Stream = .inherited
    ) throws(SystemError) {
        let ends = try Ends(input: input, output: output)
        defer { ends.closeChildSide() }
        let start = ChildStart(
            program: path, words: [path] + arguments, environment: environment,
            input: ends.childInput, output: ends.childOutput, hasOwnGroup: true)
        do throws(SystemError) {
            pid = try start.run()
        } catch {
            ends.closeParentSide()
            throw error
        }
        self.input = ends.parentInput
        self.output = ends.parentOutput
    }

    deinit {
        for descriptor in [input, output] {
            if let descriptor { close(descriptor) }
        }
    }

    /// The next line of its output, without the line's end; nil when the output has ended.
    package func readLine() -> String? {
        guard let output else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            if let end = unread.firstIndex(of: 0x0A) {
                defer { unread.removeFirst(end + 1) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            let count = read(output, &buffer, buffer.count)
            if count > 0 {
                unread += buffer[..<count]
            } else if count == 0 || errno != EINTR {
                defer { unread = [] }
                return unread.isEmpty ? nil : String(decoding: unread, as: UTF8.self)
            }
        }
    }

    /// Sends a signal, unless the process has been waited for: its number may be another's by then.
    package func signal(_ number: Int32) {
        queue.sync {
            if ended == nil { _ = kill(pid, number) }
        }
    }

    /// Closes its input and waits until it has ended of that.
    @discardableResult
    package func end() -> ProcessEnd {
        queue.sync {
            if let input { close(input) }
            input = nil
        }
        return wait()
    }

    /// Blocks until the process has ended.
    package func wait() -> ProcessEnd {
        if let ended = queue.sync(execute: { ended }) { return ended }
        // Look first and reap later, so that `signal` never sees a number that is free again.
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        return queue.sync {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1, errno == EINTR {}
            let end = ProcessEnd(status: status)
            ended = end
            return end
        }
    }

}

/// Both sides of a child's stdin and stdout; nil where it keeps the parent's.
private struct Ends {
    var childInput: Int32?
    var parentInput: Int32?
    var childOutput: Int32?
    var parentOutput: Int32?

    init(input: ChildProcess.Stream, output: ChildProcess.Stream) throws(SystemError) {
        switch input {
        case .inherited: break
        case .null: childInput = open("/dev/null", O_RDONLY | O_CLOEXEC)
        case .pipe:
            let pipe = try Pipe()
            (childInput, parentInput) = (pipe.read, pipe.write)
        }
        switch output {
        case .inherited: break
        case .null: childOutput = open("/dev/null", O_WRONLY | O_CLOEXEC)
        case .pipe:
            let pipe = try Pipe()
            (parentOutput, childOutput) = (pipe.read, pipe.write)
        }
    }

    func closeChildSide() { Self.close(childInput, childOutput) }
    func closeParentSide() { Self.close(parentInput, parentOutput) }

    private static func close(_ descriptors: Int32?...) {
        for descriptor in descriptors {
            if let descriptor { _ = Glibc.close(descriptor) }
        }
    }
}
