import Dispatch

/// What can be asked to end soon.
package protocol Stoppable: Sendable {
    /// Returns at once.
    func stop()
}

/// One wish to stop, which may come before there is anything to be stopped.
final class StopRequest: @unchecked Sendable {
    // @unchecked: both are touched only on `queue`.
    private let queue = DispatchQueue(label: "command.stop")
    private var isAsked = false
    private var work: (any Stoppable)?

    /// False when it was asked before.
    func ask() -> Bool {
        queue.sync {
            defer { isAsked = true }
            if !isAsked { work?.stop() }
            return !isAsked
        }
    }

    /// There is something that can be stopped.
    var hasWork: Bool { queue.sync { work != nil } }

    func deliver(to work: any Stoppable) {
        queue.sync {
            self.work = work
            if isAsked { work.stop() }
        }
    }
}
