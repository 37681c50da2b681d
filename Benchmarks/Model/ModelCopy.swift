import Connectors
import DynamoModel
import Flow
import Pacing
import System
import Transfer

/// Drives a ``FlowScheduler`` in virtual time against a model source and a model target: a copy
/// without network, clock or bytes, all of it following from a seed.
package struct ModelCopy {
    /// Everything that a run follows from.
    package struct World: Sendable {
        package var table: ModelTable
        package var copy: FlowConfiguration
        package var source = ModelSource()
        package var target = ModelTarget()
        package var scanLatency = ModelLatency(.milliseconds(3)...(.milliseconds(7)))
        package var writeLatency = ModelLatency(.milliseconds(3)...(.milliseconds(7)))
        package var seed: UInt64 = 1

        package init(_ table: ModelTable, memory: Int = CopyOptions.memoryUsual) {
            self.table = table
            copy = FlowConfiguration(
                page: .scan(), batch: .puts, memory: MemoryBudget(total: memory)!)
        }
    }

    private enum Event {
        case scanCharged(segment: Int)
        case scanAnswered(segment: Int)
        case batchCharged(slot: Int)
        case batchAnswered(slot: Int)
        case saved
        case wake
    }

    private struct Scan {
        var limit = 0
        var replyBytesMax = 0
        var answered = Instant.zero
        var outcome: Result<Double, FlowFailure> = .success(0)
    }

    private struct Page {
        var segment: Int
        var first: Int
    }

    private struct Flight {
        var id: BatchID
        var items: [ItemRef] = []
        var sent = Instant.zero
        var answered = Instant.zero
        var answer = ModelTarget.Answer()
    }

    package private(set) var world: World
    package private(set) var now = Instant.zero
    package private(set) var outcome: FlowOutcome?
    package private(set) var scheduler: FlowScheduler
    /// Most writes in flight in each tenth of a second, of the first minutes.
    package private(set) var writesInFlight: [Int] = []
    /// Items of the table's huge collection that have been written.
    package private(set) var collectionWritten = 0
    private var generator: SeededGenerator
    private var events = EventQueue<Event>()
    private var scans: [Int: Scan] = [:]
    private var scanned: [Int: Int] = [:]
    private var pages: [Page] = []
    private var flights: [Flight?] = []
    private var claims: [(FlowSide, Double)] = []
    private var settlements: [(FlowSide, SharedBucket.Grant, Double)] = []
    /// Pages of one length are one array.
    private var slices: [Int: [ItemSlice]] = [:]

    package init(_ world: World) {
        self.world = world
        generator = SeededGenerator(seed: world.seed)
        scheduler = FlowScheduler(world.copy, seed: world.seed, at: .zero)
    }

    /// Runs to the end, or to an instant of virtual time; may be called again to go on.
    package mutating func run(until end: Duration? = nil) {
        if now == .zero, scheduler.counters.scans == 0 { perform(scheduler.start(at: now)) }
        while outcome == nil {
            if let end, now - Instant.zero >= end { return }
            guard let next = events.next() else { return }
            now = max(now, next.at)
            deliver(next.event)
        }
    }

    package mutating func setLimits(read: ReadLimit, write: WriteLimits) {
        perform(scheduler.limitsChanged(read: read, write: write, at: now))
    }

    // MARK: Limits over several copies

    /// When something happens next; nil when nothing will by itself.
    var nextEventAt: Instant? { events.nextAt }

    /// Lets the next event happen.
    mutating func step() {
        guard let next = events.next() else { return }
        now = max(now, next.at)
        deliver(next.event)
    }

    mutating func start(at instant: Instant) {
        now = instant
        perform(scheduler.start(at: now))
    }

    mutating func grant(_ grant: SharedBucket.Grant, on side: FlowSide, at instant: Instant) {
        now = max(now, instant)
        perform(scheduler.unitsGranted(grant, on: side, at: now))
    }

    /// What it has claimed and settled since it was asked last.
    mutating func takeSharing() -> (
        claims: [(FlowSide, Double)], settlements: [(FlowSide, SharedBucket.Grant, Double)]
    ) {
        defer { (claims, settlements) = ([], []) }
        return (claims, settlements)
    }

    /// Lets the world be another from now on: a target that is slower, or refuses more.
    package mutating func change(_ body: (inout World) -> Void) { body(&world) }

    // MARK: Actions

    private mutating func perform(_ actions: [FlowAction]) {
        for action in actions {
            switch action {
            case .open: perform(scheduler.opened(world.table.segments, at: now))
            case .read(let segment, _, let limit, let replyBytesMax):
                let times = world.scanLatency.times(now: now, &generator)
                scans[segment] = Scan(
                    limit: limit, replyBytesMax: replyBytesMax, answered: times.answered)
                events.add(.scanCharged(segment: segment), at: times.charged)
            case .write(let id, let items, _, _): send(id, items)
            case .save: events.add(.saved, at: now)
            case .release, .closeUnit, .seal: break
            case .claim(let side, let units): claims.append((side, units))
            case .settle(let side, let grant, let consumed):
                settlements.append((side, grant, consumed))
            case .wake(let instant): events.add(.wake, at: instant)
            case .finish(let how): outcome = how
            }
        }
    }

    private mutating func send(_ id: BatchID, _ items: [ItemRef]) {
        let times = world.writeLatency.times(now: now, &generator)
        while flights.count <= id.slot { flights.append(nil) }
        flights[id.slot] = Flight(id: id, items: items, sent: now, answered: times.answered)
        events.add(.batchCharged(slot: id.slot), at: times.charged)
        let tenth = Int(now.nanoseconds / 100_000_000)
        guard tenth < 3000 else { return }
        while writesInFlight.count <= tenth { writesInFlight.append(0) }
        writesInFlight[tenth] = max(writesInFlight[tenth], scheduler.writesUnderWay)
    }

    // MARK: Events

    private mutating func deliver(_ event: Event) {
        switch event {
        case .scanCharged(let segment): chargeScan(segment)
        case .scanAnswered(let segment): answerScan(segment)
        case .batchCharged(let slot): chargeBatch(slot)
        case .batchAnswered(let slot): answerBatch(slot)
        case .saved: perform(scheduler.saved(at: now))
        case .wake: perform(scheduler.timePassed(at: now))
        }
    }

    private func pageItems(_ segment: Int, limit: Int) -> Int {
        let left = world.table.items(inSegment: segment) - scanned[segment, default: 0]
        let fit = (ServiceLimits.pageBytesMax + world.table.itemBytes - 1) / world.table.itemBytes
        return min(left, limit, fit)
    }

    private mutating func chargeScan(_ segment: Int) {
        let scan = scans[segment]!
        let count = pageItems(segment, limit: scan.limit)
        let place = world.table.place(segment: segment, ordinal: scanned[segment, default: 0])
        let units = world.source.scan(bytes: count * world.table.itemBytes, place: place, at: now)
        if let units {
            let json = count * world.table.jsonBytes + 100
            scans[segment]!.outcome =
                json <= scan.replyBytesMax
                ? .success(units)
                : .failure(Self.tooLong(json))
        } else {
            scans[segment]!.outcome = .failure(Self.throttled)
        }
        events.add(.scanAnswered(segment: segment), at: max(scan.answered, now))
    }

    private mutating func answerScan(_ segment: Int) {
        let scan = scans.removeValue(forKey: segment)!
        switch scan.outcome {
        case .failure(let failure):
            perform(scheduler.readFailed(partition: segment, failure, at: now))
        case .success(let units):
            let first = scanned[segment, default: 0]
            let count = pageItems(segment, limit: scan.limit)
            let json = count * world.table.jsonBytes + 100
            let isLast = first + count == world.table.items(inSegment: segment)
            scanned[segment] = isLast ? nil : first + count
            let items = slices[count] ?? world.table.slices(count)
            slices[count] = items
            let (slot, actions) = scheduler.pageArrived(
                partition: segment,
                ArrivedPage(
                    items: items, storedBytes: count * world.table.itemBytes, replyBytes: json,
                    heldBytes: json + count * MemoryLayout<ItemSlice>.stride,
                    next: isLast ? .end : .more(Cursor(bytes: [])), units: units),
                at: now)
            while pages.count <= slot { pages.append(Page(segment: 0, first: 0)) }
            pages[slot] = Page(segment: segment, first: first)
            perform(actions)
        }
    }

    private mutating func chargeBatch(_ slot: Int) {
        let places = flights[slot]!.items.map { item in
            let page = pages[Int(item.page)]
            return world.table.place(
                segment: page.segment, ordinal: page.first + Int(item.index))
        }
        flights[slot]!.answer = world.target.write(places, of: world.table, at: now, &generator)
        events.add(.batchAnswered(slot: slot), at: max(flights[slot]!.answered, now))
    }

    private mutating func answerBatch(_ slot: Int) {
        let flight = flights[slot]!
        flights[slot] = nil
        countCollection(flight)
        let roundTrip = now - flight.sent
        if flight.answer.refused.count == flight.items.count {
            perform(
                scheduler.batchFailed(
                    flight.id, Self.throttled, roundTrip: roundTrip, at: now))
        } else {
            perform(
                scheduler.batchAnswered(
                    flight.id,
                    BatchReply(
                        unprocessed: flight.answer.refused, units: flight.answer.consumed),
                    roundTrip: roundTrip, at: now))
        }
    }

    private mutating func countCollection(_ flight: Flight) {
        guard world.table.collection != nil else { return }
        for (position, item) in flight.items.enumerated()
        where !flight.answer.refused.contains(position) {
            let page = pages[Int(item.page)]
            let ordinal = page.first + Int(item.index)
            if world.table.isOfCollection(segment: page.segment, ordinal: ordinal) {
                collectionWritten += 1
            }
        }
    }

    private static func tooLong(_ bytes: Int) -> FlowFailure {
        var failure = FlowFailure(
            .split, code: "ReplyTooLong", message: "\(bytes) bytes", mayLandWithin: .seconds(60))
        failure.replyBytes = bytes
        return failure
    }

    private static let throttled = FlowFailure(
        .slowDown, code: "ProvisionedThroughputExceededException", message: "slow down")
}
