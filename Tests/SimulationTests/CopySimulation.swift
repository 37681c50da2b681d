import DynamoDB
import DynamoModel
import Pacing

@testable import Transfer

/// What may go wrong in a simulated copy, each as a probability of one request or item.
struct Faults {
    var unprocessed = 0.0
    var batchThrottled = 0.0
    var batchFailed = 0.0
    /// Of the batches that fail: those that were executed all the same.
    var failedButExecuted = 0.5
    var batchReplyTooLong = 0.0
    var scanThrottled = 0.0
    var scanFailed = 0.0
    /// Items that the target refuses for good.
    var poison = 0.0

    static func random(_ generator: inout SeededGenerator) -> Faults {
        func some(_ most: Double) -> Double {
            generator.unit() < 0.5 ? 0 : generator.unit() * most
        }
        return Faults(
            unprocessed: some(0.6), batchThrottled: some(0.3), batchFailed: some(0.3),
            failedButExecuted: generator.unit(), batchReplyTooLong: some(0.1),
            scanThrottled: some(0.2), scanFailed: some(0.3), poison: some(0.05))
    }
}

/// A broken promise of the scheduler's, with what is needed to see it again.
struct Violation: Error, CustomStringConvertible {
    let description: String
}

/// Runs a ``CopyScheduler`` against a model source and a model target in virtual time, everything
/// following from a seed: sizes, the order of replies, refusals, failures and stops.
///
/// After each event it checks what must hold always: memory within the pools, batches within the
/// service's limits, each item in one place at a time, no position ahead of what is safe.
struct CopySimulation {
    struct Item {
        let segment: Int
        let slice: ItemSlice
        let isPoison: Bool
        var isWritten = false
        var isDead = false
        var inFlight = 0
        var acknowledged = 0
        var isSafe: Bool { acknowledged > 0 || isDead }
    }

    struct Table {
        var items: [Item] = []
        /// Ordinals of each segment's items, in scan order.
        var segments: [[Int]]
    }

    private enum Event {
        case page(segment: Int, limit: Int, reserve: Int)
        case scanFails(segment: Int, CopyFailure)
        case answer(BatchID, [Int], AnsweredBatch)
        case batchFails(BatchID, [Int], CopyFailure)
        case saved(CopySave)
        case wake
        case stop
    }

    private struct Page {
        let segment: Int
        let first: Int
        let count: Int
        let heldBytes: Int
    }

    let seed: UInt64
    private(set) var table: Table
    private(set) var outcome: CopyOutcome?
    private(set) var steps = 0
    private var scheduler: CopyScheduler
    private let configuration: CopyConfiguration
    private let faults: Faults
    private var generator: SeededGenerator
    private var now = Instant.zero
    private var events: [(at: Instant, order: Int, event: Event)] = []
    private var order = 0

    // The model's own books, kept apart from the scheduler's.
    private var scanned: [Int]  // items of each segment that pages have held
    private var released: [Int]  // items of each segment in released pages
    private var pages: [Int: Page] = [:]
    private var scanReserves: [Int: Int] = [:]
    private var batchBytes: [BatchID: Int] = [:]
    private var scanFaultsLeft = 200
    private var isSaving = false

    static let stepsMax = 200_000

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        self.seed = seed
        let segments = Int.random(in: 1...40, using: &generator)
        let faults = Faults.random(&generator)
        table = Self.makeTable(segments: segments, faults: faults, &generator)
        let spare = [0, 1_000_000, 14_000_000].randomElement(using: &generator)!
        var configuration = CopyConfiguration(
            segments: segments, memory: MemoryBudget(total: MemoryBudget.totalMin + spare)!)
        configuration.openSegmentsMax = Int.random(in: 1...48, using: &generator)
        configuration.scansMax = Int.random(in: 1...32, using: &generator)
        configuration.writesMax = Int.random(in: 1...32, using: &generator)
        if Bool.random(using: &generator) {
            configuration.write.table = Double.random(in: 25...40_000, using: &generator)
        }
        if Bool.random(using: &generator) {
            configuration.read.unitsPerSecond = Double.random(in: 5...4_000, using: &generator)
        }
        self.configuration = configuration
        self.faults = faults
        scanned = [Int](repeating: 0, count: segments)
        released = scanned
        scheduler = CopyScheduler(configuration, seed: seed, at: .zero)
        self.generator = generator
        if generator.unit() < 0.1 {
            schedule(.stop, after: .milliseconds(Int.random(in: 0...500, using: &generator)))
        }
    }

    private static func makeTable(
        segments: Int, faults: Faults, _ generator: inout SeededGenerator
    ) -> Table {
        var table = Table(segments: [[Int]](repeating: [], count: segments))
        let count = [0, 1, 30, 300, 900].randomElement(using: &generator)!
        let lengthMax = [200, 5_000, 500_000].randomElement(using: &generator)!
        let isSkewed = Bool.random(using: &generator)
        for ordinal in 0..<count {
            let segment = isSkewed ? 0 : Int.random(in: 0..<segments, using: &generator)
            let length = Int.random(in: 30...lengthMax, using: &generator)
            let size = max(1, length / Int.random(in: 2...13, using: &generator))
            table.items.append(
                Item(
                    segment: segment,
                    slice: ItemSlice(
                        offset: UInt32(ordinal), length: UInt32(length), size: UInt32(size)),
                    isPoison: generator.unit() < faults.poison))
            table.segments[segment].append(ordinal)
        }
        return table
    }

    // MARK: Running

    /// Runs to the end. Throws the first ``Violation``.
    mutating func run() throws {
        try perform(scheduler.start(at: now))
        while outcome == nil {
            guard let next = popNext() else {
                throw violation("nothing is under way, and the copy has not ended")
            }
            steps += 1
            guard steps < Self.stepsMax else { throw violation("the copy does not end") }
            now = max(now, next.at)
            try perform(try deliver(next.event))
            try checkMemory()
        }
        try checkEnd()
    }

    private func violation(_ what: String) -> Violation {
        Violation(description: "seed \(seed), step \(steps): \(what)")
    }

    private mutating func schedule(_ event: Event, after delay: Duration) {
        order += 1
        events.append((now + delay, order, event))
    }

    private mutating func popNext() -> (at: Instant, order: Int, event: Event)? {
        guard
            let index = events.indices.min(by: {
                (events[$0].at, events[$0].order) < (events[$1].at, events[$1].order)
            })
        else { return nil }
        return events.remove(at: index)
    }

    private mutating func latency() -> Duration {
        .microseconds(Int.random(in: 100...30_000, using: &generator))
    }

    // MARK: Actions

    private mutating func perform(_ actions: [CopyAction]) throws {
        for action in actions {
            guard outcome == nil else { throw violation("\(action) after the end") }
            switch action {
            case .scan(let segment, let limit, let reserve):
                try scan(segment, limit, reserve)
            case .write(let id, let items, let reserve): try write(id, items, reserve)
            case .release(let page): try release(page)
            case .save(let save): try keep(save)
            case .wake(let at): schedule(.wake, after: at - now)
            case .finish(let how): outcome = how
            }
        }
    }

    private mutating func scan(_ segment: Int, _ limit: Int, _ reserve: Int) throws {
        guard limit > 0, reserve > 0 else { throw violation("a page of \(limit) items") }
        guard scanReserves[segment] == nil else {
            throw violation("segment \(segment) is scanned twice at once")
        }
        scanReserves[segment] = reserve
        let dice = generator.unit()
        let event: Event
        if scanFaultsLeft > 0, dice < faults.scanFailed + faults.scanThrottled {
            scanFaultsLeft -= 1
            let isThrottled = dice < faults.scanThrottled
            event = .scanFails(
                segment: segment, isThrottled ? Self.throttled : failure(executed: true))
        } else {
            event = .page(segment: segment, limit: limit, reserve: reserve)
        }
        schedule(event, after: latency())
    }

    private mutating func write(_ id: BatchID, _ items: [BatchItem], _ reserve: Int) throws {
        let ordinals = try items.map { try ordinal(of: $0) }
        guard (1...ServiceLimits.batchItemsMax).contains(items.count) else {
            throw violation("a batch of \(items.count) items")
        }
        var body = 0
        for ordinal in ordinals {
            guard table.items[ordinal].inFlight == 0, !table.items[ordinal].isSafe else {
                throw violation("item \(ordinal) is sent while it is in flight or safe")
            }
            table.items[ordinal].inFlight = 1
            body += Int(table.items[ordinal].slice.length) + BatchWriteRequest.itemEnvelope
        }
        guard body <= ServiceLimits.requestBytesMax, body <= reserve else {
            throw violation("a body of \(body) bytes against a reserve of \(reserve)")
        }
        batchBytes[id] = 2 * reserve
        schedule(answer(id, ordinals), after: latency())
    }

    /// What the model target does with a batch, decided when it is sent.
    private mutating func answer(_ id: BatchID, _ ordinals: [Int]) -> Event {
        let dice = generator.unit()
        var bound = faults.batchThrottled
        if dice < bound { return .batchFails(id, ordinals, Self.throttled) }
        bound += faults.batchFailed
        if dice < bound {
            let executed = generator.unit() < faults.failedButExecuted
            if executed { put(ordinals.filter { !table.items[$0].isPoison }) }
            return .batchFails(id, ordinals, failure(executed: executed))
        }
        if ordinals.contains(where: { table.items[$0].isPoison }) {
            return .batchFails(id, ordinals, Self.refused)
        }
        bound += faults.batchReplyTooLong
        if dice < bound {
            return .batchFails(
                id, ordinals,
                CopyFailure(.tooLong(1), code: "", message: "", isOutcomeUnknown: true))
        }
        let unprocessed = ordinals.indices.filter { _ in generator.unit() < faults.unprocessed }
        let refused = Set(unprocessed)
        put(ordinals.indices.filter { !refused.contains($0) }.map { ordinals[$0] })
        return .answer(id, ordinals, AnsweredBatch(unprocessed: unprocessed.shuffled()))
    }

    private mutating func put(_ ordinals: [Int]) {
        for ordinal in ordinals { table.items[ordinal].isWritten = true }
    }

    private mutating func release(_ page: Int) throws {
        guard let held = pages.removeValue(forKey: page) else {
            throw violation("page \(page) is released but not held")
        }
        guard held.first == released[held.segment] else {
            throw violation("page \(page) is released out of order")
        }
        for position in held.first..<(held.first + held.count) {
            let ordinal = table.segments[held.segment][position]
            guard table.items[ordinal].isSafe else {
                throw violation("page \(page) is released before item \(ordinal) is safe")
            }
        }
        released[held.segment] += held.count
    }

    private mutating func keep(_ save: CopySave) throws {
        guard !isSaving else { throw violation("two saves at once") }
        isSaving = true
        for progress in save.segments { try checkPosition(progress) }
        for refused in save.deadLetters {
            let ordinal = try ordinal(of: refused.item)
            guard table.items[ordinal].isPoison else {
                throw violation("item \(ordinal) is a dead letter though nothing is wrong with it")
            }
        }
        schedule(.saved(save), after: latency())
    }

    private func ordinal(of item: BatchItem) throws -> Int {
        guard let page = pages[Int(item.page)], Int(item.index) < page.count else {
            throw violation("\(item) stands in no page that is held")
        }
        return table.segments[page.segment][page.first + Int(item.index)]
    }

    private static let throttled = CopyFailure(
        .remedy(.slowDown), code: "ThrottlingException", message: "slow down")
    private static let refused = CopyFailure(
        .remedy(.split), code: "ValidationException", message: "poison")

    private func failure(executed: Bool) -> CopyFailure {
        CopyFailure(.remedy(.retry), code: "Fault", message: "", isOutcomeUnknown: true)
    }

    // MARK: Events

    private mutating func deliver(_ event: Event) throws -> [CopyAction] {
        switch event {
        case .page(let segment, let limit, let reserve):
            return page(segment, limit, reserve)
        case .scanFails(let segment, let failure):
            scanReserves[segment] = nil
            return scheduler.scanFailed(segment: segment, failure, at: now)
        case .answer(let id, let ordinals, let answer):
            comeBack(id, ordinals)
            let refused = Set(answer.unprocessed)
            for (position, ordinal) in ordinals.enumerated() where !refused.contains(position) {
                table.items[ordinal].acknowledged += 1
            }
            return scheduler.batchAnswered(id, answer, at: now)
        case .batchFails(let id, let ordinals, let failure):
            comeBack(id, ordinals)
            return scheduler.batchFailed(id, failure, roundTrip: .milliseconds(10), at: now)
        case .saved(let save):
            isSaving = false
            for refused in save.deadLetters {
                table.items[try ordinal(of: refused.item)].isDead = true
            }
            return scheduler.saved(at: now)
        case .wake: return scheduler.timePassed(at: now)
        case .stop: return scheduler.stop(at: now)
        }
    }

    private mutating func comeBack(_ id: BatchID, _ ordinals: [Int]) {
        batchBytes[id] = nil
        for ordinal in ordinals { table.items[ordinal].inFlight = 0 }
    }

    private mutating func page(_ segment: Int, _ limit: Int, _ reserve: Int) -> [CopyAction] {
        scanReserves[segment] = nil
        let all = table.segments[segment]
        let first = scanned[segment]
        var items: [ItemSlice] = []
        var (json, stored) = (100, 0)
        while first + items.count < all.count, items.count < limit,
            stored < ServiceLimits.pageBytesMax
        {
            let slice = table.items[all[first + items.count]].slice
            items.append(slice)
            json += Int(slice.length)
            stored += Int(slice.size)
        }
        guard json <= reserve else {
            let failure = CopyFailure(.tooLong(json), code: "", message: "")
            return scheduler.scanFailed(segment: segment, failure, at: now)
        }
        scanned[segment] += items.count
        let isLast = first + items.count == all.count && Bool.random(using: &generator)
        let page = Page(segment: segment, first: first, count: items.count, heldBytes: json)
        let (slot, actions) = scheduler.pageArrived(
            segment: segment,
            ArrivedPage(
                items: items, storedBytes: stored, replyBytes: json, heldBytes: json,
                isLast: isLast),
            at: now)
        pages[slot] = page
        return actions
    }

    // MARK: Checks

    private func checkMemory() throws {
        let held = pages.values.reduce(0) { $0 + $1.heldBytes }
        let pageBytes = scanReserves.values.reduce(held, +)
        guard pageBytes <= configuration.memory.pageBytes else {
            throw violation("pages take \(pageBytes) of \(configuration.memory.pageBytes) bytes")
        }
        let bytes = batchBytes.values.reduce(0, +)
        guard bytes <= configuration.memory.batchBytes else {
            throw violation("batches take \(bytes) of \(configuration.memory.batchBytes) bytes")
        }
        guard scanReserves.count <= configuration.scansMax,
            batchBytes.count <= configuration.writesMax
        else { throw violation("too many requests are in flight") }
    }

    private func checkPosition(_ progress: SegmentProgress) throws {
        let segment = progress.segment
        var safe = released[segment]
        switch progress.position {
        case .within(let page, let items):
            guard let held = pages[page], held.segment == segment, items <= held.count else {
                throw violation("segment \(segment) stands in a page that is not its own")
            }
            safe = held.first + items
        case .afterReleased: break
        case nil:
            guard safe == table.segments[segment].count else {
                throw violation("segment \(segment) counts as finished at \(safe)")
            }
        }
        let passed = table.segments[segment][..<safe]
        for ordinal in passed where !table.items[ordinal].isSafe {
            throw violation("segment \(segment) is at \(safe), ahead of item \(ordinal)")
        }
        let bytes = passed.reduce(0) { $0 + Int(table.items[$1].slice.size) }
        guard progress.items == safe, progress.bytes == bytes else {
            throw violation("segment \(segment) is at \(safe) but counts \(progress.items)")
        }
    }

    private func checkEnd() throws {
        for (ordinal, item) in table.items.enumerated() {
            if item.acknowledged > 1 { throw violation("item \(ordinal) was acknowledged twice") }
            if item.acknowledged > 0, !item.isWritten {
                throw violation("item \(ordinal) counts as acknowledged but is not there")
            }
            guard outcome == .completed else { continue }
            guard item.isSafe else { throw violation("item \(ordinal) is lost") }
            guard item.isPoison == item.isDead else {
                throw violation("item \(ordinal): poison \(item.isPoison), dead \(item.isDead)")
            }
        }
        if outcome == .completed, !pages.isEmpty || !batchBytes.isEmpty {
            throw violation("something is still held at the end")
        }
        let counters = scheduler.counters
        let acknowledged = table.items.count { $0.acknowledged > 0 }
        guard counters.itemsWritten == acknowledged else {
            throw violation("\(counters.itemsWritten) counted, \(acknowledged) acknowledged")
        }
    }
}
