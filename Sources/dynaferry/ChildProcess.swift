import Dispatch
import Glibc

/// A process that this one has started, and will wait for.
///
/// It gets a process group of its own, so that a key pressed at the terminal reaches it only by way
/// of its parent, once. The corresponding C function is `posix_spawn`.
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

    /// How a process ended: by itself, or by a signal.
    package enum End: Equatable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    private let pid: pid_t
    private let output: Int32?
    private let queue = DispatchQueue(label: "child.process")
    private var input: Int32?
    private var ended: End?
    private var unread: [UInt8] = []

    /// Starts `path` with `arguments` (its own name not among them).
    package init(
        _ path: String, _ arguments: [String], environment: [String],
        input: Stream = .inherited, output: Stream = .inherited
    ) throws(CommandFailure) {
        let ends = try Self.openEnds(input: input, output: output)
        defer { ends.closeChildSide() }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let descriptor = ends.childInput {
            posix_spawn_file_actions_adddup2(&actions, descriptor, 0)
        }
        if let descriptor = ends.childOutput {
            posix_spawn_file_actions_adddup2(&actions, descriptor, 1)
        }
        CLibrary.closeInherited(&actions)
        var attributes = Self.attributes()
        defer { posix_spawnattr_destroy(&attributes) }
        var started: pid_t = 0
        let status = Self.withCStrings([path] + arguments) { words in
            Self.withCStrings(environment) { variables in
                posix_spawn(&started, path, &actions, &attributes, words, variables)
            }
        }
        guard status == 0 else {
            ends.closeParentSide()
            throw CommandFailure("cannot start \(path): \(String(cString: strerror(status)))")
        }
        pid = started
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
    package func end() -> End {
        queue.sync {
            if let input { close(input) }
            input = nil
        }
        return wait()
    }

    /// Blocks until the process has ended.
    package func wait() -> End {
        if let ended = queue.sync(execute: { ended }) { return ended }
        // Look first and reap later, so that `signal` never sees a number that is free again.
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        return queue.sync {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1, errno == EINTR {}
            let signal = status & 0x7F
            let end = signal == 0 ? End.exited(status >> 8 & 0xFF) : .killed(signal: signal)
            ended = end
            return end
        }
    }

    /// This process's own program, and the environment that it was started with.
    package static let ownPath = "/proc/self/exe"
    package static func ownEnvironment() throws(CommandFailure) -> [String] {
        try readFile("/proc/self/environ").split(separator: 0).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

extension ChildProcess {
    /// Both sides of the child's stdin and stdout; nil where it keeps the parent's.
    private struct Ends {
        var childInput: Int32?
        var parentInput: Int32?
        var childOutput: Int32?
        var parentOutput: Int32?

        func closeChildSide() { Self.close(childInput, childOutput) }
        func closeParentSide() { Self.close(parentInput, parentOutput) }

        private static func close(_ descriptors: Int32?...) {
            for descriptor in descriptors {
                if let descriptor { _ = Glibc.close(descriptor) }
            }
        }
    }

    private static func openEnds(
        input: Stream, output: Stream
    ) throws(CommandFailure) -> Ends {
        var ends = Ends()
        switch input {
        case .inherited: break
        case .null: ends.childInput = open("/dev/null", O_RDONLY | O_CLOEXEC)
        case .pipe: (ends.childInput, ends.parentInput) = try pipe()
        }
        switch output {
        case .inherited: break
        case .null: ends.childOutput = open("/dev/null", O_WRONLY | O_CLOEXEC)
        case .pipe: (ends.parentOutput, ends.childOutput) = try pipe()
        }
        return ends
    }

    /// A pipe whose ends no other child inherits.
    private static func pipe() throws(CommandFailure) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else {
            throw CommandFailure("cannot open a pipe: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// A group of its own, no signal blocked, and those that this process ignores at their default:
    /// a child would inherit all three.
    private static func attributes() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var restored = sigset_t()
        sigemptyset(&restored)
        sigaddset(&restored, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &restored)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return attributes
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer {
            for pointer in pointers { free(pointer) }
        }
        return body(pointers)
    }
}

/// The whole of a small file.
func readFile(_ path: String) throws(CommandFailure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw CommandFailure("cannot read \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    return try readAll(descriptor, called: path)
}

/// What is left of an open file, to its end.
/// - Parameter bytesMax: more than this is not kept; what is cut off is for the caller to tell.
func readAll(
    _ descriptor: Int32, called path: String, bytesMax: Int = .max
) throws(CommandFailure) -> [UInt8] {
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while content.count <= bytesMax {
        let count = read(descriptor, &buffer, buffer.count)
        if count > 0 {
            content += buffer[..<count]
        } else if count == 0 {
            break
        } else if errno != EINTR {
            throw CommandFailure("cannot read \(path): \(String(cString: strerror(errno)))")
        }
    }
    return content
}
