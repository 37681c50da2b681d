import AWS
import DynamoDB
import DynamoModel
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
    }

    struct Side: Sendable {
        var table: any ReadableTable
        var description: TableDescription
        /// The attribute of the time to live.
        var expiry: String?
    }

    let options: VerifyOptions
    let subject: Subject
    private let memory: VerifyMemory
    private let earlier: VerifyState
    let journal: VerifyJournal?
    /// What it shares with other tables of its job, and by which number it is known there.
    let shared: (limits: SharedLimits, number: Int)
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
        var byKeys: ByKeys?
        var asked: AskedLimits
        var limits: VerifyLimits
        var isPaused = false
        var isStopping = false
    }

    /// What reads items by their keys, and what repairs of them may take.
    struct ByKeys {
        var look: SecondLook
        var repair: RepairUnits?

        func setPaused(_ paused: Bool) {
            look.source.setPaused(paused)
            look.target.setPaused(paused)
            repair?.setPaused(paused)
        }

        func stop() {
            look.source.stop()
            look.target.stop()
            repair?.stop()
        }
    }

    /// Sums are made durable this often: a crash loses no more.
    private static let saveEvery = Duration.seconds(2)

    /// - Parameters:
    ///   - asked: what it is held to at first.
    ///   - shared: holds the units that these say are shared.
    ///   - earlier: what an earlier run of its job has come to.
    ///   - journal: nil keeps nothing.
    ///   - emit: is told of each item that differs, by one thread at a time.
    init(
        _ options: VerifyOptions, _ look: VerifyLook, _ asked: AskedLimits,
        shared: (limits: SharedLimits, number: Int), from earlier: VerifyState,
        journal: VerifyJournal?,
        emit: @escaping @Sendable (VerifyFinding) throws(CopyFailure) -> Void,
        time: any TimeSource, seed: UInt64
    ) throws(CopyRefusal) {
        self.options = options
        subject = look.subject
        memory = look.memory
        self.shared = shared
        self.earlier = earlier
        self.journal = journal
        self.emit = emit
        self.time = time
        self.seed = seed
        started = time.now
        var verdict = look.verdict
        verdict.counters = earlier.repairs
        state = Locked(
            State(
                verdict: verdict, repairs: earlier.repairs, asked: asked,
                limits: try VerifyLimits(asked, subject)))
    }

    /// Verifies; returns what came of it.
    func run() async -> TableVerdict {
        let watch = CapacityWatch { [weak self] in await self?.lookUpLimits() }
        defer { watch.stop() }
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
        let (drivers, byKeys) = state.withLock { state in
            state.isStopping = true
            return (state.drivers, state.byKeys)
        }
        for driver in drivers { driver.stop() }
        byKeys?.stop()
    }

    /// Holds it once what is in flight has come home, or lets it go on.
    func setPaused(_ paused: Bool) {
        let (drivers, byKeys) = state.withLock { state in
            state.isPaused = paused
            return (state.drivers, state.byKeys)
        }
        for driver in drivers { driver.setPaused(paused) }
        byKeys?.setPaused(paused)
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
        if let byKeys {
            let look = byKeys.look
            current.progress.source.counters.readUnits += look.source.counters.readUnits
            current.progress.target.counters.readUnits += look.target.counters.readUnits
            current.progress.source.setRate(look.source.rate)
            current.progress.target.setRate(look.target.rate)
            if let repair = byKeys.repair { current.progress.count(repair.consumed) }
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
        let begun = limits
        let drivers = [
            (subject.source, "source", begun.source), (subject.target, "target", begun.target),
        ].enumerated().map { number, side in
            ScanDriver(
                side.0.table, side: side.1, schema: subject.schema, contents: contents,
                configuration(side.0, side.2, parts[number].segments), share: readShare,
                cursors: parts[number].cursors,
                itemsReported: side.0.description.itemCount, time: time,
                seed: seed &+ UInt64(10 + number)
            ) { (page) throws(CopyFailure) in try take(number, page) }
        }
        let (isStopping, isPaused, limits) = state.withLock { state in
            state.drivers = drivers
            return (state.isStopping, state.isPaused, state.limits)
        }
        // What was asked for a moment ago found no driver to be told.
        if limits != begun { setLimits(limits) }
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
            state.source.rest()
            state.target.rest()
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

    private func configuration(
        _ side: Side, _ limit: ReadLimit, _ chosen: [Int]?
    ) -> ScanConfiguration {
        var configuration = ScanConfiguration(
            segments: subject.segments, chosen: chosen, pageBytes: memory.pageBytes)
        configuration.scansMax = options.scansMax
        configuration.itemBytesReported = side.description.itemBytes
        configuration.isConsistentRead = options.isConsistentRead
        configuration.read = limit
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

/// The sums of one side. It belongs to the queue of the side's driver, until that has ended.
private final class SideSums: @unchecked Sendable {
    // @unchecked: touched only on the driver's queue, and after the driver has ended.
    private(set) var sums: TableSums
    private let digester: ItemDigester
    private var digests: [ItemDigest] = []

    init(_ sums: TableSums, _ digester: ItemDigester) {
        self.sums = sums
        self.digester = digester
    }

    func take(_ page: ScannedPage) throws(CopyFailure) {
        digests.removeAll(keepingCapacity: true)
        do throws(JSONError) {
            for slice in page.cut.items {
                digests.append(try digester.digest(slice, in: page.bytes))
            }
        } catch {
            throw CopyFailure(malformed: error, "Scan")
        }
        // All of the page or nothing of it: one that is refused is asked for again.
        sums.add(digests, segment: page.segment)
    }
}

/// Picks the keys of one side. It belongs to the queue of the side's driver.
private final class SideDigester: @unchecked Sendable {
    // @unchecked: touched only on the driver's queue, and after the driver has ended.
    private let digester: ItemDigester
    /// What the items of each bucket that is looked at add up to this time.
    private(set) var sums: [UInt128]

    init(_ digester: ItemDigester, buckets: Int) {
        self.digester = digester
        sums = Array(repeating: 0, count: buckets)
    }

    func keys(
        of page: ScannedPage, schema: KeySchema, isTarget: Bool, where difference: SumDifference
    ) throws(CopyFailure) -> KeyTable {
        var table = KeyTable()
        do throws(JSONError) {
            for slice in page.cut.items {
                let digest = try digester.digest(slice, in: page.bytes)
                guard difference.concerns(digest.key) else { continue }
                let key = try ItemKey.cursor(slice, in: page.bytes, schema: schema)
                table.add(digest, isTarget: isTarget, key: key)
            }
        } catch {
            throw CopyFailure(malformed: error, "Scan")
        }
        // All of the page or nothing of it: one that is refused is asked for again.
        for entry in table.entries {
            sums[difference.bucket(of: entry.digest.key)] &+= entry.digest.item
        }
        return table
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
    /// Nothing is scanned now.
    fileprivate mutating func rest() {
        (itemsPerSecond, readUnitsPerSecond, readLimit, hold) = (0, 0, nil, nil)
    }

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
        itemsPerSecond = other.itemsPerSecond
        (scansInFlight, hold) = (other.scansInFlight, other.hold)
    }
}
