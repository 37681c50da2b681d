import Glibc

/// Runs a program to its end, without a shell, and gives what it wrote to stdout.
///
/// Its stdin is empty, its stderr is this process's own, so that what it says to people reaches
/// them, and is not taken for its output. It stays in the group of this process: a helper may ask
/// for a password at the terminal. The corresponding C functions are `poll` and `waitpid`.
package enum ProcessOutput {
    package enum Failure: Error, Equatable {
        /// In the system's words.
        case notStarted(String)
        case tookTooLong
        case tooMuchOutput
        case ended(Int32)
        case killed(signal: Int32)
    }

    /// Blocks until the program has ended, or is ended, after `limit`.
    /// - Parameters:
    ///   - words: the program, a path or a name to be found in `PATH`, and its arguments.
    ///   - bytesMax: the longest output that is taken.
    package static func of(
        _ words: [String], environment: [String: String], within limit: Duration, bytesMax: Int
    ) throws(Failure) -> [UInt8] {
        let deadline = MonotonicClock.nanoseconds + limit.inNanoseconds
        let (process, output) = try start(words, environment)
        defer { close(output) }
        let read = Result { () throws(Failure) in
            try readAll(output, until: deadline, bytesMax: bytesMax)
        }
        if case .failure = read { kill(process, SIGKILL) }
        let end = wait(process, until: deadline)
        let bytes = try read.get()
        switch end {
        case nil: throw .tookTooLong
        case .killed(let signal)?: throw .killed(signal: signal)
        case .exited(let code)? where code != 0: throw .ended(code)
        case .exited?: return bytes
        }
    }

    private static func start(
        _ words: [String], _ environment: [String: String]
    ) throws(Failure) -> (pid_t, Int32) {
        do throws(SystemError) {
            let empty = open("/dev/null", O_RDONLY | O_CLOEXEC)
            defer { close(empty) }
            let pipe = try Pipe()
            defer { close(pipe.write) }
            let start = ChildStart(
                program: words[0], words: words,
                environment: environment.map { "\($0)=\($1)" }, input: empty, output: pipe.write,
                hasOwnGroup: false)
            do throws(SystemError) {
                return (try start.run(), pipe.read)
            } catch {
                close(pipe.read)
                throw error
            }
        } catch {
            throw .notStarted(SystemError.reason(error.code))
        }
    }

    private static func readAll(
        _ descriptor: Int32, until deadline: Int64, bytesMax: Int
    ) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let left = (deadline - MonotonicClock.nanoseconds) / 1_000_000
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

    /// Its end; nil when it had closed its output, did not end and was ended.
    private static func wait(_ process: pid_t, until deadline: Int64) -> ProcessEnd? {
        var status: Int32 = 0
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { return ProcessEnd(status: status) }
            if ended == -1, errno != EINTR { return .exited(0) }
            if MonotonicClock.nanoseconds >= deadline {
                kill(process, SIGKILL)
                while waitpid(process, &status, 0) == -1, errno == EINTR {}
                return nil
            }
            poll(nil, 0, 5)  // its output has ended: it is about to
        }
    }
}
