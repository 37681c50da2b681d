import Connectors
import DynamoModel
import Flow
import Pacing
import Transfer

/// What the scheduler takes for an item, driven by hand: pages come and batches are answered at
/// once and in order, in virtual time and without a network.
enum Scheduling {
    private static let segments = 64
    private static let pagesPerSegment = 8
    private static let pageItems = 1_000
    private static let itemCount = segments * pagesPerSegment * pageItems

    static func measure() -> Measurement {
        var isSane = true
        let least = ThreadCPU.least(rounds: 3) {
            var model = Model()
            let taken = ThreadCPU.nanoseconds { model.run() }
            isSane = isSane && model.outcome == .completed && model.itemsWritten == itemCount
            return taken
        }
        return Measurement(
            name: "schedule an item", value: least / Double(itemCount), unit: "ns",
            isSane: isSane)
    }

    /// A source and a target that answer at once.
    private struct Model {
        private enum Event {
            case page(segment: Int, limit: Int)
            case answer(BatchID)
            case saved
            case wake(Instant)
        }

        private(set) var outcome: FlowOutcome?
        private var scheduler: FlowScheduler
        private var events: [Event] = []
        private var next = 0
        private var now = Instant.zero
        private var itemsLeft = [Int](
            repeating: Scheduling.pagesPerSegment * Scheduling.pageItems,
            count: Scheduling.segments)
        private let items: [ItemSlice]

        /// Sizes of the `transactions` table: 700 bytes of JSON for 395 stored ones.
        init() {
            items = (0..<Scheduling.pageItems).map {
                ItemSlice(offset: UInt32(20 + $0 * 701), length: 700, size: 395)
            }
            guard let memory = MemoryBudget(total: 32 << 20) else {
                preconditionFailure("32 MiB is the default")
            }
            let configuration = FlowConfiguration(
                page: .scan(), batch: .puts, memory: memory)
            scheduler = FlowScheduler(configuration, seed: 1, at: now)
        }

        var itemsWritten: Int { scheduler.counters.itemsWritten }

        mutating func run() {
            perform(scheduler.start(at: now))
            while outcome == nil, next < events.count {
                let event = events[next]
                next += 1
                now = now + .microseconds(10)
                handle(event)
            }
        }

        private mutating func handle(_ event: Event) {
            switch event {
            case .page(let segment, let limit):
                let count = min(limit, items.count, itemsLeft[segment])
                itemsLeft[segment] -= count
                let page = ArrivedPage(
                    items: count == items.count ? items : Array(items[..<count]),
                    storedBytes: count * 395, replyBytes: count * 701, heldBytes: count * 720,
                    next: itemsLeft[segment] == 0 ? .end : .more(Cursor(bytes: [])))
                perform(scheduler.pageArrived(partition: segment, page, at: now).actions)
            case .answer(let batch):
                perform(
                    scheduler.batchAnswered(
                        batch, BatchReply(), roundTrip: .milliseconds(1), at: now))
            case .saved: perform(scheduler.saved(at: now))
            case .wake(let instant):
                // Time stands still while there is nothing else to wait for.
                if next == events.count { now = max(now, instant) }
                if now >= instant { perform(scheduler.timePassed(at: now)) }
            }
        }

        private mutating func perform(_ actions: [FlowAction]) {
            for action in actions {
                switch action {
                case .open: perform(scheduler.opened(Scheduling.segments, at: now))
                case .read(let segment, _, let limit, _):
                    events.append(.page(segment: segment, limit: limit))
                case .write(let batch, _, _, _): events.append(.answer(batch))
                case .wake(let instant): events.append(.wake(instant))
                case .finish(let outcome): self.outcome = outcome
                case .save: events.append(.saved)
                case .release, .claim, .settle, .closeUnit, .seal: break
                }
            }
        }
    }
}
