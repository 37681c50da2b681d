import Glibc

/// The signals that a command may watch.
package enum Signals {
    /// Those that ask a process to end.
    package static let ending = [SIGINT, SIGTERM, SIGHUP]
    /// Those that take a program from the screen.
    package static let leavingScreen = ending + [SIGQUIT, SIGTSTP]

    /// Hands each of these signals to `handler`, one after another, on a thread of its own.
    ///
    /// Call it before any other thread is started: the signals are blocked in the caller, and every
    /// thread inherits that, so that only the waiting one gets them. A handler may take locks and
    /// allocate, which one called by the kernel may not. The corresponding C function is `sigwait`.
    /// A SIGHUP, SIGQUIT or SIGTSTP that the parent had ignored (`nohup`) stays ignored.
    package static func watch(
        _ numbers: [Int32], _ handler: @escaping @Sendable (Int32) -> Void
    ) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in numbers {
            if ![SIGINT, SIGTERM].contains(number), isIgnored(number) { continue }
            // One that is ignored would be dropped before anyone could wait for it; shells start
            // background jobs with SIGINT ignored.
            signal(number, SIG_DFL)
            sigaddset(&signals, number)
        }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        start(Watch(signals: signals, handler: handler))
    }

    /// Has a watched signal do what it does to a process that does not watch it: end it, or stop it
    /// until SIGCONT. Call it in the handler. The corresponding C function is `raise`.
    package static func takeEffect(_ number: Int32) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, number)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(number)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        let handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
        return handler == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private final class Watch: Sendable {
        let signals: sigset_t
        let handler: @Sendable (Int32) -> Void

        init(signals: sigset_t, handler: @escaping @Sendable (Int32) -> Void) {
            self.signals = signals
            self.handler = handler
        }

        func run() -> Never {
            var signals = signals
            while true {
                var number: Int32 = 0
                if sigwait(&signals, &number) == 0 { handler(number) }
            }
        }
    }

    private static func start(_ watch: Watch) {
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Watch>.fromOpaque(context).takeRetainedValue().run()
            }, Unmanaged.passRetained(watch).toOpaque())
        precondition(status == 0, "no thread for signals: error \(status)")
        pthread_detach(thread)
    }
}
