import DynamoModel
import Pacing
import System
import Testing

@testable import Flow
@testable import ModelBenchmarks

/// A flow into units, in virtual time and by seed: pages, batches, seals and saves come home late,
/// in any order, and fail; the process is killed and stopped. The model keeps its own books.
struct UnitSimulation {
    struct Violation: Error, CustomStringConvertible {
        var description: String
    }

    private enum Event {
        case page(partition: Int, from: Int, count: Int)
        case readFails(partition: Int)
        case batch(BatchID, partition: Int, items: Int, unit: UnitNumber, fails: Bool)
        case sealed(UnitNumber, fails: Bool)
        case saved(FlowSave)
        case wake(Int)
        case stop
    }

    /// What a save has made durable.
    private struct Durable {
        var items: Int
        var isFinished = false
    }

    private let counts: [Int]
    private let itemsInUnit: Int
    private let unitsMax: Int
    private let flaw: SchedulerFlaw?
    private var generator: SeededGenerator
    private var durable: [Int: Durable] = [:]
    private var itemsListed: [Int: Int] = [:]
    private var now = Instant.zero

    // Of one process.
    private var scheduler: FlowScheduler
    private var events = EventQueue<Event>()
    private var wakes = 0
    private var outcome: FlowOutcome?
    private var pages: [Int: (partition: Int, from: Int, leftOut: Set<Int>)] = [:]
    /// By partition: items that batches have held, in order, and whether one is under way.
    private var sent: [Int: Int] = [:]
    private var isUnderWay: Set<Int> = []
    private var unitItems: [UnitNumber: Int] = [:]
    private var ends: [UnitNumber: PartitionProgress] = [:]
    private var isAsked: Set<UnitNumber> = []
    private var isSealed: Set<UnitNumber> = []

    init(seed: UInt64, flaw: SchedulerFlaw? = nil) {
        var generator = SeededGenerator(seed: seed)
        self.flaw = flaw
        counts = (0..<Int.random(in: 1...9, using: &generator)).map { _ in
            Int.random(in: 0...60, using: &generator)
        }
        itemsInUnit = Int.random(in: 1...20, using: &generator)
        unitsMax = Int.random(in: 1...6, using: &generator)
        self.generator = generator
        scheduler = FlowScheduler(Self.configuration(1), seed: 0, at: .zero)
    }

    private static let unitMemory = 1_000

    private static func configuration(_ unitsMax: Int) -> FlowConfiguration {
        var shape = BatchShape.inPlace(itemsMax: 7)
        shape.unitMemory = unitMemory
        var configuration = FlowConfiguration(
            page: PageShape(
                itemBytesMax: 100, pageBytesMax: 1_000, replyBytesPerByteMax: 1, envelope: 10,
                unitBytes: 1_000, unit: 0),
            batch: shape,
            memory: MemoryBudget(pageBytes: 5_000, batchBytes: unitsMax * unitMemory))
        configuration.openMax = unitsMax
        configuration.writesMax = unitsMax
        configuration.saveEvery = .milliseconds(10)
        configuration.sealAfter = .seconds(2)
        return configuration
    }

    /// - Returns: steps that it took.
    mutating func run() throws -> Int {
        var steps = 0
        for number in 0..<40 {
            begin(number)
            let killAt =
                number < 8 && Bool.random(using: &generator)
                ? steps + Int.random(in: 1...150, using: &generator) : .max
            while outcome == nil, steps < killAt {
                steps += 1
                guard steps < 200_000 else { throw Violation(description: "it does not end") }
                guard let next = events.next() else {
                    throw Violation(description: "nothing is left to happen")
                }
                now = max(now, next.at)
                try perform(next.event)
            }
            if outcome == .completed { break }
        }
        guard outcome == .completed else {
            throw Violation(description: "it ended as \(String(describing: outcome))")
        }
        for (partition, count) in counts.enumerated() {
            guard let end = durable[partition], end.isFinished, end.items == count else {
                throw Violation(description: "\(partition) is not finished")
            }
        }
        return steps
    }

    private mutating func begin(_ number: Int) {
        events = EventQueue()
        (outcome, pages, isUnderWay) = (nil, [:], [])
        (unitItems, ends, isAsked, isSealed) = ([:], [:], [], [])
        sent = durable.mapValues(\.items)
        scheduler = FlowScheduler(
            Self.configuration(unitsMax), seed: generator.next(), at: now)
        if let flaw { scheduler.plant(flaw) }
        let earlier = durable.map { partition, state in
            PartitionProgress(
                partition: partition,
                position: state.isFinished ? .finished : .at(Self.cursor(state.items)),
                items: state.items, bytes: state.items)
        }
        if generator.unit() < 0.2 {
            events.add(.stop, at: now + .milliseconds(Int.random(in: 0...300, using: &generator)))
        }
        try? obey(scheduler.start(at: now))
        try? obey(scheduler.opened(counts.count, earlier, at: now))
    }

    private static func cursor(_ items: Int) -> Cursor { Cursor(bytes: Array("\(items)".utf8)) }

    private mutating func later() -> Instant {
        let isSlow = generator.unit() < 0.02
        return now
            + .microseconds(Int.random(in: 0...(isSlow ? 3_000_000 : 20_000), using: &generator))
    }

    private mutating func perform(_ event: Event) throws {
        switch event {
        case .page(let partition, let from, let count):
            try arrive(partition, from, count)
        case .readFails(let partition):
            try obey(
                scheduler.readFailed(
                    partition: partition, FlowFailure(.retry, code: "Lost", message: ""), at: now))
        case .batch(let id, let partition, let items, let unit, let fails):
            isUnderWay.remove(partition)
            if fails {
                // It is sent again as it is.
                sent[partition, default: 0] -= items
                let failure = FlowFailure(.retry, code: "Lost", message: "")
                return try obey(
                    scheduler.batchFailed(id, failure, roundTrip: .milliseconds(1), at: now))
            }
            unitItems[unit, default: 0] += items
            var reply = BatchReply(units: [0])
            reply.isUnitFull = unitItems[unit]! >= itemsInUnit
            try obey(scheduler.batchAnswered(id, reply, roundTrip: .milliseconds(1), at: now))
        case .sealed(let unit, let fails):
            if fails {
                let failure = FlowFailure(.slowDown, code: "Slow", message: "")
                return try obey(scheduler.sealFailed(unit, failure, at: now))
            }
            isSealed.insert(unit)
            try obey(scheduler.unitSealed(unit, at: now))
        case .saved(let save):
            try keep(save)
            try obey(scheduler.saved(at: now))
        case .wake(let number):
            if number == wakes { try obey(scheduler.timePassed(at: now)) }
        case .stop: try obey(scheduler.stop(at: now))
        }
    }

    private mutating func arrive(_ partition: Int, _ from: Int, _ count: Int) throws {
        let end = from + count
        var page = ArrivedPage(
            items: (0..<count).map { _ in ItemSlice(offset: 0, length: 50, size: 1) },
            storedBytes: count, replyBytes: 50 * count, heldBytes: 50 * count,
            next: end < counts[partition] ? .more(Self.cursor(end)) : .end)
        page.leftOut = (0..<count).filter { _ in generator.unit() < 0.1 }
        let (number, actions) = scheduler.pageArrived(partition: partition, page, at: now)
        pages[number] = (partition, from, Set(page.leftOut))
        try obey(actions)
    }

    private mutating func obey(_ actions: [FlowAction]) throws {
        for action in actions {
            switch action {
            case .open, .release, .claim, .settle: break
            case .read(let partition, let cursor, let itemsMax, _):
                if generator.unit() < 0.1 {
                    events.add(.readFails(partition: partition), at: later())
                    continue
                }
                let from = cursor.flatMap { Int(String(decoding: $0.bytes, as: UTF8.self)) } ?? 0
                let left = counts[partition] - from
                let count = min(left, Int.random(in: 0...min(itemsMax, 15), using: &generator))
                events.add(.page(partition: partition, from: from, count: count), at: later())
            case .write(let id, let items, _, let unit): try write(id, items, unit)
            case .closeUnit(let unit, let progress): ends[unit] = progress
            case .seal(let unit):
                isAsked.insert(unit)
                events.add(.sealed(unit, fails: generator.unit() < 0.15), at: later())
            case .save(let save): events.add(.saved(save), at: later())
            case .wake(let instant):
                wakes += 1
                events.add(.wake(wakes), at: max(now, instant))
            case .finish(let how): outcome = how
            }
        }
    }

    private mutating func write(
        _ id: BatchID, _ items: [ItemRef], _ unit: UnitNumber?
    ) throws {
        guard let unit, let first = items.first, let page = pages[Int(first.page)] else {
            throw Violation(description: "a batch of nothing, or into no unit")
        }
        let partition = page.partition
        guard unit.partition == partition, isUnderWay.insert(partition).inserted else {
            throw Violation(description: "two batches of \(partition) are under way")
        }
        guard ends[unit] == nil else { throw Violation(description: "\(unit) is closed") }
        var next = sent[partition, default: 0]
        for item in items {
            guard let page = pages[Int(item.page)], page.partition == partition else {
                throw Violation(description: "a batch of several partitions")
            }
            let place = page.from + Int(item.index)
            guard place >= next, !page.leftOut.contains(Int(item.index)) else {
                throw Violation(description: "item \(place) of \(partition) comes after \(next)")
            }
            next = place + 1
        }
        unitItems[unit, default: 0] += 0
        let open = unitItems.keys.count { !isSealed.contains($0) }
        guard open <= unitsMax else { throw Violation(description: "\(open) units are open") }
        let taken = next - sent[partition, default: 0]
        sent[partition] = next
        events.add(
            .batch(
                id, partition: partition, items: taken, unit: unit,
                fails: generator.unit() < 0.1), at: later())
    }

    private mutating func keep(_ save: FlowSave) throws {
        guard save.partitions.isEmpty else {
            throw Violation(description: "positions are saved without their units")
        }
        for unit in save.units {
            guard let end = ends[unit], !isAsked.contains(unit) || isSealed.contains(unit) else {
                throw Violation(description: "\(unit) is saved and not sealed")
            }
            let before = durable[unit.partition]?.items ?? 0
            guard end.items >= before, !(durable[unit.partition]?.isFinished ?? false) else {
                throw Violation(description: "\(unit) is saved after one behind it")
            }
            let lost = ends.keys.contains { other in
                other.partition == unit.partition && other.ordinal < unit.ordinal
                    && isAsked.contains(other) && !isSealed.contains(other)
            }
            if lost { throw Violation(description: "a unit before \(unit) is not sealed") }
            durable[unit.partition] = Durable(
                items: end.items, isFinished: end.position == .finished)
        }
        guard save.itemsAhead >= 0 else { throw Violation(description: "less than nothing ahead") }
    }
}

/// Goal: no order of answers, faults and kills loses an item of a unit, or has a cursor pass one
/// that is not sealed.
@Suite(.timeLimit(.minutes(10))) struct UnitSimulationTests {
    @Test func `four thousand seeded flows into units lose nothing and end`() throws {
        var steps = 0
        for seed in 0..<4_000 as Range<UInt64> {
            var simulation = UnitSimulation(seed: seed)
            do {
                steps += try simulation.run()
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
        }
        #expect(steps > 100_000)
    }

    @Test(arguments: SchedulerFlaw.ofUnits)
    func `each bug inside what keeps units is found`(flaw: SchedulerFlaw) {
        for seed in 0..<2_000 as Range<UInt64> {
            var simulation = UnitSimulation(seed: seed, flaw: flaw)
            do { _ = try simulation.run() } catch { return }
        }
        Issue.record("no seed finds it")
    }
}
