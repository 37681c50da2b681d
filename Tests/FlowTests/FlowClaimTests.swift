import Connectors
import Dispatch
import DynamoModel
import Flow
import Pacing
import System
import Testing

/// Goal: whatever is read from and written to, nothing is lost and nothing is told twice.
/// Method: lists of lines and a set of lines, which answer at once, late, twice, with refusals and
/// faults; and journals that lose the process at any of their saves.
@Suite(.timeLimit(.minutes(20))) struct FlowClaimTests {
    private static let words = ["line", "line", "line", "kept", "changed", "poison"]

    private func lists(_ generator: inout SeededGenerator) -> [String: [String]] {
        var lists: [String: [String]] = [:]
        for list in 0..<Int.random(in: 1...6, using: &generator) {
            lists["list-\(list)"] = (0..<Int.random(in: 0...120, using: &generator)).map { line in
                let word = Self.words.randomElement(using: &generator) ?? "line"
                return "\(word)-\(list)-\(line)"
            }
        }
        return lists
    }

    private func driver(
        _ source: LinesSource, _ sink: LinesSink?, _ journal: MemoryJournal, _ fold: LineFold,
        seed: UInt64, pages: Int = 1 << 16, stage: (any PageStage)? = nil
    ) -> FlowDriver {
        var parts = FlowParts(source, to: sink)
        if let stage { parts.stages = [stage] }
        parts.folds = [fold]
        parts.journal = journal
        parts.saved = journal.records
        var configuration = parts.configuration(
            MemoryBudget(pageBytes: pages, batchBytes: 1 << 14))
        configuration.saveEvery = .milliseconds(1)
        configuration.openMax = 3
        configuration.stopWithin = .seconds(2)
        configuration.itemBytesReported = 12
        let time = MonotonicTime()
        let queue = DispatchQueue(label: "claims.flow")
        queue.setSpecific(key: SlowStage.isFlow, value: true)
        return FlowDriver(
            parts, configuration, shared: (SharedLimits(read: nil, write: nil, time: time), 0),
            on: queue, time: time, seed: seed)
    }

    private func expectWhole(
        _ lists: [String: [String]], _ sink: LinesSink, _ journal: MemoryJournal, _ fold: LineFold,
        _ seed: UInt64
    ) {
        let all = lists.values.flatMap(\.self)
        let written = all.filter { $0.hasPrefix("line") }
        #expect(sink.state.withLock { $0.lines } == Set(written), "seed \(seed)")
        let dead = Set(all.filter { $0.hasPrefix("poison") })
        #expect(journal.letters == dead, "seed \(seed)")
        #expect(journal.records.allSatisfy(\.isFinished) && journal.records.count == lists.count)
        for (name, lines) in lists {
            let record = journal.records.first { $0.partition.name == name }
            #expect(record?.items == lines.count, "seed \(seed), \(name)")
        }
        // Each line once, in its list's order, and all of them.
        #expect(fold.lines == lists.filter { !$0.value.isEmpty }, "seed \(seed)")
        #expect(journal.folded == fold.lines, "seed \(seed)")
    }

    @Test func `each item comes to one end, whatever fails on the way`() async {
        for seed in 0..<60 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let lists = lists(&generator)
            let chance = Chance(seed: seed, faults: seed % 3 == 0 ? 0 : 0.1)
            let (source, sink) = (LinesSource(lists, chance), LinesSink(chance))
            let (journal, fold) = (MemoryJournal(), LineFold())
            let driver = driver(source, sink, journal, fold, seed: seed)
            #expect(await driver.run() == .completed, "seed \(seed)")
            expectWhole(lists, sink, journal, fold, seed)
            #expect(source.state.withLock { $0.violations } == [])
            let counters = driver.progress.counters
            #expect(counters.itemsRead == counters.itemsSettled)
            let all = lists.values.flatMap(\.self)
            #expect(counters.itemsKept == all.count { $0.hasPrefix("kept") })
            #expect(counters.itemsChanged == all.count { $0.hasPrefix("changed") })
        }
    }

    @Test func `a process that is lost at any save is gone on with, and nothing is told twice`()
        async
    {
        for seed in 0..<40 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let lists = lists(&generator)
            let chance = Chance(seed: seed, faults: 0.05)
            let sink = LinesSink(chance)
            let journal = MemoryJournal()
            var fold = LineFold()
            for run in 0..<200 {
                let isLast = run >= 6
                journal.begin(lostAfter: isLast ? nil : Int.random(in: 0...6, using: &generator))
                fold = LineFold(journal.folded)
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

    @Test func `what is never acknowledged is never saved`() async {
        let lists = ["a": (0..<50).map { "line-\($0)" }]
        let chance = Chance(seed: 1)
        let (sink, journal, fold) = (LinesSink(chance), MemoryJournal(), LineFold())
        sink.state.withLock { $0.isFrozen = true }
        let driver = driver(LinesSource(lists, chance), sink, journal, fold, seed: 1)
        async let outcome = driver.run()
        try? await Task.sleep(for: .milliseconds(50))
        driver.stop()
        #expect(await outcome == .stopped)
        #expect(journal.records.isEmpty && fold.lines.isEmpty)
    }

    @Test func `without a sink an item is settled once it was read`() async {
        var generator = SeededGenerator(seed: 5)
        let lists = lists(&generator)
        let chance = Chance(seed: 5, faults: 0.1)
        let (journal, fold) = (MemoryJournal(), LineFold())
        let driver = driver(LinesSource(lists, chance), nil, journal, fold, seed: 5)
        #expect(await driver.run() == .completed)
        #expect(fold.lines == lists.filter { !$0.value.isEmpty })
        #expect(driver.progress.counters.itemsPassed == lists.values.reduce(0) { $0 + $1.count })
    }

    @Test func `a stage that decodes sees one page at a time, and not on the flow's queue`() async {
        for seed in 0..<10 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let lists = lists(&generator)
            let chance = Chance(seed: seed, faults: 0.1)
            let sink = LinesSink(chance)
            let (journal, fold, stage) = (MemoryJournal(), LineFold(), SlowStage())
            let driver = driver(
                LinesSource(lists, chance), sink, journal, fold, seed: seed, stage: stage)
            #expect(await driver.run() == .completed, "seed \(seed)")
            // It leaves out every third item of a page.
            let left = stage.state.withLock { $0.leftOut }
            #expect(driver.progress.counters.itemsLeftOut == left)
            let written = Set(lists.values.flatMap(\.self).filter { $0.hasPrefix("line") })
            #expect(sink.state.withLock { $0.lines }.isSubset(of: written))
            #expect(!journal.records.contains { !$0.isFinished })
            #expect(fold.lines == lists.filter { !$0.value.isEmpty }, "seed \(seed)")
            #expect(stage.state.withLock { $0.violations } == 0)
        }
    }

    @Test func `the least memory is enough`() async {
        let lists = ["a": (0..<30).map { "line-\($0)-" + String(repeating: "x", count: 240) }]
        let chance = Chance(seed: 2)
        let source = LinesSource(lists, chance)
        let (sink, journal, fold) = (LinesSink(chance), MemoryJournal(), LineFold())
        let driver = driver(
            source, sink, journal, fold, seed: 2,
            pages: source.shape.replyBytesMax(items: 1))
        #expect(await driver.run() == .completed)
        expectWhole(lists, sink, journal, fold, 2)
    }

    /// Goal: what is only told of and not sent leaves no trace in what writes are taken to cost.
    @Test func `items for which nothing was sent teach nothing about the cost of writes`() throws {
        var configuration = FlowConfiguration(
            page: .scan(), batch: .conditionalPuts,
            memory: try #require(MemoryBudget(total: 32 << 20)))
        configuration.write.table = 10
        var scheduler = FlowScheduler(configuration, seed: 1, at: .zero)
        _ = scheduler.start(at: .zero)
        _ = scheduler.opened(1, at: .zero)
        let items = Array(repeating: ItemSlice(offset: 0, length: 900, size: 900), count: 200)
        var now = Instant.zero
        var actions = scheduler.pageArrived(
            partition: 0,
            ArrivedPage(
                items: items, storedBytes: 180_000, replyBytes: 180_000, heldBytes: 180_000,
                next: .end), at: now
        ).actions
        var sent = 0
        var sentWhileCharged = 0
        // A hundred are only told of; then all are written, which takes ten a second.
        while now < .zero + .seconds(30) {
            let batches = actions.compactMap { action -> BatchID? in
                if case .write(let id, _, _, _) = action { id } else { nil }
            }
            actions = []
            for batch in batches {
                sent += 1
                let reply =
                    sent <= 100
                    ? BatchReply([.init(0, .kept)], isCharged: false) : BatchReply(units: [1])
                if sent > 100 { sentWhileCharged += 1 }
                actions += scheduler.batchAnswered(
                    batch, reply, roundTrip: .milliseconds(1), at: now)
            }
            if actions.isEmpty {
                now = now + .milliseconds(10)
                actions = scheduler.timePassed(at: now)
            }
            if sent > 100, now < .zero + .seconds(1) {
                #expect(sentWhileCharged <= 12, "\(sentWhileCharged) at \(now)")
            }
        }
        #expect(sent == 200 && scheduler.counters.itemsKept == 100)
        #expect(scheduler.counters.writeUnits == 100)
    }

    @Test(arguments: [FlowFailure.Remedy.giveUp, .split])
    func `a source that can't be read is named at once`(remedy: FlowFailure.Remedy) async {
        let failure = FlowFailure(remedy, code: "Gone", message: "the lines are gone")
        let broken = FlowDriver(
            FlowParts(BrokenSource(failure)),
            FlowParts(BrokenSource(failure)).configuration(MemoryBudget(pageBytes: 1 << 16)),
            shared: (SharedLimits(read: nil, write: nil, time: MonotonicTime()), 0),
            on: DispatchQueue(label: "claims.broken"), time: MonotonicTime(), seed: 3)
        #expect(await broken.run() == .failed(failure))
    }
}

/// Leaves out every third item of a page; now and then it finds a page to be too much.
private final class SlowStage: PageStage {
    let isHeavy = true
    /// Set on a flow's queue.
    static let isFlow = DispatchSpecificKey<Bool>()
    let state = Locked((isAtWork: false, leftOut: 0, pages: 0, violations: 0))

    func growth(items: Int) -> Int { 8 * items }

    func apply(to page: inout Page) throws(FlowFailure) {
        let isOnQueue = DispatchQueue.getSpecific(key: Self.isFlow) == true
        let pages = state.withLock { state in
            if state.isAtWork || isOnQueue { state.violations += 1 }
            state.isAtWork = true
            state.pages += 1
            return state.pages
        }
        defer { state.withLock { $0.isAtWork = false } }
        if pages % 5 == 0, page.items.count > 1 {
            throw FlowFailure(.split, code: "TooMuch", message: "")
        }
        for item in page.items.indices where item % 3 == 0 { page.leaveOut(item, .expired) }
        state.withLock { $0.leftOut += (page.items.count + 2) / 3 }
    }
}

/// A source that can't tell what there is.
private final class BrokenSource: PageSource {
    let shape = PageShape(
        itemBytesMax: 256, pageBytesMax: 1 << 14, replyBytesPerByteMax: 1, envelope: 64,
        unitBytes: 1024, unit: 1)
    private let failure: FlowFailure

    init(_ failure: FlowFailure) { self.failure = failure }

    func open(_ saved: [PartitionRecord], _ done: @escaping Done<[Partition]>) {
        done(.failure(failure))
    }

    func read(_ request: PageRequest, into buffer: ByteBuffer, _ done: @escaping Done<Page>) {
        done(.failure(failure))
    }

    func cursor(after item: Int, of page: Page) -> Cursor { Cursor(bytes: []) }
}

/// What folds are told, by list.
private final class LineFold: SettledFold, @unchecked Sendable {
    // @unchecked: touched on the flow's queue, and after it has ended.
    private(set) var lines: [String: [String]]

    init(_ lines: [String: [String]] = [:]) { self.lines = lines }

    func passed(_ items: Range<Int>, of page: Page, in unit: UnitID?) {
        for slice in page.items[items] {
            let line = String(decoding: page.buffer.bytes[slice.range], as: UTF8.self)
            lines[page.request.partition.name, default: []].append(line)
        }
    }

    func state(of partitions: [PartitionRecord]) -> any Sendable { lines }
}

/// Keeps what a flow saves; may lose the process at a save: that and all later ones fail.
private final class MemoryJournal: FlowJournal, @unchecked Sendable {
    // @unchecked: what changes is touched on `queue`, and between runs.
    private let queue = DispatchQueue(label: "claims.journal")
    private var kept: [Partition: PartitionRecord] = [:]
    private(set) var letters: Set<String> = []
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
            for letter in entry.deadLetters {
                letters.insert(String(decoding: letter.item, as: UTF8.self))
            }
            folded = entry.folds.compactMap { $0 as? [String: [String]] }.first ?? [:]
            completion(.success(()))
        }
    }
}
