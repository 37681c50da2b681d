import DynamoModel
import Pacing
import System

@testable import Connectors
@testable import Flow
@testable import Transfer

/// A bug that the scheduler, or what stands between it and the world, could have.
enum Mutant: String, CaseIterable, Sendable {
    case cursorAhead = "a cursor is saved one page early"
    case unprocessedDropped = "an unprocessed item is dropped from an answer"
    case unprocessedMisplaced = "an unprocessed item is credited to another segment"
    case deadLetterLost = "a dead letter is not kept though it is said to be"
    case leftOutMisplaced = "another item is left out than was to be"
    case finishedTooSoon = "a segment counts as finished with a page in flight"
}

/// The scheduler, and on demand a falsification of what it is told or what it asks for: a
/// simulation that does not find each ``Mutant`` proves little about the scheduler itself.
struct FalsifiedScheduler {
    private(set) var scheduler: FlowScheduler
    private let mutant: Mutant?
    // What a mutant must know to do harm; kept only where there is one.
    private var pages: [Int: (segment: Int, items: [ItemSlice])] = [:]
    private var openPages: [Int: [Int]] = [:]
    private var scanning: Set<Int> = []
    private var batches: [BatchID: [ItemRef]] = [:]

    init(_ scheduler: FlowScheduler, _ mutant: Mutant?) {
        self.scheduler = scheduler
        self.mutant = mutant
    }

    /// Any event that no mutant changes.
    mutating func take(_ event: (inout FlowScheduler) -> [FlowAction]) -> [FlowAction] {
        falsified(event(&scheduler))
    }

    mutating func pageArrived(
        partition segment: Int, _ page: ArrivedPage, at now: Instant
    ) -> (page: Int, actions: [FlowAction]) {
        var page = page
        if mutant == .leftOutMisplaced, let last = page.leftOut.last, last + 1 < page.items.count {
            page.leftOut[page.leftOut.count - 1] = last + 1
        }
        var (slot, actions) = scheduler.pageArrived(partition: segment, page, at: now)
        if mutant != nil {
            scanning.remove(segment)
            pages[slot] = (segment, page.items)
            openPages[segment, default: []].append(slot)
            actions = falsified(actions)
        }
        return (slot, actions)
    }

    mutating func readFailed(
        partition segment: Int, _ failure: FlowFailure, at now: Instant
    ) -> [FlowAction] {
        scanning.remove(segment)
        return take { $0.readFailed(partition: segment, failure, at: now) }
    }

    mutating func batchAnswered(
        _ id: BatchID, _ reply: BatchReply, roundTrip: Duration, at now: Instant
    ) -> [FlowAction] {
        var reply = reply
        var refused = reply.exceptions.filter { $0.outcome == .unprocessed }.map(\.position)
        if let first = refused.first, let batch = batches[id] {
            switch mutant {
            case .unprocessedDropped: refused.removeFirst()
            case .unprocessedMisplaced: refused[0] = other(than: first, in: batch, refused)
            default: break
            }
            reply = BatchReply(unprocessed: refused, units: reply.units)
        }
        return take { $0.batchAnswered(id, reply, roundTrip: roundTrip, at: now) }
    }

    /// A position of the batch that belongs to another segment and was not refused; where there is
    /// none, the same one.
    private func other(than position: Int, in batch: [ItemRef], _ refused: [Int]) -> Int {
        func segment(_ position: Int) -> Int? { pages[Int(batch[position].page)]?.segment }
        return batch.indices.first {
            segment($0) != segment(position) && !refused.contains($0)
        } ?? position
    }

    // MARK: Actions

    private mutating func falsified(_ actions: [FlowAction]) -> [FlowAction] {
        guard let mutant else { return actions }
        return actions.map { action in
            switch action {
            case .read(let segment, _, _, _): scanning.insert(segment)
            case .write(let id, let items, _, _): batches[id] = items
            case .release(let page):
                if let segment = pages.removeValue(forKey: page)?.segment {
                    openPages[segment]?.removeAll { $0 == page }
                }
            case .save(let save): return .save(falsified(save, mutant))
            case .open, .claim, .settle, .wake, .finish, .closeUnit, .seal: break
            }
            return action
        }
    }

    private func falsified(_ save: FlowSave, _ mutant: Mutant) -> FlowSave {
        var save = save
        switch mutant {
        case .cursorAhead: save.partitions = save.partitions.map { ahead($0) }
        case .deadLetterLost: save.deadLetters = []
        case .finishedTooSoon:
            for index in save.partitions.indices
            where scanning.contains(save.partitions[index].partition) {
                save.partitions[index].position = .finished
            }
        case .unprocessedDropped, .unprocessedMisplaced, .leftOutMisplaced: break
        }
        return save
    }

    /// At the end of the first page that is still open, and counted as if it were safe.
    private func ahead(_ progress: PartitionProgress) -> PartitionProgress {
        guard progress.position != .finished, let slot = openPages[progress.partition]?.first,
            let page = pages[slot], !page.items.isEmpty
        else { return progress }
        var safe = 0
        if case .within(_, let items) = progress.position { safe = items }
        var progress = progress
        progress.position = .within(page: slot, items: page.items.count)
        progress.items += page.items.count - safe
        progress.bytes += page.items[safe...].reduce(0) { $0 + Int($1.size) }
        return progress
    }
}
