import Dispatch

/// A few serial queues that work is dealt to: as many threads as they are, however much there is to
/// do. What has the same number is done in the order in which it came.
package final class WorkerQueues: Sendable {
    private let queues: [DispatchQueue]
    private let turn = Locked(0)

    package init(_ label: String, count: Int = max(2, OwnThread.coreCount)) {
        queues = (0..<max(1, count)).map { DispatchQueue(label: "\(label).\($0)") }
    }

    /// The queue for something new: all get the same share.
    package func next() -> DispatchQueue {
        let turn = turn.withLock { turn in
            turn = (turn + 1) % queues.count
            return turn
        }
        return queues[turn]
    }
}
