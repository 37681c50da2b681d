import Glibc

/// Starts child processes, the same way for all: no signal blocked, those that this process ignores
/// at their default (a child would inherit both), and no descriptor but its standard streams.
///
/// The corresponding C functions are `posix_spawn` and `posix_spawnp`.
struct ChildStart {
    /// The program's path; a name without a slash is looked for in `PATH`.
    var program: String
    /// With the program's own name first.
    var words: [String]
    /// `NAME=value`
    var environment: [String]
    /// What become its standard streams; nil: this process's own.
    var input: Int32?
    var output: Int32?
    var errors: Int32?
    /// A group of its own: a key pressed at the terminal does not reach it.
    var hasOwnGroup: Bool

    /// Runs a shell command without a shell where it needs none, as `make` does: it is plain words,
    /// of which the first is a program.
    /// - Returns: nil where a shell is to be asked.
    func runPlain(_ command: String) -> pid_t? {
        let words = command.split(separator: " ").map(String.init)
        let isPlain = command.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: " _-./,:@%+=".utf8.contains(byte)
            }
        }
        guard isPlain, let program = words.first, !program.contains("=") else { return nil }
        var direct = self
        (direct.program, direct.words) = (program, words)
        return try? direct.run()
    }

    /// The child's number; throws the system's reason.
    func run() throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input { posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) }
        if let output { posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) }
        if let errors { posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO) }
        Linux.closeInherited(&actions)
        var attributes = attributes()
        defer { posix_spawnattr_destroy(&attributes) }
        var child: pid_t = 0
        let status = withCStrings(words) { words in
            withCStrings(environment) { variables in
                posix_spawnp(&child, program, &actions, &attributes, words, variables)
            }
        }
        guard status == 0 else { throw SystemError("cannot start \(program)", code: status) }
        return child
    }

    private func attributes() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var restored = sigset_t()
        sigemptyset(&restored)
        sigaddset(&restored, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &restored)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        if hasOwnGroup {
            posix_spawnattr_setpgroup(&attributes, 0)
            flags |= POSIX_SPAWN_SETPGROUP
        }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return attributes
    }

    private func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer {
            for pointer in pointers { free(pointer) }
        }
        return body(pointers)
    }
}

/// A pipe whose ends no child inherits by itself. The corresponding C function is `pipe`.
struct Pipe {
    let read: Int32
    let write: Int32

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw SystemError("cannot open a pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (read, write) = (ends[0], ends[1])
    }
}

/// How a process ended: by itself, or by a signal.
package enum ProcessEnd: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)

    /// - Parameter status: as `waitpid` gives it.
    init(status: Int32) {
        let signal = status & 0x7F
        self = signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal: signal)
    }
}
