import DynamoModel
import Engine
import Pacing
import System

/// The passes: scans of both sides, as many as it takes.
extension TableVerification {
    struct Stopped: Error {}

    func verify() async throws -> VerifyOutcome {
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
    var chosenSegments: [Int]? {
        guard case .sample(let share) = options.mode else { return nil }
        // The same segments each time that the job goes on.
        var generator = SeededGenerator(seed: digestKey.words.low)
        let count = max(1, Int(clamping: (share * Double(subject.segments)).rounded()))
        let chosen = (0..<subject.segments).shuffled(using: &generator).prefix(count)
        state.withLock {
            $0.verdict.sample = SampleConfidence(segmentsRead: count, segments: subject.segments)
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
    func readAgain(
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
    func count() async throws -> VerifyOutcome {
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
    func scan(
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
            var configuration = configuration(side.0, side.2, parts[number].segments)
            let first = number == 0 && stage == .summing ? subject.first : nil
            if let first { configuration.spent = first.spent }
            return ScanDriver(
                side.0.table, side: side.1, schema: subject.schema, contents: contents,
                configuration, share: readShare, cursors: parts[number].cursors,
                first: first?.page, itemsReported: side.0.description.itemCount, time: time,
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
    func save(
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
    func run(_ driver: ScanDriver, other: ScanDriver) async -> CopyOutcome {
        let outcome = await driver.run()
        if outcome != .completed { other.stop() }
        return outcome
    }

    func configuration(
        _ side: Side, _ limit: ReadLimit, _ chosen: [Int]?
    ) -> ScanConfiguration {
        var configuration = ScanConfiguration(
            segments: subject.segments, chosen: chosen, pageBytes: memory.pageBytes)
        configuration.scansMax = options.scansMax
        configuration.itemBytesReported = side.description.itemBytes ?? subject.first?.itemBytes
        configuration.isConsistentRead = options.isConsistentRead
        configuration.read = limit
        configuration.giveUpAfter = options.giveUpAfter
        return configuration
    }
}

/// What of a table is scanned.
struct ScanPart {
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
    mutating func rest() {
        (itemsPerSecond, readUnitsPerSecond, readLimit, hold) = (0, 0, nil, nil)
    }

    /// A further pass over the same table.
    mutating func add(_ other: ScanProgress) {
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
