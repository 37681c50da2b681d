import Dispatch
import DynamoModel
import Flow
import Pacing
import System
import Testing

/// Goal: what is written to units, as files are, is in exactly one of those that are listed, in the
/// order of its partition, wherever the process is lost.
/// Method: lists of lines; a sink that keeps units in memory, fails before and after it has sealed
/// them, and forgets what is open with its process; journals that lose the process at any save.
@Suite(.timeLimit(.minutes(10))) struct UnitClaimTests {
    private func lists(_ generator: inout SeededGenerator) -> [String: [String]] {
        var lists: [String: [String]] = [:]
        for list in 0..<Int.random(in: 1...7, using: &generator) {
            lists["list-\(list)"] = (0..<Int.random(in: 0...150, using: &generator)).map {
                "line-\(list)-\($0)"
            }
        }
        return lists
    }

    private func driver(
        _ source: LinesSource, _ sink: LineUnits, _ journal: UnitJournal, _ fold: UnitFold,
        seed: UInt64, leavesOut: Bool = false
    ) -> FlowDriver {
        var parts = FlowParts(source, to: sink)
        if leavesOut { parts.stages = [ThirdStage()] }
        parts.folds = [fold]
        parts.journal = journal
        parts.saved = journal.records
        var configuration = parts.configuration(
            MemoryBudget(pageBytes: 1 << 16, batchBytes: 4 * sink.shape.unitMemory))
        configuration.saveEvery = .milliseconds(1)
        configuration.openMax = 3
        configuration.writesMax = 3
        configuration.stopWithin = .seconds(2)
        configuration.itemBytesReported = 12
        let time = MonotonicTime()
        return FlowDriver(
            parts, configuration, shared: (SharedLimits(read: nil, write: nil, time: time), 0),
            on: DispatchQueue(label: "claims.units"), time: time, seed: seed)
    }

    private func expectWhole(
        _ lists: [String: [String]], _ sink: LineUnits, _ journal: UnitJournal, _ fold: UnitFold,
        _ seed: UInt64
    ) {
        #expect(journal.records.allSatisfy(\.isFinished) && journal.records.count == lists.count)
        var found: [String: [String]] = [:]
        for unit in journal.units {
            let lines = sink.state.withLock { $0.sealed[unit.name] } ?? []
            #expect(lines.count == unit.count, "seed \(seed): \(unit.name)")
            found[unit.partition, default: []] += lines
        }
        #expect(found == lists.filter { !$0.value.isEmpty }, "seed \(seed)")
        #expect(fold.counted == lists.filter { !$0.value.isEmpty }, "seed \(seed)")
        #expect(journal.folded == fold.counted, "seed \(seed)")
        for (name, lines) in lists {
            let record = journal.records.first { $0.partition.name == name }
            #expect(record?.items == lines.count, "seed \(seed), \(name)")
        }
        #expect(sink.state.withLock { $0.violations } == [], "seed \(seed)")
    }

    @Test func `each item is in one unit that is listed, whatever fails on the way`() async {
        for seed in 0..<60 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let lists = lists(&generator)
            let chance = Chance(seed: seed, faults: seed % 3 == 0 ? 0 : 0.1)
            let sink = LineUnits(chance, epoch: 0)
            let (journal, fold) = (UnitJournal(), UnitFold())
            let driver = driver(LinesSource(lists, chance), sink, journal, fold, seed: seed)
            #expect(await driver.run() == .completed, "seed \(seed)")
            expectWhole(lists, sink, journal, fold, seed)
            #expect(driver.progress.counters.itemsRead == driver.progress.counters.itemsSettled)
        }
    }

    @Test func `a process that is lost at any save is resumed, and no unit is listed twice`() async
    {
        for seed in 0..<60 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let lists = lists(&generator)
            let chance = Chance(seed: seed, faults: 0.05)
            let store = Locked(LineUnits.State())
            let journal = UnitJournal()
            var fold = UnitFold()
            var sink = LineUnits(chance, epoch: 0, store)
            for run in 0..<200 {
                let isLast = run >= 6
                journal.begin(lostAfter: isLast ? nil : Int.random(in: 0...6, using: &generator))
                fold = UnitFold(journal.folded)
                // What was open has gone with the process before.
                sink = LineUnits(chance, epoch: run, store)
                let driver = driver(
                    LinesSource(lists, chance), sink, journal, fold, seed: seed &+ UInt64(run))
                let outcome = await driver.run()
                if outcome == .completed { break }
                guard case .failed(let failure) = outcome, failure.code == "JobState" else {
                    Issue.record("\(outcome), seed \(seed)")
                    return
                }
            }
            expectWhole(lists, sink, journal, fold, seed)
        }
    }

    @Test func `a stop seals what is open, and the next run reads none of it again`() async {
        for seed in 0..<20 as Range<UInt64> {
            let lists = ["a": (0..<400).map { "line-\($0)" }, "b": (0..<3).map { "line-b\($0)" }]
            let chance = Chance(seed: seed)
            let store = Locked(LineUnits.State())
            let journal = UnitJournal()
            let first = LineUnits(chance, epoch: 0, store, fullAt: 1_000)
            let driver = driver(
                LinesSource(lists, chance), first, journal, UnitFold(), seed: seed)
            async let outcome = driver.run()
            try? await Task.sleep(for: .microseconds(Int(seed) * 200))
            driver.stop()
            let ended = await outcome
            #expect(ended == .stopped || ended == .completed)
            let taken = driver.progress.counters.itemsWritten
            let saved = journal.records.reduce(0) { $0 + $1.items }
            #expect(saved == taken, "seed \(seed): \(saved) of \(taken) are saved")
            let fold = UnitFold(journal.folded)
            let second = LineUnits(chance, epoch: 1, store)
            let again = self.driver(
                LinesSource(lists, chance), second, journal, fold, seed: seed)
            #expect(await again.run() == .completed)
            expectWhole(lists, second, journal, fold, seed)
        }
    }

    @Test func `what is left out goes with the unit before it, and needs none by itself`() async {
        for seed in 0..<20 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let lists = lists(&generator)
            let chance = Chance(seed: seed, faults: 0.1)
            let sink = LineUnits(chance, epoch: 0)
            let (journal, fold) = (UnitJournal(), UnitFold())
            let driver = driver(
                LinesSource(lists, chance), sink, journal, fold, seed: seed, leavesOut: true)
            #expect(await driver.run() == .completed, "seed \(seed)")
            #expect(fold.counted == lists.filter { !$0.value.isEmpty }, "seed \(seed)")
            let written = journal.units.reduce(0) { $0 + $1.count }
            #expect(written == driver.progress.counters.itemsWritten)
            #expect(!journal.records.contains { !$0.isFinished })
            #expect(
                journal.records.reduce(0) { $0 + $1.items }
                    == lists.values.reduce(0) { $0 + $1.count })
        }
    }

    @Test func `a unit that can't be sealed ends the flow, and nothing of it is saved`() async {
        let lists = ["a": (0..<50).map { "line-\($0)" }]
        let chance = Chance(seed: 1)
        let sink = LineUnits(chance, epoch: 0)
        let failure = FlowFailure(.giveUp, code: "Denied", message: "no right to write there")
        sink.state.withLock { $0.refusal = failure }
        let journal = UnitJournal()
        let driver = driver(LinesSource(lists, chance), sink, journal, UnitFold(), seed: 1)
        #expect(await driver.run() == .failed(failure))
        #expect(journal.records.isEmpty && journal.units.isEmpty)
    }
}

/// Leaves out every third item of a page.
private struct ThirdStage: PageStage {
    func growth(items: Int) -> Int { 0 }

    func apply(to page: inout Page) throws(FlowFailure) {
        for item in page.items.indices where item % 3 == 2 { page.leaveOut(item, .expired) }
    }
}

/// Units of lines. What is open belongs to the process, what is sealed does not.
private final class LineUnits: UnitSink, @unchecked Sendable {
    // @unchecked: what changes is behind locks.
    let shape: BatchShape
    let state: Locked<State>
    private let chance: Chance
    private let epoch: Int
    private let fullAt: Int
    private let open = Locked<[UnitID: [String]]>([:])
    private let busy = Locked<Set<String>>([])

    struct State {
        var sealed: [String: [String]] = [:]
        var violations: [String] = []
        var refusal: FlowFailure?
    }

    init(
        _ chance: Chance, epoch: Int, _ state: Locked<State> = Locked(State()), fullAt: Int = 11
    ) {
        self.chance = chance
        self.epoch = epoch
        self.state = state
        self.fullAt = fullAt
        var shape = BatchShape(
            itemsMax: 5, bytesMax: 1 << 14, itemOverhead: 1, envelope: 0, memoryFactor: 0,
            unitBytes: 64)
        shape.unitMemory = 1 << 12
        self.shape = shape
    }

    func write(
        _ batch: [BatchItem], in unit: UnitID, _ done: @escaping Done<BatchReply>
    ) {
        let name = unit.partition.name
        if !busy.withLock({ $0.insert(name).inserted }) { violate("\(name) has two batches") }
        if batch.contains(where: { $0.partition != unit.partition }) {
            violate("a batch of several partitions")
        }
        let answer: Done<BatchReply> = { [busy] result in
            busy.withLock { _ = $0.remove(name) }
            done(result)
        }
        if let failure = chance.failure() { return chance.answer(answer, .failure(failure)) }
        let lines = batch.map { String(decoding: $0.bytes, as: UTF8.self) }
        let count = open.withLock { open in
            open[unit, default: []] += lines
            return open[unit]!.count
        }
        if open.withLock({ $0.count }) > 4 { violate("more units are open than fit") }
        var reply = BatchReply()
        reply.isUnitFull = count >= fullAt
        chance.answer(answer, .success(reply))
    }

    func seal(_ unit: UnitID, _ done: @escaping Done<[UInt8]>) {
        let name = "\(unit.partition.name)/\(epoch)/\(unit.ordinal)"
        if let refusal = state.withLock({ $0.refusal }) {
            return chance.answer(done, .failure(refusal))
        }
        let lines = open.withLock { $0[unit] } ?? []
        if let failure = chance.failure() {
            // It may have been done all the same.
            if failure.isOutcomeUnknown { state.withLock { $0.sealed[name] = lines } }
            return chance.answer(done, .failure(failure))
        }
        state.withLock { state in
            if let there = state.sealed[name], there != lines {
                state.violations.append("\(name) is sealed with other lines")
            }
            state.sealed[name] = lines
        }
        open.withLock { _ = $0.removeValue(forKey: unit) }
        chance.answer(done, .success(Array("\(name) \(lines.count)".utf8)))
    }

    private func violate(_ text: String) { state.withLock { $0.violations.append(text) } }
}

/// Counts what has passed into units that are sealed.
private final class UnitFold: SettledFold, @unchecked Sendable {
    // @unchecked: touched on the flow's queue, and after it has ended.
    private(set) var counted: [String: [String]]
    private var pending: [UnitID: [String]] = [:]

    init(_ counted: [String: [String]] = [:]) { self.counted = counted }

    func passed(_ items: Range<Int>, of page: Page, in unit: UnitID?) {
        guard let unit else { return }
        pending[unit, default: []] += page.items[items].map {
            String(decoding: page.buffer.bytes[$0.range], as: UTF8.self)
        }
    }

    func sealed(_ unit: UnitID) {
        counted[unit.partition.name, default: []] += pending.removeValue(forKey: unit) ?? []
        if counted[unit.partition.name]?.isEmpty == true { counted[unit.partition.name] = nil }
    }

    func state(of partitions: [PartitionRecord]) -> any Sendable { counted }
}

/// Keeps what a flow saves; may lose the process at a save: that and all later ones fail.
private final class UnitJournal: FlowJournal, @unchecked Sendable {
    // @unchecked: what changes is touched on `queue`, and between runs.
    struct Unit: Equatable {
        var partition: String
        var name: String
        var count: Int
    }

    private let queue = DispatchQueue(label: "claims.journal")
    private var kept: [Partition: PartitionRecord] = [:]
    private(set) var units: [Unit] = []
    private(set) var folded: [String: [String]] = [:]
    private var savesLeft: Int?

    var records: [PartitionRecord] { Array(kept.values) }

    func begin(lostAfter saves: Int?) { savesLeft = saves }

    func save(
        _ entry: JournalEntry, completion: @escaping @Sendable (Result<Void, JobError>) -> Void
    ) {
        queue.async { [self] in
            if let left = savesLeft {
                guard left > 0 else { return completion(.failure(JobError("lost"))) }
                savesLeft = left - 1
            }
            for record in entry.partitions { kept[record.partition] = record }
            for unit in entry.units {
                let words = String(decoding: unit.bytes, as: UTF8.self).split(separator: " ")
                units.append(
                    Unit(
                        partition: unit.unit.partition.name, name: String(words[0]),
                        count: Int(words[1])!))
            }
            folded = entry.folds.compactMap { $0 as? [String: [String]] }.first ?? [:]
            completion(.success(()))
        }
    }
}
