import Dispatch

/// What can be asked to end soon.
package protocol Stoppable: Sendable {
    /// Returns at once.
    func stop()
}

/// One request to stop, which may come before there is anything to stop.
final class StopRequest: @unchecked Sendable {
    // @unchecked: both are touched only on `queue`.
    private let queue = DispatchQueue(label: "command.stop")
    private var isAsked = false
    private var writes = false
    private var work: (any Stoppable)?

    /// What follows from a request to stop.
    enum Answer {
        /// Nothing was written: the process may end.
        case nothingWritten
        /// It is stopping, as soon as there is something to stop.
        case stopping(hasWork: Bool)
        /// It was asked before.
        case askedBefore
    }

    func ask() -> Answer {
        queue.sync {
            defer { isAsked = true }
            if isAsked { return .askedBefore }
            if !writes { return .nothingWritten }
            work?.stop()
            return .stopping(hasWork: work != nil)
        }
    }

    /// From now on something may be written. Where that was not so when the request came, it never
    /// returns: the process is about to end, and nothing may be written any more.
    func willWrite() {
        let isTooLate = queue.sync {
            if isAsked, !writes { return true }
            writes = true
            return false
        }
        guard isTooLate else { return }
        let never = DispatchSemaphore(value: 0)
        while true { never.wait() }
    }

    func deliver(to work: any Stoppable) {
        queue.sync {
            self.work = work
            if isAsked { work.stop() }
        }
    }
}
