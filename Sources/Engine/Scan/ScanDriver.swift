import AWS
import Dispatch
import DynamoDB
import DynamoModel
import JSON
import Pacing
import System

/// A page of a table, valid while it is taken in.
package struct ScannedPage {
    package let segment: Int
    let cut: CutPage
    /// The reply; followed by ``PageCutter/padding`` readable zero bytes.
    package let bytes: UnsafeRawBufferPointer
}

/// Performs a ``ScanScheduler``'s actions against one table, and hands each page to whoever takes
/// it in.
///
/// One serial queue owns the scheduler; replies enter it from the HTTP loop, and pages are cut and
/// taken in there. Any thread may call its methods.
package final class ScanDriver: @unchecked Sendable {
    // @unchecked: every `var` is touched only on `queue`, which each event's entry asserts.

    /// Takes in a page as a whole or not at all, on the driver's queue. A failure to be repeated
    /// asks for the page again; any other ends the reading.
    package typealias Take = @Sendable (ScannedPage) throws(CopyFailure) -> Void

    /// What is asked of a page.
    package enum Contents: Sendable {
        case items
        /// Only how many items there are.
        case count
    }

    private let table: any ReadableTable
    private let side: String
    private let contents: Contents
    private let cutter: PageCutter
    private let request: ScanRequest
    private let subject: CopyProgress.Subject
    private let time: any TimeSource
    private let queue = DispatchQueue(label: "verify.scan")
    private let take: Take
    private let share: SharedPart

    private var scheduler: ScanScheduler
    private var timer: (any DispatchSourceTimer)?
    private var startKeys: [Int: [UInt8]]
    private var loops: [Int: CursorLoop] = [:]
    /// As in ``CopyDriver``.
    private var first: KeptReply?
    private var finished: Set<Int> = []
    private var bodies = BufferPool(idleBytesMax: 1 << 16)
    private var pages: BufferPool
    private var completion: (@Sendable (CopyOutcome) -> Void)?
    /// How it ended, when that was before it was run.
    private var ended: CopyOutcome?

    /// - Parameters:
    ///   - side: `source` or `target`, for messages.
    ///   - share: is taken of while a limit has a part that is shared.
    ///   - cursors: where segments go on that have been begun.
    ///   - itemsReported: as the table reports, for estimates.
    package init(
        _ table: any ReadableTable, side: String, schema: KeySchema, contents: Contents = .items,
        _ configuration: ScanConfiguration, share: SharedPart, cursors: [Int: [UInt8]] = [:],
        first: KeptReply? = nil, itemsReported: Int, time: any TimeSource, seed: UInt64,
        take: @escaping Take
    ) {
        self.table = table
        self.side = side
        self.contents = contents
        self.share = share
        startKeys = cursors
        self.first = first
        self.time = time
        self.take = take
        cutter = PageCutter(schema: schema)
        request = ScanRequest(
            table: table.name, segments: configuration.segments,
            isConsistent: configuration.isConsistentRead, countsOnly: contents == .count)
        subject = CopyProgress.Subject(
            itemsReported: itemsReported, segments: configuration.chosen.count, started: time.now)
        scheduler = ScanScheduler(configuration, seed: seed, at: time.now)
        pages = BufferPool(idleBytesMax: configuration.pageBytes / 4)
    }

    /// Reads; returns when all segments have been, or it stopped or failed.
    package func run() async -> CopyOutcome {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                if let ended { return continuation.resume(returning: ended) }
                completion = { continuation.resume(returning: $0) }
                let timer = DispatchSource.makeTimerSource(queue: queue)
                self.timer = timer
                timer.setEventHandler { [weak self] in self?.timePassed() }
                timer.activate()
                perform(scheduler.start(at: time.now))
            }
        }
    }

    /// Asks for an orderly end.
    package func stop() {
        queue.async { [self] in perform(scheduler.stop(at: time.now)) }
    }

    package func setPaused(_ paused: Bool) {
        queue.async { [self] in perform(scheduler.setPaused(paused, at: time.now)) }
    }

    package func setLimit(_ limit: ReadLimit) {
        queue.async { [self] in perform(scheduler.limitChanged(limit, at: time.now)) }
    }

    /// Where the reading stands. Must not be asked for on the driver's queue.
    package var progress: ScanProgress {
        queue.sync { ScanProgress(&scheduler, of: subject, at: time.now) }
    }

    /// Where a segment stands.
    package enum Position: Equatable, Sendable {
        /// The key after which it goes on.
        case within([UInt8])
        case finished
    }

    /// Calls `body` between two pages, with where each segment stands that this reading has moved.
    /// Must not be asked for on the driver's queue.
    package func between<Value>(_ body: ([Int: Position]) -> Value) -> Value {
        queue.sync {
            var positions: [Int: Position] = [:]
            for (segment, key) in startKeys { positions[segment] = .within(key) }
            for segment in finished { positions[segment] = .finished }
            return body(positions)
        }
    }

    // MARK: Actions

    private func perform(_ actions: [ScanAction]) {
        dispatchPrecondition(condition: .onQueue(queue))
        for action in actions {
            switch action {
            case .scan(let segment, let limit, let replyBytesMax):
                scan(segment, limit: limit, replyBytesMax: replyBytesMax)
            case .claim(let units): claim(units)
            case .settle(let grant, let consumed): share.settle(grant, consumed: consumed)
            case .wake(let instant): wake(at: instant)
            case .finish(let outcome): finish(outcome)
            }
        }
    }

    private func timePassed() { perform(scheduler.timePassed(at: time.now)) }

    private func wake(at instant: Instant) {
        let delay = max(0, (instant - time.now).inNanoseconds)
        timer?.schedule(deadline: .now() + .nanoseconds(Int(delay)), leeway: .nanoseconds(0))
    }

    private func claim(_ units: Double) {
        share.limit.claim(units, for: share.number) { [self] grant in
            queue.async { [self] in perform(scheduler.unitsGranted(grant, at: time.now)) }
        }
    }

    private func finish(_ outcome: CopyOutcome) {
        timer?.cancel()
        timer = nil
        guard let completion else {
            ended = outcome
            return
        }
        self.completion = nil
        completion(outcome)
    }

    // MARK: Pages

    private func scan(_ segment: Int, limit: Int, replyBytesMax: Int) {
        let body = bodies.take()
        let buffer = pages.take(capacityMax: replyBytesMax)
        if segment == 0, startKeys[0] == nil, let kept = first {
            first = nil
            if kept.take(into: buffer) {
                return queue.async { [self] in
                    let page = takeIn(segment, Reply(kept: buffer)).map { page in
                        var page = page
                        page.isPaid = kept.isPaid
                        return page
                    }
                    cameBack(segment, body, buffer, page)
                }
            }
        }
        request.write(
            segment: segment, limit: contents == .count ? nil : limit,
            startKey: startKeys[segment], to: body)
        table.reader.send(
            .scan, body: body, reply: buffer, replyBytesMax: replyBytesMax, on: queue
        ) { [self] result in
            switch result {
            case .failure(let error) where error.remedy == .renewCredentials:
                renew(after: error) { [self] failure in
                    cameBack(segment, body, buffer, .failure(failure))
                }
            case .failure(let error):
                let failure = CopyFailure(error, on: "the \(side) \(table.name)")
                cameBack(segment, body, buffer, .failure(failure))
            case .success(let reply): cameBack(segment, body, buffer, takeIn(segment, reply))
            }
        }
    }

    /// Calls `body` on the queue with what became of the request: to be repeated once credentials
    /// have been renewed, or a failure for good when they can't be.
    private func renew(
        after error: AWSError, _ body: @escaping @Sendable (CopyFailure) -> Void
    ) {
        let failed = CopyFailure(error, on: "the \(side) \(table.name)")
        Task {
            do throws(ConfigurationError) {
                try await table.reader.renewCredentials(after: error)
                queue.async { body(failed) }
            } catch {
                let failure = CopyFailure(
                    .remedy(.giveUp), code: "CredentialsExpired", message: error.message,
                    hint: error.hint)
                queue.async { body(failure) }
            }
        }
    }

    private func takeIn(_ segment: Int, _ reply: Reply) -> Result<TakenPage, CopyFailure> {
        guard reply.isComplete else { return .failure(CopyFailure(tooLong: reply, "Scan")) }
        let bytes = reply.body.bytes
        let cut: CutPage
        let items: Int
        do throws(JSONError) {
            switch contents {
            case .items:
                cut = try cutter.cut(bytes)
                items = cut.items.count
            case .count: (cut, items) = try cutter.cutCount(bytes)
            }
        } catch {
            return .failure(CopyFailure(malformed: error, "Scan"))
        }
        let lastKey = cut.lastKey.map { Array(bytes[$0]) }
        var loop = loops[segment] ?? CursorLoop(start: startKeys[segment])
        if let lastKey, !loop.advance(to: lastKey) {
            return .failure(CopyFailure(goingRoundIn: segment))
        }
        do throws(CopyFailure) {
            try take(ScannedPage(segment: segment, cut: cut, bytes: bytes))
        } catch {
            return .failure(error)
        }
        startKeys[segment] = lastKey
        loops[segment] = lastKey == nil ? nil : loop
        if lastKey == nil { finished.insert(segment) }
        return .success(
            TakenPage(
                items: items, storedBytes: cut.storedBytes, replyBytes: bytes.count,
                isLast: lastKey == nil, readUnits: cut.readUnits))
    }

    private func cameBack(
        _ segment: Int, _ body: ByteBuffer, _ buffer: ByteBuffer,
        _ result: Result<TakenPage, CopyFailure>
    ) {
        bodies.give(body)
        pages.give(buffer)
        switch result {
        case .success(let page):
            perform(scheduler.pageTaken(segment: segment, page, at: time.now))
        case .failure(let failure):
            perform(scheduler.scanFailed(segment: segment, failure, at: time.now))
        }
    }
}

/// Where the reading of one table stands.
package struct ScanProgress: Equatable, Sendable {
    package var counters = CopyCounters()
    package var segments = 0
    /// nil while nothing is known of it.
    package var itemsEstimated: Int?
    package var readUnitsPerSecond = 0.0
    package var readLimit: Double?
    package var itemsPerSecond = 0.0
    package var scansInFlight = 0
    package var hold: CopyHold?

    package init() {}

    package init(
        _ scheduler: inout ScanScheduler, of subject: CopyProgress.Subject, at now: Instant
    ) {
        counters = scheduler.counters
        segments = subject.segments
        itemsEstimated = CopyProgress.estimate(
            read: counters.itemsRead, readInFinished: scheduler.itemsInFinishedSegments,
            segmentsFinished: counters.segmentsFinished, segments: max(1, subject.segments),
            reported: subject.itemsReported)
        (readUnitsPerSecond, readLimit) = scheduler.rate(at: now)
        itemsPerSecond = scheduler.itemsPerSecond(at: now)
        scansInFlight = scheduler.scansInFlight
        hold = scheduler.hold
    }

    /// Of what is read besides scans.
    package mutating func setRate(_ rate: (units: Double, limit: Double?)) {
        (readUnitsPerSecond, readLimit) = rate
    }

    /// 0...1.
    package var fraction: Double {
        guard segments > 0 else { return 1 }
        guard let itemsEstimated, itemsEstimated > 0 else {
            return Double(counters.segmentsFinished) / Double(segments)
        }
        return min(1, Double(counters.itemsRead) / Double(itemsEstimated))
    }
}
