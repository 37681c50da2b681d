import AWS
import Dispatch
import DynamoDB
import DynamoModel
import JSON
import Pacing
import System

/// Performs a ``CopyScheduler``'s actions against two tables.
///
/// One serial queue owns the scheduler; every event reaches it there. Requests are asynchronous:
/// the HTTP loop enters the queue with their replies, cuts pages and splices and signs batches in
/// it, and goes on. Thus a copy's work stays on one thread and in its caches: handed to queues on
/// other cores it cost a tenth more, and one core moves several times what a table may take.
package final class CopyDriver: @unchecked Sendable {
    // @unchecked: every `var` is touched only on `queue`, which each event's entry asserts.

    package let source: SourceTable
    package let target: TargetTable
    package let schema: KeySchema
    let queue = DispatchQueue(label: "copy.scheduler")
    private let time: any TimeSource
    private let journal: any CopyJournal
    /// What it shares with the other copies of its job, and by which number it is known there.
    private let shared: (limits: SharedLimits, number: Int)
    private let subject: CopyProgress.Subject
    private let scanRequest: ScanRequest
    private let batchRequest: BatchWriteRequest
    /// nil: items of the target are replaced.
    private let keepingRequest: PutIfAbsentRequest?
    /// An earlier run of the job may have put what is put now.
    let isResumed: Bool
    private let pageCutter: PageCutter
    /// nil: no item is left out for having expired.
    private let expiry: ExpiryRule?
    /// nil: the copy is not verified.
    private let digest: CopyDigest?
    private let batchReplyCutter: BatchReplyCutter

    private var scheduler: CopyScheduler
    /// Made when the copy starts: a source that is let go before it was activated ends the process.
    private var timer: (any DispatchSourceTimer)?
    /// The bytes of open pages, by the scheduler's slots.
    private var pages: [PageBytes?] = []
    /// Where each segment that is being scanned goes on: the `LastEvaluatedKey` that came last.
    private var startKeys: [Int: [UInt8]] = [:]
    private var loops: [Int: CursorLoop] = [:]
    /// The first page of the first segment, where it was read before; nil once it was asked for.
    private var first: KeptReply?
    private var bodies: BufferPool
    private var replies: BufferPool
    private var pageBuffers: BufferPool
    private var completion: (@Sendable (CopyOutcome) -> Void)?

    private struct PageBytes {
        let segment: Int
        let buffer: ByteBuffer
        let items: [ItemSlice]
        /// `LastEvaluatedKey`; nil on the segment's last page.
        let lastKey: [UInt8]?
        /// Of the items; empty when the copy is not verified.
        let digests: [ItemDigest]
        /// How many of them the digest has.
        var digested = 0
    }

    /// `LastEvaluatedKey` of the last page of each segment that has been released.
    private var releasedKeys: [Int: [UInt8]] = [:]

    /// - Parameter cursors: where segments go on that an earlier run of the job has begun and not
    ///   finished; those that the configuration names as such.
    package init(
        from source: SourceTable, to target: TargetTable, schema: KeySchema,
        _ configuration: CopyConfiguration, expiry: ExpiryRule? = nil,
        cursors: [Int: [UInt8]] = [:], first: KeptReply? = nil, isResumed: Bool = false,
        itemsReported: Int,
        journal: any CopyJournal, digest: CopyDigest? = nil,
        shared: (limits: SharedLimits, number: Int), time: any TimeSource, seed: UInt64
    ) {
        self.source = source
        self.target = target
        self.schema = schema
        self.digest = digest
        self.time = time
        self.journal = journal
        self.shared = shared
        subject = CopyProgress.Subject(
            itemsReported: itemsReported, segments: configuration.segments, started: time.now)
        startKeys = cursors
        self.first = first
        scanRequest = ScanRequest(
            table: source.name, segments: configuration.segments,
            isConsistent: configuration.isConsistentRead)
        batchRequest = BatchWriteRequest(table: target.name)
        keepingRequest =
            configuration.keepsItems
            ? PutIfAbsentRequest(
                table: target.name, partitionKey: schema.partition.name,
                asksOld: target.mayIgnoreConditions) : nil
        self.isResumed = isResumed
        pageCutter = PageCutter(schema: schema)
        self.expiry = expiry
        batchReplyCutter = BatchReplyCutter(schema: schema)
        scheduler = CopyScheduler(configuration, seed: seed, at: time.now)
        bodies = BufferPool(idleBytesMax: configuration.memory.batchBytes / 8)
        replies = BufferPool(idleBytesMax: configuration.memory.batchBytes / 8)
        pageBuffers = BufferPool(idleBytesMax: configuration.memory.pageBytes / 32)
    }

    /// Starts the copy; `completion` is called once, on the driver's queue.
    package func start(completion: @escaping @Sendable (CopyOutcome) -> Void) {
        queue.async { [self] in
            self.completion = completion
            let timer = DispatchSource.makeTimerSource(queue: queue)
            self.timer = timer
            timer.setEventHandler { [weak self] in self?.timePassed() }
            timer.activate()
            perform(scheduler.start(at: time.now))
        }
    }

    /// Asks for an orderly end.
    package func stop() {
        queue.async { [self] in perform(scheduler.stop(at: time.now)) }
    }

    package func setPaused(_ paused: Bool) {
        queue.async { [self] in perform(scheduler.setPaused(paused, at: time.now)) }
    }

    package func setLimits(read: ReadLimit, write: WriteLimits, writesMax: Int? = nil) {
        queue.async { [self] in
            perform(
                scheduler.limitsChanged(
                    read: read, write: write, writesMax: writesMax, at: time.now))
        }
    }

    package var now: Instant { time.now }

    /// Where the copy stands. Must not be asked for on the driver's queue.
    package var progress: CopyProgress {
        queue.sync { CopyProgress(&scheduler, of: subject, at: time.now) }
    }

    // MARK: Actions

    private func perform(_ actions: [CopyAction]) {
        dispatchPrecondition(condition: .onQueue(queue))
        for action in actions {
            switch action {
            case .scan(let segment, let limit, let replyBytesMax):
                scan(segment, limit: limit, replyBytesMax: replyBytesMax)
            case .write(let id, let items, let bodyBytesMax):
                write(id, items, bodyBytesMax: bodyBytesMax)
            case .release(let page): release(page)
            case .save(let progress): save(progress)
            case .claim(let side, let units): claim(units, on: side)
            case .settle(let side, let grant, let consumed):
                shared.limits[side].settle(grant, consumed: consumed)
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

    private func claim(_ units: Double, on side: CopySide) {
        shared.limits[side].claim(units, for: shared.number) { [self] grant in
            queue.async { [self] in
                perform(scheduler.unitsGranted(grant, on: side, at: time.now))
            }
        }
    }

    private func finish(_ outcome: CopyOutcome) {
        timer?.cancel()
        timer = nil
        // Pages stay: a batch that did not come home in time may still be read from them.
        let completion = self.completion
        self.completion = nil
        completion?(outcome)
    }

    private func release(_ page: Int) {
        guard let bytes = pages[page] else { return }
        pages[page] = nil
        releasedKeys[bytes.segment] = bytes.lastKey
        digest?.add(bytes.digests[bytes.digested...], segment: bytes.segment)
        pageBuffers.give(bytes.buffer)
    }

    // MARK: Saving

    private func save(_ progress: CopySave) {
        do {
            let segments = try progress.segments.map { try record($0) }
            let entry = JournalEntry(
                segments: segments, digests: digest?.state(of: segments),
                deadLetters: try progress.deadLetters.map { try deadLetter($0) },
                itemsAhead: scheduler.itemsSettledAhead(),
                progress: CopyProgress(&scheduler, of: subject, at: time.now))
            journal.save(entry) { [self] result in
                queue.async { [self] in saved(result) }
            }
        } catch {
            // The cutter has walked over each key already.
            preconditionFailure("a key that was cut out can't be read: \(error)")
        }
    }

    private func saved(_ result: Result<Void, JobError>) {
        switch result {
        case .success: perform(scheduler.saved(at: time.now))
        case .failure(let error):
            perform(scheduler.saveFailed(CopyFailure(error), at: time.now))
        }
    }

    private func record(_ progress: SegmentProgress) throws(JSONError) -> SegmentRecord {
        let cursor: [UInt8]?
        switch progress.position {
        case nil:
            cursor = nil
            releasedKeys[progress.segment] = nil
        case .afterReleased:
            guard let key = releasedKeys[progress.segment] else {
                preconditionFailure("segment \(progress.segment) has no page behind it")
            }
            cursor = key
        case .within(let number, let items):
            let page = pages[number]!
            if let digest {
                digest.add(page.digests[page.digested..<items], segment: progress.segment)
                pages[number]!.digested = items
            }
            cursor = try page.items[items - 1].key(in: page.buffer.bytes, schema: schema)
        }
        return SegmentRecord(
            segment: progress.segment, cursor: cursor, items: progress.items,
            bytes: progress.bytes)
    }

    private func deadLetter(_ refused: RefusedItem) throws(JSONError) -> DeadLetter {
        let page = pages[Int(refused.item.page)]!
        let slice = page.items[Int(refused.item.index)]
        return DeadLetter(
            code: refused.failure.code, reason: refused.failure.message,
            key: try slice.key(in: page.buffer.bytes, schema: schema),
            item: Array(page.buffer.bytes[slice.range]))
    }

    // MARK: Pages

    private func scan(_ segment: Int, limit: Int, replyBytesMax: Int) {
        let body = bodies.take()
        let reply = pageBuffers.take(capacityMax: replyBytesMax)
        if segment == 0, startKeys[0] == nil, let kept = first {
            first = nil
            if kept.take(into: reply) {
                return queue.async { [self] in
                    scanned(
                        segment, cut(.success(Reply(kept: reply))), body: body, buffer: reply,
                        isPaid: kept.isPaid)
                }
            }
        }
        scanRequest.write(
            segment: segment, limit: limit, startKey: startKeys[segment], to: body)
        source.reader.send(
            .scan, body: body, reply: reply, replyBytesMax: replyBytesMax, on: queue
        ) { [self] result in
            renewing(result, with: source.reader, orElse: cut(result)) { [self] page in
                scanned(segment, page, body: body, buffer: reply)
            }
        }
    }

    /// Hands on `outcome`; when credentials had expired, only after they have been renewed, or as
    /// a failure for good when they can't be.
    package func renewing<Value: Sendable>(
        _ result: Result<Reply, AWSError>, with client: ReadOnlyClient,
        orElse outcome: Result<Value, CopyFailure>,
        _ body: @escaping @Sendable (Result<Value, CopyFailure>) -> Void
    ) {
        guard case .failure(let error) = result, error.remedy == .renewCredentials else {
            return body(outcome)
        }
        Task {
            do throws(ConfigurationError) {
                try await client.renewCredentials(after: error)
                queue.async { body(outcome) }
            } catch {
                let failure = CopyFailure(
                    .remedy(.giveUp), code: "CredentialsExpired", message: error.message,
                    hint: error.hint)
                queue.async { body(.failure(failure)) }
            }
        }
    }

    private func cut(_ result: Result<Reply, AWSError>) -> Result<CutPage, CopyFailure> {
        switch result {
        case .failure(let error):
            return .failure(CopyFailure(error, on: "the source \(source.name)"))
        case .success(let reply):
            guard reply.isComplete else { return .failure(CopyFailure(tooLong: reply, "Scan")) }
            do {
                var page = try pageCutter.cut(reply.body.bytes)
                if let expiry {
                    page.expired = try expiry.expired(
                        in: page, of: reply.body.bytes, at: Int(clamping: time.secondsSinceEpoch))
                }
                return .success(page)
            } catch {
                return .failure(CopyFailure(malformed: error, "Scan"))
            }
        }
    }

    private func scanned(
        _ segment: Int, _ result: Result<CutPage, CopyFailure>, body: ByteBuffer,
        buffer: ByteBuffer, isPaid: Bool = false
    ) {
        bodies.give(body)
        switch result {
        case .failure(let failure):
            pageBuffers.give(buffer)
            perform(scheduler.scanFailed(segment: segment, failure, at: time.now))
        case .success(let page):
            let lastKey = page.lastKey.map { Array(buffer.bytes[$0]) }
            guard advance(segment, to: lastKey) else {
                pageBuffers.give(buffer)
                let failure = CopyFailure(goingRoundIn: segment)
                return perform(scheduler.scanFailed(segment: segment, failure, at: time.now))
            }
            let digests: [ItemDigest]
            do throws(JSONError) {
                digests = try digest?.digests(of: page.items, in: buffer.bytes) ?? []
            } catch {
                let failure = CopyFailure(malformed: error, "Scan")
                pageBuffers.give(buffer)
                return perform(scheduler.scanFailed(segment: segment, failure, at: time.now))
            }
            startKeys[segment] = lastKey
            var arrived = ArrivedPage(
                items: page.items, storedBytes: page.storedBytes, replyBytes: buffer.count,
                heldBytes: buffer.capacity
                    + page.items.capacity * MemoryLayout<ItemSlice>.stride
                    + digests.capacity * MemoryLayout<ItemDigest>.stride,
                isLast: page.lastKey == nil, leftOut: page.expired, readUnits: page.readUnits)
            arrived.isPaid = isPaid
            let (slot, actions) = scheduler.pageArrived(
                segment: segment, arrived, at: time.now)
            while pages.count <= slot { pages.append(nil) }
            pages[slot] = PageBytes(
                segment: segment, buffer: buffer, items: page.items, lastKey: lastKey,
                digests: digests)
            perform(actions)
        }
    }

    /// Whether a segment's scan leads on; where it does, it is known to have come to `key`.
    private func advance(_ segment: Int, to key: [UInt8]?) -> Bool {
        guard let key else {
            loops[segment] = nil
            return true
        }
        return loops[segment, default: CursorLoop(start: startKeys[segment])].advance(to: key)
    }

    // MARK: Batches

    private func write(_ id: BatchID, _ items: [BatchItem], bodyBytesMax: Int) {
        let batch = SentBatch(
            id: id, items: items, body: bodies.take(), reply: replies.take(), at: time.now)
        if let keepingRequest {
            return putIfAbsent(batch, keepingRequest, replyBytesMax: bodyBytesMax)
        }
        batchRequest.write(bytesMax: bodyBytesMax, to: batch.body) { splice(items, &$0) }
        target.batchWrite(
            body: batch.body, reply: batch.reply, replyBytesMax: bodyBytesMax, on: queue
        ) { [self] result in
            renewing(result, with: target.reader, orElse: judge(batch, result)) { [self] in
                answered(batch, $0)
            }
        }
    }

    package struct SentBatch: Sendable {
        fileprivate let id: BatchID
        /// Their pages stay where they are until the batch has been answered.
        package let items: [BatchItem]
        let body: ByteBuffer
        let reply: ByteBuffer
        package let at: Instant
    }

    /// Copies the items' bytes out of their pages.
    private func splice(_ items: [BatchItem], _ body: inout BatchBodyWriter) {
        forEachPlace(of: items) { slice, bytes in
            body.put(UnsafeRawBufferPointer(rebasing: bytes[slice.range]))
        }
    }

    /// Calls `body` with each item's place and the bytes of its page. Neighbours follow each other,
    /// so that each page is looked up once for several of them.
    @inline(__always)
    private func forEachPlace(
        of items: [BatchItem], _ body: (ItemSlice, UnsafeRawBufferPointer) -> Void
    ) {
        var next = 0
        while next < items.count {
            let number = items[next].page
            let page = pages[Int(number)]!
            let bytes = page.buffer.bytes
            page.items.withUnsafeBufferPointer { slices in
                repeat {
                    body(slices[Int(items[next].index)], bytes)
                    next += 1
                } while next < items.count && items[next].page == number
            }
        }
    }

    func place(of item: BatchItem) -> UnprocessedMatcher.Placed {
        let page = Int(item.page)
        return .init(
            slice: pages[page]!.items[Int(item.index)], bytes: pages[page]!.buffer.bytes)
    }

    func answered(_ batch: SentBatch, _ answer: Result<AnsweredBatch, CopyFailure>) {
        bodies.give(batch.body)
        replies.give(batch.reply)
        let now = time.now
        switch answer {
        case .success(let answer): perform(scheduler.batchAnswered(batch.id, answer, at: now))
        case .failure(let failure):
            perform(
                scheduler.batchFailed(batch.id, failure, roundTrip: now - batch.at, at: now))
        }
    }

    private func judge(
        _ batch: SentBatch, _ result: Result<Reply, AWSError>
    ) -> Result<AnsweredBatch, CopyFailure> {
        switch result {
        case .failure(let error):
            return .failure(CopyFailure(error, on: "the target \(target.name)"))
        case .success(let reply):
            guard reply.isComplete else {
                return .failure(CopyFailure(tooLong: reply, "BatchWriteItem"))
            }
            do {
                let cut = try batchReplyCutter.cut(reply.body.bytes)
                guard let positions = try positions(of: cut.unprocessed, reply, in: batch) else {
                    return .failure(CopyFailure(unmatched: reply))
                }
                return .success(
                    AnsweredBatch(
                        unprocessed: positions, consumed: cut.consumed, roundTrip: reply.latency))
            } catch {
                return .failure(CopyFailure(malformed: error, "BatchWriteItem"))
            }
        }
    }

    private func positions(
        of unprocessed: [ItemSlice], _ reply: Reply, in batch: SentBatch
    ) throws -> [Int]? {
        if unprocessed.isEmpty { return [] }
        let entries = unprocessed.map {
            UnprocessedMatcher.Placed(slice: $0, bytes: reply.body.bytes)
        }
        var places: [UnprocessedMatcher.Placed] = []
        places.reserveCapacity(batch.items.count)
        forEachPlace(of: batch.items) { places.append(.init(slice: $0, bytes: $1)) }
        return try UnprocessedMatcher(batch: places).positions(of: entries)
    }
}

extension UnprocessedMatcher.Placed {
    /// The item's JSON.
    var json: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[slice.range]) }
}
