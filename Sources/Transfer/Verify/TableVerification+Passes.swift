import AWS
import Connectors
import Dispatch
import DynamoModel
import Flow
import Jobs
import Pacing
import Status
import System

/// The passes: scans of both sides, as many as it takes.
extension TableVerification {
    struct Stopped: Error {}

    func verify() async throws -> Comparison.Result {
        if options.mode == .count { return try await count() }
        let chosen = chosenSegments
        let sums = try await sum(chosen)
        let difference = SumDifference(
            sums.source, sums.target,
            comparesSegments: subject.hasCommonSegments && !movesKeys)
        state.withLock { state in
            state.comparison.counters.itemsInSource = sums.source.items
            state.comparison.counters.itemsInTarget = sums.target.items
            state.comparison.segmentsHeld = difference.segmentsHeld
            state.comparison.segmentsReadAgain = difference.segments?.count ?? 0
        }
        if !difference.isEmpty {
            let superseded = try await superseded()
            let found = try await readAgain(difference, but: superseded)
            if movesKeys {
                try await tell(found)
            } else {
                try await look(found, but: superseded)
            }
        }
        return state.withLock { state in
            let counters = state.comparison.counters
            if state.comparison.isUnlike || counters.differencesLeft > 0 { return .different }
            return counters.differences > 0 ? .repaired : .equal
        }
    }

    /// nil: all of them.
    var chosenSegments: [Int]? {
        guard case .sample(let share) = options.mode else { return nil }
        // The same segments each time that the job is resumed.
        var generator = SeededGenerator(seed: digestKey.words.low)
        let count = max(1, Int(clamping: (share * Double(subject.segments)).rounded()))
        let chosen = (0..<subject.segments).shuffled(using: &generator).prefix(count)
        state.withLock {
            $0.comparison.sample = SampleConfidence(segmentsRead: count, segments: subject.segments)
        }
        return Array(chosen)
    }

    /// The first pass.
    func sum(_ chosen: [Int]?) async throws -> (source: TableSums, target: TableSums) {
        let reported = max(
            subject.source.description.itemCount, subject.target.description.itemCount)
        let states = [earlier.source, earlier.target]
        // Both sides have as many. A table that was just filled reports nothing yet.
        let buckets =
            states.map(\.buckets.count).first { $0 > 0 }
            ?? TableSums.buckets(forItems: reported > 0 ? reported : 1 << 18)
        let folds = try zip(subject.sides, states).map { side, state in
            let count = side.place.partCount(segments: subject.segments)
            guard state.fits(segments: count) else {
                throw JobError(
                    "what the verification of \(side.place.name) has come to is damaged",
                    hint: "--restart begins the job anew", isDamage: true)
            }
            return DigestFold(
                state.buckets.isEmpty
                    ? TableSums(buckets: buckets, segments: count)
                    : TableSums(state, segments: count), number: side.place.numbers)
        }
        try await scan(.summing) { side in
            var pass = Pass(chosen: chosen)
            pass.countsRefused = true
            pass.stages = [DigestStage(schema: subject.schema, key: digestKey)]
            pass.folds = [folds[side]]
            let place = subject.sides[side].place
            pass.saved = states[side].segments.map {
                PartitionRecord(
                    partition: place.partition($0.segment),
                    cursor: $0.cursor.map { Cursor(bytes: $0) }, items: $0.sum.items, bytes: 0)
            }
            pass.journal = journal.part(of: self) { [self] entry throws(JobError) in
                let digests = entry.folds.lazy.compactMap { $0 as? DigestState }.first
                var save = TableSave(digests: (side, digests ?? DigestState()))
                if !entry.deadLetters.isEmpty { try add(entry, to: &save) }
                return save
            }
            return pass
        }
        return (folds[0].sums, folds[1].sums)
    }

    /// Counts what can't be changed; a copy has it as dead letters.
    private func add(_ entry: JournalEntry, to save: inout TableSave) throws(JobError) {
        let source = subject.source.description.schema
        if countsAsCopy { save.letters = try DeadLetter.all(of: entry, schema: source) }
        save.repairs = state.withLock { state in
            state.repairs.unchangeable += entry.deadLetters.count
            state.comparison.counters.unchangeable = state.repairs.unchangeable
            return state.repairs
        }
    }

    /// The second pass: the keys of buckets that differ.
    /// - Parameter superseded: lines of files that don't count.
    func readAgain(
        _ difference: SumDifference, but superseded: Set<LinePlace>
    ) async throws -> PassDifference {
        let spill = KeySpill(folder: options.scratchFolder, bytesMax: memory.keyBytes)
        let sinks = [false, true].map { isTarget in
            SpillSink(
                spill, difference, isTarget: isTarget, schema: subject.schema, key: digestKey)
        }
        try await scan(.readingAgain) { side in
            var pass = Pass(chosen: difference.segments)
            pass.stages =
                (subject.sides[side].place.export == nil ? [] : [SupersededStage(superseded)])
                + [BucketStage(difference, schema: subject.schema, key: digestKey)]
            pass.sink = sinks[side]
            return pass
        }
        return PassDifference(
            spill: spill, first: difference,
            excess: zip(sinks[0].sums, sinks[1].sums).map { $0 &- $1 })
    }

    /// Lines of files whose keys come again further on: they add to sums, and don't count.
    private func superseded() async throws -> Set<LinePlace> {
        guard let side = subject.sides.first(where: { $0.place.export != nil }),
            let export = side.place.export
        else { return [] }
        let schema = side.description.schema
        enter(.checking)
        let check = FilesCheck(
            FilesCheck.Request(
                export: export, schema: schema, purpose: .comparing,
                memory: 2 * memory.pageBytes + memory.keyBytes,
                scratchFolder: options.scratchFolder, giveUpAfter: options.giveUpAfter,
                shared: shared, time: time, seed: seed),
            of: (subject.source.place.name, subject.target.place.name))
        state.withLock { state in
            state.check = check
            // Orders that came a moment ago found nothing to obey them.
            check.obey(state.orders)
        }
        let outcome = await check.run().outcome
        state.withLock { $0.check = nil }
        switch outcome {
        case .completed?: break
        case .failed(let failure)?: throw failure
        case .stopped?, nil: throw Stopped()
        }
        let places = check.superseded
        if !places.isEmpty {
            state.withLock { state in
                state.comparison.notes.append(
                    places.count.counted(
                        "line of \(export.title) has a key that comes again further on",
                        "lines of \(export.title) have keys that come again further on")
                        + ": the last line of each key counts")
            }
        }
        return places
    }

    /// Counts instead of comparing.
    func count() async throws -> Comparison.Result {
        try await scan(.summing) { side in
            var pass = Pass(contents: .count)
            // What is to be distinguished has to be read.
            if side == 0, !options.transform.isNone { pass.contents = .items }
            return pass
        }
        return state.withLock { state in
            let counters = (state.comparison.source.counters, state.comparison.target.counters)
            let (source, target) = (
                counters.0.itemsRead - counters.0.itemsLeftOut, counters.1.itemsRead
            )
            state.comparison.counters.itemsInSource = source
            state.comparison.counters.itemsInTarget = target
            return source == target && !state.comparison.isUnlike ? .equal : .different
        }
    }

    /// Items of the source have other keys than those that they are compared by: they can't be
    /// looked for there.
    var movesKeys: Bool {
        options.transform.movesKeys(
            from: subject.source.description.schema, to: subject.schema)
    }

    // MARK: Scanning both sides

    /// What is done with the pages of one side.
    private struct Pass {
        /// nil: of all segments.
        var chosen: [Int]?
        var contents = ScanSource.Contents.items
        /// Items that can't be changed are counted: it is the first time that they are met.
        var countsRefused = false
        var stages: [any PageStage] = []
        var folds: [any SettledFold] = []
        var sink: (any BatchSink)?
        var saved: [PartitionRecord] = []
        var journal: (any FlowJournal)?
    }

    /// Scans both sides at the same time; 0 is the source.
    private func scan(
        _ stage: TableStatus.Stage, _ pass: (_ side: Int) -> Pass
    ) async throws {
        enter(stage)
        let begun = state.withLock { $0.limits }
        let flows = [
            flow(pass(0), of: 0, begun.source, first: stage == .summing ? subject.first : nil),
            flow(pass(1), of: 1, begun.target, first: nil),
        ]
        let isStopping = state.withLock { state in
            state.flows = flows.map(\.driver)
            // Orders that came a moment ago found no flow to obey them.
            start(state.flows, in: &state, limits: begun)
            if state.orders.isStopping { state.flows = [] }
            return state.orders.isStopping
        }
        if isStopping { throw Stopped() }
        async let left = run(flows[0], other: flows[1])
        async let right = run(flows[1], other: flows[0])
        let outcomes = [await left, await right]
        let progress = flows.map(\.driver.progress)
        state.withLock { state in
            state.flows = []
            state.comparison.source.append(progress[0])
            state.comparison.target.append(progress[1])
            state.comparison.source.rest()
            state.comparison.target.rest()
        }
        for outcome in outcomes {
            if case .failed(let failure) = outcome { throw failure }
        }
        if outcomes.contains(.stopped) { throw Stopped() }
    }

    /// When one side ends for good, the other is of no use.
    private func run(_ flow: SideFlow, other: SideFlow) async -> FlowOutcome {
        let outcome = await flow.driver.run(flow.through)
        if outcome != .completed { other.driver.stop() }
        return outcome
    }

    /// A side's flow, and the program that its items go through.
    private typealias SideFlow = (driver: FlowDriver, through: ThroughSource?)

    private func flow(
        _ pass: Pass, of number: Int, _ limit: ReadLimit, first: FirstRead?
    ) -> SideFlow {
        let (side, name) = number == 0 ? (subject.source, "source") : (subject.target, "target")
        let queue = HTTPEngine.queue("verify.\(name)", lane: shared.number)
        var parts = FlowParts(source(side, name, pass, first, on: queue), to: pass.sink)
        if pass.countsRefused { parts.stages = [ReadableStage()] }
        // What is not wanted of the source is as if it were not there, and so is what can't be
        // changed.
        var transform = options.transform
        if transform.onFailure == .deadLetter, !pass.countsRefused {
            transform.onFailure = .leaveOut
        }
        let through =
            number == 0
            ? parts.add(
                transform, from: side.description.schema, to: subject.schema,
                matches: nil, onErrorLine: nil) : nil
        parts.stages += pass.stages
        parts.folds = pass.folds
        (parts.saved, parts.journal) = (pass.saved, pass.journal)
        let filesMax = side.place.export?.openMax(of: memory.pageBytes)
        let readersBytes = (filesMax ?? 0) * (side.place.export?.memoryOfFile ?? 0)
        let pageBytes = memory.pageBytes - readersBytes
        var configuration = parts.configuration(
            MemoryBudget(pageBytes: max(pageBytes, parts.source.shape.replyBytesMax(items: 1))))
        configuration.readsMax = options.scansMax
        configuration.openMax = filesMax ?? options.scansMax
        configuration.deadLettersMax =
            pass.countsRefused
            ? countsAsCopy ? subject.repaired?.options.deadLettersMax ?? 0 : .max : 0
        configuration.writesMax = SpillSink.batchesMax
        configuration.itemsReported = side.description.itemCount
        configuration.itemBytesReported = side.description.itemBytes ?? subject.first?.itemBytes
        configuration.spent = first?.spent ?? SpentReads()
        configuration.read = limit
        configuration.giveUpAfter = options.giveUpAfter
        configuration.saveEvery = Self.saveEvery
        return (
            FlowDriver(
                parts, configuration, shared: shared, on: queue, time: time,
                seed: seed &+ UInt64(10 + number)), through
        )
    }

    private func source(
        _ side: Side, _ name: String, _ pass: Pass, _ first: FirstRead?, on queue: DispatchQueue
    ) -> any PageSource {
        switch side.place {
        case .export(let export):
            return export.source(
                schema: side.description.schema, for: .comparing, on: queue)
        case .table(let table):
            var scan = ScanSource.Settings(segments: subject.segments)
            (scan.chosen, scan.contents) = (pass.chosen, pass.contents)
            scan.isConsistent = options.isConsistentRead
            scan.first = first?.page
            return ScanSource(
                table, side: name, schema: side.description.schema, scan, on: queue)
        }
    }
}
