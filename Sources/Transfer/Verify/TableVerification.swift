import AWS
import DynamoDB
import DynamoModel
import Engine
import JSON
import Pacing

/// The verification of one table against another: two passes at most, and a look at what differs.
///
/// The first pass adds up the digests of all items on both sides, by the hash of their keys and by
/// segment. Equal sums are equal tables. Otherwise the segments that differ are read again, and of
/// their items those are kept whose bucket differs; what is left of these is read by its keys.
/// Nothing is written unless a repair is asked for. Any thread may call its methods.
package final class TableVerification: Sendable {
    /// Both tables, as they were when it began.
    struct Subject: Sendable {
        var source: Side
        var target: Side
        var segments: Int
        /// nil: nothing is written.
        var repaired: Repaired?

        var schema: KeySchema { source.description.schema }
    }

    /// The target as one that may be written.
    struct Repaired: Sendable {
        var table: TargetTable
        var options: RepairOptions
        var limits: WriteLimits
    }

    struct Side: Sendable {
        var table: any ReadableTable
        var description: TableDescription
        var limit: ReadLimit
        /// The attribute of the time to live.
        var expiry: String?
    }

    let options: VerifyOptions
    let subject: Subject
    private let memory: VerifyMemory
    private let earlier: VerifyState
    let journal: VerifyJournal?
    let emit: @Sendable (VerifyFinding) throws(CopyFailure) -> Void
    let time: any TimeSource
    let seed: UInt64
    var digestKey: DigestKey { earlier.key }
    private let started: Instant
    let state: Locked<State>

    struct State {
        var verdict: TableVerdict
        var drivers: [ScanDriver] = []
        /// What passes that have ended have read, of the source and of the target.
        var source = ScanProgress()
        var target = ScanProgress()
        /// What has been repaired, by this run and those before it.
        var repairs: VerifyCounters
        /// What reads items by their keys just now, and repairs them.
        var byKeys: (look: SecondLook, repair: ItemRepair?)?
        /// Those that were set while it ran.
        var limits: Limits?
        var isPaused = false
        var isStopping = false
    }

    /// What it is held to.
    struct Limits: Sendable {
        var source: ReadLimit
        var write: WriteLimits
    }

    /// Sums are made durable this often: a crash loses no more.
    private static let saveEvery = Duration.seconds(2)

    /// - Parameters:
    ///   - earlier: what an earlier run of its job has come to.
    ///   - journal: nil keeps nothing.
    ///   - emit: is told of each item that differs, by one thread at a time.
    init(
        _ options: VerifyOptions, _ look: VerifyLook, from earlier: VerifyState,
        journal: VerifyJournal?,
        emit: @escaping @Sendable (VerifyFinding) throws(CopyFailure) -> Void,
        time: any TimeSource, seed: UInt64
    ) {
        self.options = options
        subject = look.subject
        memory = look.memory
        self.earlier = earlier
        self.journal = journal
        self.emit = emit
        self.time = time
        self.seed = seed
        started = time.now
        var verdict = look.verdict
        verdict.counters = earlier.repairs
        state = Locked(State(verdict: verdict, repairs: earlier.repairs))
    }

    /// Verifies; returns what came of it.
    func run() async -> TableVerdict {
        do {
            end(try await verify())
        } catch is Stopped {
            end(.stopped)
        } catch let failure as CopyFailure {
            end(.failed(failure))
        } catch {
            preconditionFailure("no other error is thrown: \(error)")
        }
        return verdict
    }

    /// Asks for an orderly end.
    func stop() {
        let drivers = state.withLock { state in
            state.isStopping = true
            return state.drivers
        }
        for driver in drivers { driver.stop() }
    }

    /// Holds it once what is in flight has come home, or lets it go on.
    func setPaused(_ paused: Bool) {
        let drivers = state.withLock { state in
            state.isPaused = paused
            return state.drivers
        }
        for driver in drivers { driver.setPaused(paused) }
    }

    /// Sets limits from now on.
    func setLimits(_ limits: Limits) {
        let (drivers, byKeys) = state.withLock { state in
            state.limits = limits
            return (state.drivers, state.byKeys)
        }
        drivers.first?.setLimit(limits.source)
        byKeys?.look.source.setLimit(limits.source)
        byKeys?.repair?.setLimits(limits.write)
    }

    var isPaused: Bool { state.withLock { $0.isPaused } }
    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Returns once it may go on.
    func waitWhilePaused() async {
        while state.withLock({ $0.isPaused && !$0.isStopping }) {
            await Pause.lasting(.milliseconds(50))
        }
    }

    /// Where it stands.
    var verdict: TableVerdict {
        let (drivers, byKeys, verdict, source, target) = state.withLock {
            ($0.drivers, $0.byKeys, $0.verdict, $0.source, $0.target)
        }
        var current = verdict
        guard current.outcome == nil else { return current }
        current.progress.elapsed = time.now - started
        (current.progress.source, current.progress.target) = (source, target)
        if drivers.count == 2 {
            current.progress.source.add(drivers[0].progress)
            current.progress.target.add(drivers[1].progress)
        }
        if let (look, repair) = byKeys {
            current.progress.source.counters.readUnits += look.source.counters.readUnits
            current.progress.target.counters.readUnits += look.target.counters.readUnits
            if let repair { current.progress.count(repair.consumed) }
        }
        return current
    }

    // MARK: The passes

    struct Stopped: Error {}

    private func verify() async throws -> VerifyOutcome {
        if options.mode == .count { return try await count() }
        let chosen = chosenSegments
        let sums = try await sum(chosen)
        let difference = SumDifference(sums.source, sums.target)
        state.withLock { state in
            state.verdict.counters.itemsInSource = sums.source.items
            state.verdict.counters.itemsInTarget = sums.target.items
            state.verdict.progress.segmentsHeld = difference.segmentsHeld
            state.verdict.progress.segmentsReadAgain = difference.segments.count
        }
        if !difference.isEmpty {
            try await look(try await readAgain(difference))
        }
        return state.withLock { state in
            let counters = state.verdict.counters
            if state.verdict.isUnlike || counters.differencesLeft > 0 { return .different }
            return counters.differences > 0 ? .repaired : .equal
        }
    }

    /// nil: all of them.
    private var chosenSegments: [Int]? {
        guard case .sample(let share) = options.mode else { return nil }
        // The same segments each time that the job goes on.
        var generator = SeededGenerator(seed: digestKey.words.low)
        let count = max(1, Int((share * Double(subject.segments)).rounded()))
        let chosen = (0..<subject.segments).shuffled(using: &generator).prefix(count)
        state.withLock {
            $0.verdict.sample = SampleConfidence(segmentsRead: count, segments: subject.segments)
        }
        return Array(chosen)
    }

    /// The first pass.
    private func sum(_ chosen: [Int]?) async throws -> (source: TableSums, target: TableSums) {
        let reported = max(
            subject.source.description.itemCount, subject.target.description.itemCount)
        let states = [earlier.source, earlier.target]
        // Both sides have as many. A table that was just filled reports nothing yet.
        let buckets =
            states.map(\.buckets.count).first { $0 > 0 }
            ?? TableSums.buckets(forItems: reported > 0 ? reported : 1 << 18)
        let sides = states.map { state in
            SideSums(
                state.buckets.isEmpty
                    ? TableSums(buckets: buckets, segments: subject.segments)
                    : TableSums(state, segments: subject.segments),
                ItemDigester(schema: subject.schema, key: digestKey))
        }
        let save: @Sendable ([ScanDriver]) throws(CopyFailure) -> Void = {
            [self] drivers throws(CopyFailure) in
            for (side, driver) in drivers.enumerated() {
                let (sums, positions) = driver.between { (sides[side].sums, $0) }
                try journal?.save(side: side, sums, positions, verdict)
            }
        }
        let parts = states.map { ScanPart(chosen, of: subject.segments, after: $0) }
        try await scan(.summing, parts, saving: save) { side, page throws(CopyFailure) in
            try sides[side].take(page)
        }
        return (sides[0].sums, sides[1].sums)
    }

    /// The second pass: the keys of buckets that differ.
    private func readAgain(
        _ difference: SumDifference
    ) async throws -> PassDifference {
        let spill = KeySpill(folder: options.scratchFolder, bytesMax: memory.keyBytes)
        let digesters = [0, 1].map { _ in
            SideDigester(
                ItemDigester(schema: subject.schema, key: digestKey),
                buckets: difference.excess.count)
        }
        let schema = subject.schema
        let part = ScanPart(segments: difference.segments)
        try await scan(.readingAgain, [part, part]) { side, page throws(CopyFailure) in
            try spill.add(
                try digesters[side].keys(
                    of: page, schema: schema, isTarget: side == 1, where: difference))
        }
        return PassDifference(
            spill: spill, first: difference,
            excess: zip(digesters[0].sums, digesters[1].sums).map { $0 &- $1 })
    }

    /// Counts instead of comparing.
    private func count() async throws -> VerifyOutcome {
        let all = ScanPart()
        try await scan(.summing, [all, all], contents: .count) { (_, _) throws(CopyFailure) in }
        return state.withLock { state in
            let (source, target) = (
                state.source.counters.itemsRead, state.target.counters.itemsRead
            )
            state.verdict.counters.itemsInSource = source
            state.verdict.counters.itemsInTarget = target
            return source == target && !state.verdict.isUnlike ? .equal : .different
        }
    }

    // MARK: Scanning both sides

    /// Scans segments of both sides at the same time; `take` is told which: 0 is the source.
    /// - Parameters:
    ///   - parts: of each side.
    ///   - saving: is called every now and then, and at the end.
    private func scan(
        _ stage: VerifyProgress.Stage, _ parts: [ScanPart],
        contents: ScanDriver.Contents = .items,
        saving: (@Sendable ([ScanDriver]) throws(CopyFailure) -> Void)? = nil,
        _ take: @escaping @Sendable (Int, ScannedPage) throws(CopyFailure) -> Void
    ) async throws {
        enter(stage)
        let drivers = [(subject.source, "source"), (subject.target, "target")].enumerated().map {
            number, side in
            ScanDriver(
                side.0.table, side: side.1, schema: subject.schema, contents: contents,
                configuration(side.0, parts[number].segments), cursors: parts[number].cursors,
                itemsReported: side.0.description.itemCount, time: time,
                seed: seed &+ UInt64(10 + number)
            ) { (page) throws(CopyFailure) in try take(number, page) }
        }
        let (isStopping, isPaused, limits) = state.withLock { state in
            state.drivers = drivers
            return (state.isStopping, state.isPaused, state.limits)
        }
        if let limits { drivers[0].setLimit(limits.source) }
        if isStopping { throw Stopped() }
        if isPaused { for driver in drivers { driver.setPaused(true) } }
        let saver = Task { try await save(drivers, saving) }
        async let left = run(drivers[0], other: drivers[1])
        async let right = run(drivers[1], other: drivers[0])
        let outcomes = [await left, await right]
        saver.cancel()
        let saved = await saver.result
        let progress = drivers.map(\.progress)
        try saving?(drivers)
        state.withLock { state in
            state.drivers = []
            state.source.add(progress[0])
            state.target.add(progress[1])
        }
        _ = try saved.get()
        for outcome in outcomes {
            if case .failed(let failure) = outcome { throw failure }
        }
        if outcomes.contains(.stopped) { throw Stopped() }
    }

    /// Saves until it is cancelled, or a save fails.
    private func save(
        _ drivers: [ScanDriver], _ saving: (@Sendable ([ScanDriver]) throws(CopyFailure) -> Void)?
    ) async throws {
        guard let saving, journal != nil else { return }
        do {
            while true {
                guard (try? await Task.sleep(for: Self.saveEvery)) != nil else { return }
                try saving(drivers)
            }
        } catch {
            for driver in drivers { driver.stop() }
            throw error
        }
    }

    /// When one side ends for good, the other is of no use.
    private func run(_ driver: ScanDriver, other: ScanDriver) async -> CopyOutcome {
        let outcome = await driver.run()
        if outcome != .completed { other.stop() }
        return outcome
    }

    private func configuration(_ side: Side, _ chosen: [Int]?) -> ScanConfiguration {
        var configuration = ScanConfiguration(
            segments: subject.segments, chosen: chosen, pageBytes: memory.pageBytes)
        configuration.scansMax = options.scansMax
        configuration.itemBytesReported = side.description.itemBytes
        configuration.isConsistentRead = options.isConsistentRead
        configuration.read = side.limit
        configuration.giveUpAfter = options.giveUpAfter
        return configuration
    }

    func enter(_ stage: VerifyProgress.Stage) {
        state.withLock { $0.verdict.progress.stage = stage }
    }

    private func end(_ outcome: VerifyOutcome) {
        state.withLock { state in
            state.verdict.progress.stage = .ended
            state.verdict.progress.elapsed = time.now - started
            (state.verdict.progress.source, state.verdict.progress.target) = (
                state.source, state.target
            )
            state.verdict.outcome = outcome
        }
    }
}

/// What of a table is scanned.
private struct ScanPart {
    /// nil: all of it.
    var segments: [Int]?
    /// Where segments go on that have been begun.
    var cursors: [Int: [UInt8]] = [:]

    init(segments: [Int]? = nil) { self.segments = segments }

    /// What is left of the segments that are chosen.
    init(_ chosen: [Int]?, of total: Int, after state: DigestState) {
        segments = chosen
        guard !state.segments.isEmpty else { return }
        var finished: Set<Int> = []
        for segment in state.segments {
            cursors[segment.segment] = segment.cursor
            if segment.cursor == nil { finished.insert(segment.segment) }
        }
        segments = (chosen ?? Array(SegmentOrder(total: total))).filter { !finished.contains($0) }
    }
}

extension ScanProgress {
    /// A further pass over the same table.
    fileprivate mutating func add(_ other: ScanProgress) {
        let (finished, before) = (other.counters.segmentsFinished, segments)
        if before == 0 {
            self = other
            return
        }
        counters = counters.after(other.counters)
        counters.segmentsFinished += finished
        segments += other.segments
        itemsEstimated = (itemsEstimated ?? 0) + (other.itemsEstimated ?? 0)
        (readUnitsPerSecond, readLimit) = (other.readUnitsPerSecond, other.readLimit)
        (scansInFlight, hold) = (other.scansInFlight, other.hold)
    }
}
