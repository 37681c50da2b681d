import AWS
import Glibc
import Pacing

/// Runs a program to its end, without a shell, and gives what it wrote to stdout.
///
/// Its stdin is empty, its stderr is this process's own, so that what it says to people reaches
/// them and nobody else. It stays in the group of this process: a helper may ask for a password at
/// the terminal. The corresponding C functions are `posix_spawnp`, `poll`, `waitpid`.
enum ProcessOutput {
    enum Failure: Error, Equatable {
        case notStarted(String)
        case tookTooLong
        case tooMuchOutput
        case ended(Int32)
        case killed(signal: Int32)
    }

    /// Blocks until the program has ended, or is ended, after `limit`.
    static func of(
        _ words: [String], environment: [String: String], within limit: Duration, bytesMax: Int,
        time: any TimeSource = MonotonicTime()
    ) throws(Failure) -> [UInt8] {
        let deadline = time.now + limit
        // One at a time: a child that starts between `pipe` and `fcntl` would hold the pipe open.
        let (process, output) = try starting.withLock { _ throws(Failure) in
            try start(words, environment)
        }
        defer { close(output) }
        let read = Result { () throws(Failure) in
            try readAll(output, until: deadline, bytesMax: bytesMax, time)
        }
        if case .failure = read { kill(process, SIGKILL) }
        let status = wait(process, until: deadline, time)
        let bytes = try read.get()
        guard let status else { throw .tookTooLong }
        let signal = status & 0x7F
        if signal != 0 { throw .killed(signal: signal) }
        let code = status >> 8 & 0xFF
        if code != 0 { throw .ended(code) }
        return bytes
    }

    private static let starting = Locked(())

    private static func start(
        _ words: [String], _ environment: [String: String]
    ) throws(Failure) -> (pid_t, Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .notStarted(said(errno)) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        // No signal blocked, and those that this process ignores at their default: a child would
        // inherit both.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var restored = sigset_t()
        sigemptyset(&restored)
        sigaddset(&restored, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &restored)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var process: pid_t = 0
        let status = withCStrings(words) { words in
            withCStrings(environment.map { "\($0)=\($1)" }) { variables in
                posix_spawnp(&process, words[0]!, &actions, &attributes, words, variables)
            }
        }
        guard status == 0 else {
            close(ends[0])
            throw .notStarted(said(status))
        }
        return (process, ends[0])
    }

    private static func readAll(
        _ descriptor: Int32, until deadline: Instant, bytesMax: Int, _ time: any TimeSource
    ) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let left = (deadline - time.now).inNanoseconds / 1_000_000
            guard left > 0 else { throw .tookTooLong }
            var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, Int32(clamping: left)) > 0 else { continue }
            let count = read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            guard count > 0 else { continue }
            bytes += chunk[..<count]
            guard bytes.count <= bytesMax else { throw .tooMuchOutput }
        }
    }

    /// Its status; nil when it had closed its output, did not end and was ended.
    private static func wait(
        _ process: pid_t, until deadline: Instant, _ time: any TimeSource
    ) -> Int32? {
        var status: Int32 = 0
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { return status }
            if ended == -1, errno != EINTR { return 0 }
            if time.now >= deadline {
                kill(process, SIGKILL)
                while waitpid(process, &status, 0) == -1, errno == EINTR {}
                return nil
            }
            poll(nil, 0, 5)  // its output has ended: it is about to
        }
    }

    private static func said(_ code: Int32) -> String { String(cString: strerror(code)) }

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
