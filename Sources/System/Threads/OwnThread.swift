import Glibc

/// Starts threads for work that blocks, which Dispatch's and Swift's own few threads must not do.
///
/// The corresponding C function is `pthread_create`.
package enum OwnThread {
    /// Cores of the machine that run.
    package static var coreCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs `body` on a new thread, which is to be joined or detached. Signals are for other
    /// threads; above all SIGPIPE, which libssl's writes to a closed connection raise.
    package static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

        var thread = pthread_t()
        let context = Unmanaged.passRetained(Work(body)).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, context)
        precondition(status == 0, "can't start a thread: \(status)")
        return thread
    }

    /// The result of `body`, which may block, on a thread of its own.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value
    {
        // A lock between the two threads: the thread sanitizer knows of no other order.
        let box = Locked<Value?>(nil)
        await withCheckedContinuation { continuation in
            let thread = start {
                let value = body()
                box.withLock { $0 = value }
                continuation.resume()
            }
            pthread_detach(thread)
        }
        return box.withLock { $0! }
    }
}
