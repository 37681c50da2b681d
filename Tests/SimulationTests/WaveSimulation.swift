import DynamoModel
import Pacing
import System
import Testing

@testable import Flow
@testable import ModelBenchmarks

/// A full export and windows of changes on their way into a table, in virtual time and by seed.
/// Windows insert, update, delete, and insert again what others have deleted. Outcomes of batches
/// are lost, and some land late; the process is killed, with requests under way that land after it,
/// and stopped. In the end the table must be what the windows say, one after the other.
struct WaveSimulation {
    struct Violation: Error, CustomStringConvertible {
        var description: String
    }

    private struct Change {
        var key: Int
        /// nil: it is deleted.
        var value: Int?
    }

    private enum Event {
        case page(partition: Int, from: Int, count: Int)
        case readFails(partition: Int)
        /// The table does what a request asks for, whoever still listens.
        case lands([Change])
        case batch(BatchID, unprocessed: [Int])
        case batchLost(BatchID)
        case saved(FlowSave)
        case wake(Int)
        case stop
    }

    /// No request lands later than this after its process has ended, or it was given up.
    private static let landsWithin = Duration.milliseconds(400)

    /// By partition, and the wave of each.
    private var changes: [[Change]] = []
    private var waves: [Int] = []
    private let expected: [Int: Int]
    private let flaw: SchedulerFlaw?
    private let losesOutcomes: Double
    private var generator: SeededGenerator
    private var table: [Int: Int]
    private var durable: [Int: PartitionProgress] = [:]
    private var now = Instant.zero
    /// What happens though the process is dead.
    private var late = EventQueue<Event>()

    // Of one process.
    private var scheduler: FlowScheduler
    private var events = EventQueue<Event>()
    private var wakes = 0
    private var outcome: FlowOutcome?
    private var pages: [Int: (partition: Int, from: Int)] = [:]
    private var batches: [BatchID: [Change]] = [:]
    private var saving: FlowSave?

    init(seed: UInt64, flaw: SchedulerFlaw? = nil) {
        var generator = SeededGenerator(seed: seed)
        self.flaw = flaw
        losesOutcomes = [0, 0.1, 0.4].randomElement(using: &generator) ?? 0
        // Windows alone go into a table that is there already, and that others have just written.
        let isFull = generator.unit() < 0.7
        let keys = Int.random(in: 1...30, using: &generator)
        var (state, values) = ([Int: Int](), 0)
        if !isFull {
            for key in 0..<keys where generator.unit() < 0.5 { state[key] = -key - 1 }
        }
        table = state
        let first = isFull ? 0 : 1
        for wave in first...first + Int.random(in: 1...3, using: &generator) {
            let files = Int.random(in: 1...4, using: &generator)
            var lines = [[Change]](repeating: [], count: files)
            for key in (0..<keys).shuffled(using: &generator) where generator.unit() < 0.7 {
                values += 1
                let isDeleted = wave > 0 && generator.unit() < 0.5
                let change = Change(key: key, value: isDeleted ? nil : values)
                lines[Int.random(in: 0..<files, using: &generator)].append(change)
                state[key] = change.value
            }
            changes += lines
            waves += Array(repeating: wave, count: files)
        }
        expected = state
        if !isFull {
            // Requests of another job that has ended just now.
            for key in 0..<keys where generator.unit() < 0.3 {
                let at = Instant.zero + Self.later(than: Self.landsWithin, &generator)
                late.add(.lands([Change(key: key, value: table[key])]), at: at)
            }
        }
        self.generator = generator
        scheduler = FlowScheduler(Self.configuration(), seed: 0, at: .zero)
    }

    private static func configuration() -> FlowConfiguration {
        var configuration = FlowConfiguration(
            page: PageShape(
                itemBytesMax: 100, pageBytesMax: 1_000, replyBytesPerByteMax: 1, envelope: 10,
                unitBytes: 1_000, unit: 0),
            batch: .puts, memory: MemoryBudget(pageBytes: 20_000, batchBytes: 200_000))
        configuration.openMax = 3
        configuration.writesMax = 4
        configuration.saveEvery = .milliseconds(10)
        configuration.lateFor = landsWithin
        configuration.stopWithin = .milliseconds(50)
        return configuration
    }

    private static func later(
        than duration: Duration, _ generator: inout SeededGenerator
    ) -> Duration {
        .microseconds(Int(clamping: generator.unit() * duration.inSeconds * 1e6))
    }

    /// - Parameter killAt: the first process dies at this step; nil: by chance.
    /// - Returns: steps that the first process took, or would have taken.
    mutating func run(killAt: Int? = nil) throws -> Int {
        var steps = 0
        var first: Int?
        for number in 0..<30 {
            begin()
            var killStep = Int.max
            if let killAt, number == 0 { killStep = killAt }
            if killAt == nil, number < 6, Bool.random(using: &generator) {
                killStep = steps + Int.random(in: 1...120, using: &generator)
            }
            while outcome == nil, steps < killStep {
                steps += 1
                guard steps < 100_000 else { throw Violation(description: "it does not end") }
                try step()
            }
            first = first ?? steps
            if outcome == .completed { break }
            die()
        }
        guard outcome == .completed else {
            throw Violation(description: "it ended as \(String(describing: outcome))")
        }
        while let next = late.next() { land(next.event) }
        guard table == expected else {
            let keys = Set(table.keys).union(expected.keys).filter { table[$0] != expected[$0] }
            throw Violation(description: "other than the model: keys \(keys.sorted())")
        }
        return first ?? steps
    }

    private mutating func step() throws {
        // What the table does comes in between.
        while let at = late.nextAt, at <= (events.nextAt ?? now), let next = late.next() {
            now = max(now, next.at)
            land(next.event)
        }
        guard let next = events.next() else {
            throw Violation(description: "nothing is left to happen")
        }
        now = max(now, next.at)
        try perform(next.event)
    }

    private mutating func land(_ event: Event) {
        guard case .lands(let changes) = event else { return }
        for change in changes { table[change.key] = change.value }
    }

    private mutating func begin() {
        (outcome, pages, batches, saving) = (nil, [:], [:], nil)
        events = EventQueue()
        var configuration = Self.configuration()
        // A table that nobody has written into before has nothing to be waited for.
        if now == .zero, waves.first == 0 { configuration.lateFor = .zero }
        scheduler = FlowScheduler(configuration, seed: generator.next(), at: now)
        if let flaw { scheduler.plant(flaw) }
        if generator.unit() < 0.15 { events.add(.stop, at: now + .milliseconds(30)) }
        try? obey(scheduler.start(at: now))
        try? obey(
            scheduler.opened(waves.count, Array(durable.values), waves: waves, at: now))
    }

    /// The process is gone: what it has sent lands or does not, what it was saving is there or not.
    private mutating func die() {
        if let saving, Bool.random(using: &generator) { keep(saving) }
        for (_, batch) in batches.sorted(by: { $0.key.slot < $1.key.slot })
        where Bool.random(using: &generator) {
            late.add(.lands(batch), at: now + Self.later(than: Self.landsWithin, &generator))
        }
        now = now + .milliseconds(1)
    }

    private mutating func perform(_ event: Event) throws {
        switch event {
        case .page(let partition, let from, let count):
            try arrive(partition, from, count)
        case .readFails(let partition):
            try obey(
                scheduler.readFailed(
                    partition: partition, FlowFailure(.retry, code: "Lost", message: ""), at: now))
        case .lands: land(event)
        case .batch(let id, let unprocessed):
            batches[id] = nil
            try obey(
                scheduler.batchAnswered(
                    id, BatchReply(unprocessed: unprocessed), roundTrip: .milliseconds(1), at: now))
        case .batchLost(let id):
            batches[id] = nil
            let failure = FlowFailure(
                .retry, code: "Lost", message: "", mayLandWithin: Self.landsWithin)
            try obey(scheduler.batchFailed(id, failure, roundTrip: .milliseconds(1), at: now))
        case .saved(let save):
            keep(save)
            saving = nil
            try obey(scheduler.saved(at: now))
        case .wake(let number):
            if number == wakes { try obey(scheduler.timePassed(at: now)) }
        case .stop: try obey(scheduler.stop(at: now))
        }
    }

    private mutating func keep(_ save: FlowSave) {
        for progress in save.partitions { durable[progress.partition] = progress }
    }

    /// With cursors in place of pages, which others take the numbers of.
    private func resolved(_ save: FlowSave) -> FlowSave {
        var save = save
        for number in save.partitions.indices {
            guard case .within(let page, let items) = save.partitions[number].position,
                let open = pages[page]
            else { continue }
            save.partitions[number].position = .at(Self.cursor(open.from + items))
        }
        return save
    }

    private static func cursor(_ items: Int) -> Cursor { Cursor(bytes: Array("\(items)".utf8)) }

    private mutating func arrive(_ partition: Int, _ from: Int, _ count: Int) throws {
        let end = from + count
        var page = ArrivedPage(
            items: (0..<count).map { _ in ItemSlice(offset: 0, length: 50, size: 1) },
            storedBytes: count, replyBytes: 50 * count, heldBytes: 50 * count,
            next: end < changes[partition].count ? .more(Self.cursor(end)) : .end)
        page.operations = changes[partition][from..<end].map { $0.value == nil ? .delete : .put }
        let (number, actions) = scheduler.pageArrived(partition: partition, page, at: now)
        pages[number] = (partition, from)
        try obey(actions)
    }

    private mutating func obey(_ actions: [FlowAction]) throws {
        for action in actions {
            switch action {
            case .open, .release, .claim, .settle, .closeUnit, .seal: break
            case .read(let partition, let cursor, let itemsMax, _):
                if generator.unit() < 0.05 {
                    events.add(.readFails(partition: partition), at: soon())
                    continue
                }
                let from = cursor.flatMap { Int(String(decoding: $0.bytes, as: UTF8.self)) } ?? 0
                let left = changes[partition].count - from
                let count = min(left, Int.random(in: 0...min(itemsMax, 8), using: &generator))
                events.add(.page(partition: partition, from: from, count: count), at: soon())
            case .write(let id, let items, _, _): try write(id, items)
            case .save(let save):
                let save = resolved(save)
                saving = save
                events.add(.saved(save), at: soon())
            case .wake(let instant):
                wakes += 1
                events.add(.wake(wakes), at: max(now, instant))
            case .finish(let how): outcome = how
            }
        }
    }

    private mutating func soon() -> Instant {
        now + .microseconds(Int.random(in: 0...10_000, using: &generator))
    }

    private mutating func write(_ id: BatchID, _ items: [ItemRef]) throws {
        let batch = try items.map { item throws(Violation) in
            guard let page = pages[Int(item.page)] else {
                throw Violation(description: "an item of no page")
            }
            return changes[page.partition][page.from + Int(item.index)]
        }
        guard Set(batch.map(\.key)).count == batch.count else {
            throw Violation(description: "a batch has a key twice")
        }
        batches[id] = batch
        let answer = soon()
        if generator.unit() < losesOutcomes {
            events.add(.batchLost(id), at: answer)
            guard generator.unit() < 0.7 else { return }
            let at = answer + Self.later(than: Self.landsWithin, &generator)
            return late.add(.lands(batch), at: at)
        }
        var unprocessed: [Int] = []
        if generator.unit() < 0.2 {
            unprocessed = batch.indices.filter { _ in generator.unit() < 0.3 }
        }
        let taken = batch.indices.filter { !unprocessed.contains($0) }.map { batch[$0] }
        // Also where the process does not live to hear of it.
        late.add(.lands(taken), at: answer)
        events.add(.batch(id, unprocessed: unprocessed), at: answer)
    }
}

/// Goal: whatever is lost, lands late or dies, windows of changes come into effect one after the
/// other.
@Suite(.timeLimit(.minutes(10))) struct WaveSimulationTests {
    @Test func `four thousand seeded chains of windows end as the windows say`() {
        var steps = 0
        for seed in 0..<4_000 as Range<UInt64> {
            var simulation = WaveSimulation(seed: seed)
            do {
                steps += try simulation.run()
            } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
        }
        #expect(steps > 100_000)
    }

    @Test func `a chain that is killed at any of its steps ends as its windows say`() {
        var kills = 0
        for seed in 0..<40 as Range<UInt64> {
            var killAt = 1
            while true {
                var simulation = WaveSimulation(seed: seed)
                do {
                    guard try simulation.run(killAt: killAt) == killAt else { break }
                } catch {
                    Issue.record("seed \(seed), killed at step \(killAt): \(error)")
                    return
                }
                killAt += 1
            }
            kills += killAt
        }
        #expect(kills > 2_000)
    }

    @Test(arguments: SchedulerFlaw.ofWaves)
    func `each bug in when windows begin is found`(flaw: SchedulerFlaw) {
        for seed in 0..<4_000 as Range<UInt64> {
            var simulation = WaveSimulation(seed: seed, flaw: flaw)
            do { _ = try simulation.run() } catch { return }
        }
        Issue.record("no seed finds it")
    }
}
