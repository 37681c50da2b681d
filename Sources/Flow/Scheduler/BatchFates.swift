import DynamoModel
import System

/// The outcome of a batch's items, as its sink reports it.
struct BatchFates {
    /// Positions of items that are to be sent again.
    private(set) var refused: [Int] = []
    /// What was charged: a put that another item stands in the way of is, like any other.
    private(set) var taken: BatchLoad
    /// Of that, what was not written.
    private(set) var kept = BatchLoad()
    private(set) var keptItems = 0
    private(set) var changedItems = 0
    /// Of those that were taken: items that were deleted, and what they came to.
    private(set) var deletedItems = 0
    private(set) var deleted = BatchLoad()

    /// - Parameter mixer: knows the items.
    init(_ batch: Batch, _ reply: BatchReply, _ mixer: BatchMixer, _ shape: BatchShape) {
        taken = reply.isCharged ? batch.load : BatchLoad()
        var last = -1
        for exception in reply.exceptions {
            precondition(
                exception.position > last && exception.position < batch.items.count,
                "\(reply.exceptions) are not in the batch, or out of order")
            last = exception.position
            let slice = mixer.slice(of: batch.items[exception.position])
            switch exception.outcome {
            case .written: break
            case .kept:
                if reply.isCharged { kept.add(slice, shape) }
                keptItems += 1
            case .changed:
                if reply.isCharged { kept.add(slice, shape) }
                changedItems += 1
            case .unprocessed:
                refused.append(exception.position)
                if reply.isCharged { taken.remove(slice, shape) }
            }
        }
        if mixer.hasDeletes { countDeletes(batch, reply, mixer, shape) }
    }

    private mutating func countDeletes(
        _ batch: Batch, _ reply: BatchReply, _ mixer: BatchMixer, _ shape: BatchShape
    ) {
        let others = Set(
            reply.exceptions.lazy.filter { $0.outcome != .written }.map(\.position))
        for (position, item) in batch.items.enumerated()
        where mixer.isDelete(item) && !others.contains(position) {
            deletedItems += 1
            if reply.isCharged { deleted.add(mixer.slice(of: item), shape) }
        }
    }
}
