import Dispatch
import DynamoModel
import Pacing
import System

/// What a flow goes through, and where its state is kept.
package struct FlowParts: Sendable {
    package var source: any PageSource
    /// In the order in which they see a page.
    package var stages: [any PageStage] = []
    package var folds: [any SettledFold] = []
    /// nil: nothing is written.
    package var sink: (any BatchSink)?
    /// nil: nothing is kept.
    package var journal: (any FlowJournal)?
    /// Where earlier runs of the job left partitions that they had begun.
    package var saved: [PartitionRecord] = []

    package init(_ source: any PageSource, to sink: (any BatchSink)? = nil) {
        self.source = source
        self.sink = sink
    }
}

/// Performs a ``FlowScheduler``'s actions: reads from a source, takes pages through stages, and
/// writes batches into a sink.
///
/// One serial queue owns the scheduler; every event reaches it there. A source and a sink that
/// answer on that queue are handled at once: then a flow's work stays on one thread and in its
/// caches. (Handed to queues on other cores a copy cost a tenth more, and one core moves several
/// times what a table may take.)
package final class FlowDriver: @unchecked Sendable {
    // @unchecked: every `var` is touched only on `queue`, which each event's entry asserts.

    let queue: DispatchQueue
    let time: any TimeSource
    private let parts: FlowParts
    /// What it shares with the other flows of its job, and by which number it is known there.
    private let shared: (limits: SharedLimits, number: Int)
    /// Sides of which units were claimed that have not been granted.
    private var claims: Set<FlowSide> = []
    /// Where heavy stages work; nil where there is none.
    private let worker: DispatchQueue?
    private var scheduler: FlowScheduler
    /// Made when the flow starts: a timer source that is freed before it was activated is a crash.
    private var timer: (any DispatchSourceTimer)?
    private var partitions: [Partition] = []
    /// By the scheduler's numbers.
    private var pages: [HeldPage?] = []
    private var buffers: BufferPool
    private var units = UnitEnds()
    private var calls: CallLog
    /// Events that came while actions were being performed.
    private var inbox: [() -> [FlowAction]] = []
    private var isPerforming = false
    private var completion: (@Sendable (FlowOutcome) -> Void)?
    private var outcome: FlowOutcome?

    /// - Parameters:
    ///   - queue: serial, and the flow's own.
    ///   - configuration: with the shapes of the source and of the sink.
    package init(
        _ parts: FlowParts, _ configuration: FlowConfiguration,
        shared: (limits: SharedLimits, number: Int), on queue: DispatchQueue,
        time: any TimeSource, seed: UInt64
    ) {
        self.parts = parts
        self.shared = shared
        self.queue = queue
        self.time = time
        worker =
            parts.stages.contains(where: \.isHeavy) ? DispatchQueue(label: "flow.worker") : nil
        scheduler = FlowScheduler(configuration, seed: seed, at: time.now)
        calls = CallLog(giveUpAfter: configuration.giveUpAfter)
        buffers = BufferPool(idleBytesMax: configuration.memory.pageBytes / 32)
        queue.setSpecific(key: Self.current, value: ObjectIdentifier(self))
    }

    private static let inboxMax = 256

    /// Which driver's queue the thread is in.
    private static let current = DispatchSpecificKey<ObjectIdentifier>()

    // MARK: Asked from outside

    /// Starts the flow; `completion` is called once, on the driver's queue.
    package func start(completion: @escaping @Sendable (FlowOutcome) -> Void) {
        queue.async { [self] in
            if let outcome { return completion(outcome) }
            self.completion = completion
            let timer = DispatchSource.makeTimerSource(queue: queue)
            self.timer = timer
            timer.setEventHandler { [weak self] in self?.timePassed() }
            timer.activate()
            take { [self] in scheduler.start(at: time.now) }
        }
    }

    /// Moves the items; returns when all are safe, or the flow stopped or failed.
    package func run() async -> FlowOutcome {
        await withCheckedContinuation { continuation in
            start { continuation.resume(returning: $0) }
        }
    }

    /// Asks for an orderly end.
    package func stop() {
        queue.async { [self] in take { [self] in scheduler.stop(at: time.now) } }
    }

    package func setPaused(_ paused: Bool) {
        queue.async { [self] in
            take { [self] in scheduler.setPaused(paused, at: time.now) }
        }
    }

    /// - Parameters: as in ``FlowScheduler/limitsChanged(read:elsewhere:write:writesMax:at:)``.
    package func setLimits(
        read: ReadLimit, elsewhere: ReadLimit? = nil, write: WriteLimits = .init(),
        writesMax: Int? = nil
    ) {
        queue.async { [self] in
            take { [self] in
                scheduler.limitsChanged(
                    read: read, elsewhere: elsewhere, write: write, writesMax: writesMax,
                    at: time.now)
            }
        }
    }

    /// Where the flow stands. Must not be asked for on the driver's queue.
    package var progress: FlowProgress { queue.sync { scheduler.progress(at: time.now) } }

    // MARK: Events and actions

    /// Performs what an event asks for. One that comes while actions are being performed, as from a
    /// source that answers at once, waits until they have been.
    private func take(_ event: @escaping () -> [FlowAction]) {
        if isPerforming { inbox.append(event) } else { perform(event()) }
    }

    private func perform(_ actions: [FlowAction]) {
        dispatchPrecondition(condition: .onQueue(queue))
        isPerforming = true
        for action in actions { perform(action) }
        var next = 0
        while next < inbox.count {
            let event = inbox[next]
            next += 1
            for action in event() { perform(action) }
            // A source that always answers at once must not have it grow for ever.
            if next == Self.inboxMax {
                inbox.removeFirst(next)
                next = 0
            }
        }
        inbox.removeAll(keepingCapacity: true)
        isPerforming = false
    }

    private func perform(_ action: FlowAction) {
        switch action {
        case .open: open()
        case .read(let partition, let cursor, let itemsMax, let bytesMax):
            read(
                partition,
                PageRequest(
                    partition: partitions[partition], after: cursor, itemsMax: itemsMax,
                    bytesMax: bytesMax))
        case .write(let id, let items, _, let unit): write(id, items, into: unit)
        case .closeUnit(let unit, let progress): units.close(unit, at: record(progress))
        case .seal(let unit): seal(unit)
        case .release(let page): release(page)
        case .save(let save): keep(save)
        case .claim(let side, let units): claim(units, on: side)
        case .settle(let side, let grant, let consumed):
            shared.limits[side].settle(grant, consumed: consumed)
        case .wake(let instant): wake(at: instant)
        case .finish(let outcome): finish(outcome)
        }
    }

    /// What is handed to a source or a sink to be called with its answer: `event` is made of the
    /// first, on the queue; any further one is dropped.
    /// - Parameter work: is done to it before, where there is a worker on the worker.
    private func answer<Value: Sendable>(
        _ work: (@Sendable (Value) -> Result<Value, FlowFailure>)? = nil,
        _ event: @escaping @Sendable (Result<Value, FlowFailure>) -> [FlowAction]
    ) -> Done<Value> {
        let call = calls.begin(at: time.now)
        return { [self] result in
            guard call.isFirstAnswer() else { return }
            if let work, let worker {
                return worker.async { [self] in
                    let result = result.flatMap(work)
                    queue.async { [self] in hear(result, of: call, event) }
                }
            }
            if DispatchQueue.getSpecific(key: Self.current) == ObjectIdentifier(self) {
                hear(work.map { result.flatMap($0) } ?? result, of: call, event)
            } else {
                queue.async { [self] in
                    hear(work.map { result.flatMap($0) } ?? result, of: call, event)
                }
            }
        }
    }

    private func hear<Value>(
        _ result: Result<Value, FlowFailure>, of call: CallLog.Call,
        _ event: @escaping (Result<Value, FlowFailure>) -> [FlowAction]
    ) {
        calls.end(call)
        if isPerforming { inbox.append { event(result) } } else { perform(event(result)) }
    }

    private func timePassed() {
        take { [self] in
            let now = time.now
            if let failure = calls.failure(at: now) { return scheduler.fail(failure, at: now) }
            return scheduler.timePassed(at: now)
        }
    }

    private func wake(at instant: Instant) {
        let delay = max(0, (instant - time.now).inNanoseconds)
        timer?.schedule(deadline: .now() + .nanoseconds(Int(delay)), leeway: .nanoseconds(0))
    }

    private func claim(_ units: Double, on side: FlowSide) {
        claims.insert(side)
        shared.limits[side].claim(units, for: shared.number) { [self] grant in
            queue.async { [self] in
                claims.remove(side)
                take { [self] in scheduler.unitsGranted(grant, on: side, at: time.now) }
            }
        }
    }

    private func finish(_ outcome: FlowOutcome) {
        timer?.cancel()
        timer = nil
        for side in claims { shared.limits[side].withdraw(shared.number) }
        claims = []
        // Pages stay: a batch that did not come home in time may still be read from them.
        self.outcome = outcome
        let completion = self.completion
        self.completion = nil
        completion?(outcome)
    }

    // MARK: Pages

    private func open() {
        parts.source.open(
            parts.saved,
            answer { [self] result in
                switch result {
                case .failure(let failure): return scheduler.openFailed(failure, at: time.now)
                case .success(let partitions):
                    self.partitions = partitions
                    return scheduler.opened(
                        partitions.count, earlier, waves: partitions.map(\.wave), at: time.now)
                }
            })
    }

    /// Where earlier runs have left the partitions that there are.
    private var earlier: [PartitionProgress] {
        if parts.saved.isEmpty { return [] }
        let saved = Dictionary(
            parts.saved.map { ($0.partition, $0) }, uniquingKeysWith: { first, _ in first })
        return partitions.enumerated().compactMap { number, partition in
            guard let record = saved[partition] else { return nil }
            return PartitionProgress(
                partition: number, position: record.cursor.map { .at($0) } ?? .finished,
                items: record.items, bytes: record.bytes)
        }
    }

    private func read(_ partition: Int, _ request: PageRequest) {
        let buffer = buffers.take(capacityMax: request.bytesMax)
        parts.source.read(
            request, into: buffer,
            answer({ [self] in staged($0) }) { [self] result in
                switch result {
                case .success(let page): return arrived(partition, page)
                case .failure(let failure):
                    buffers.give(buffer)
                    return scheduler.readFailed(partition: partition, failure, at: time.now)
                }
            })
    }

    private func staged(_ page: Page) -> Result<Page, FlowFailure> {
        Result { () throws(FlowFailure) in
            var page = page
            if page.replyBytes == 0 { page.replyBytes = page.buffer.count }
            for stage in parts.stages { try stage.apply(to: &page) }
            return page
        }
    }

    private func arrived(_ partition: Int, _ page: Page) -> [FlowAction] {
        let growth = parts.stages.reduce(0) { $0 + $1.growth(items: page.items.count) }
        let (number, actions) = scheduler.pageArrived(
            partition: partition, ArrivedPage(page, growth: growth), at: time.now)
        while pages.count <= number { pages.append(nil) }
        pages[number] = HeldPage(page)
        return actions
    }

    private func release(_ number: Int) {
        guard let open = pages[number] else { return }
        pages[number] = nil
        tell(open.folded..<open.page.items.count, of: open)
        buffers.give(open.page.buffer)
    }

    private func tell(_ items: Range<Int>, of held: HeldPage) {
        if parts.folds.isEmpty || items.isEmpty { return }
        let unit = isOfUnits ? units.behind(held.page.request.partition) : nil
        for fold in parts.folds { fold.passed(items, of: held.page, in: unit) }
    }

    // MARK: Batches

    private func write(_ id: BatchID, _ items: [ItemRef], into unit: UnitNumber?) {
        guard let sink = parts.sink else { preconditionFailure("a batch without a sink") }
        let sent = time.now
        let done: Done<BatchReply> = answer { [self] result in
            let now = time.now
            switch result {
            case .success(let reply):
                return scheduler.batchAnswered(
                    id, reply, roundTrip: reply.roundTrip ?? now - sent, at: now)
            case .failure(let failure):
                return scheduler.batchFailed(id, failure, roundTrip: now - sent, at: now)
            }
        }
        if let unit {
            unitSink.write(batch(of: items), in: unitID(unit), done)
        } else {
            sink.write(batch(of: items), done)
        }
    }

    /// Neighbours follow each other, so that each page is looked up once for several of them.
    private func batch(of items: [ItemRef]) -> [BatchItem] {
        var batch: [BatchItem] = []
        batch.reserveCapacity(items.count)
        var next = 0
        while next < items.count {
            let number = items[next].page
            let open = pages[Int(number)]!
            repeat {
                batch.append(
                    BatchItem(
                        items[next].index, of: open, mayBeWritten: items[next].mayBeWritten))
                next += 1
            } while next < items.count && items[next].page == number
        }
        return batch
    }

    // MARK: Units

    private var isOfUnits: Bool { parts.sink?.shape.hasUnits == true }

    private var unitSink: any UnitSink {
        guard let sink = parts.sink as? any UnitSink else {
            preconditionFailure("the sink's shape has units, but it is no sink of units")
        }
        return sink
    }

    private func unitID(_ unit: UnitNumber) -> UnitID {
        UnitID(partition: partitions[unit.partition], ordinal: unit.ordinal)
    }

    private func seal(_ unit: UnitNumber) {
        unitSink.seal(
            unitID(unit),
            answer { [self] result in
                switch result {
                case .success(let record):
                    units.sealed(unit, record)
                    return scheduler.unitSealed(unit, at: time.now)
                case .failure(let failure):
                    return scheduler.sealFailed(unit, failure, at: time.now)
                }
            })
    }

    // MARK: Saving

    private func keep(_ save: FlowSave) {
        guard let journal = parts.journal else {
            return take { [self] in scheduler.saved(at: time.now) }
        }
        let passed = units.pass(save.units)
        for unit in passed.ids { for fold in parts.folds { fold.sealed(unit) } }
        let records = save.partitions.map { record($0) } + passed.partitions
        let entry = JournalEntry(
            partitions: records, units: passed.units,
            folds: parts.folds.map { $0.state(of: records) },
            deadLetters: save.deadLetters.map { refused($0) }, itemsAhead: save.itemsAhead,
            progress: save.progress)
        journal.save(entry) { [self] result in
            queue.async { [self] in
                take { [self] in
                    switch result {
                    case .success: scheduler.saved(at: time.now)
                    case .failure(let error):
                        scheduler.saveFailed(FlowFailure(error), at: time.now)
                    }
                }
            }
        }
    }

    private func record(_ progress: PartitionProgress) -> PartitionRecord {
        PartitionRecord(
            partition: partitions[progress.partition], cursor: cursor(at: progress.position),
            items: progress.items, bytes: progress.bytes)
    }

    private func cursor(at position: PartitionPosition) -> Cursor? {
        switch position {
        case .finished: return nil
        case .at(let cursor): return cursor
        case .start: preconditionFailure("nothing of a partition is safe, and it is saved")
        case .within(let number, let items):
            let open = pages[number]!
            if open.folded < items {
                tell(open.folded..<items, of: open)
                open.folded = items
            }
            return parts.source.cursor(after: items - 1, of: open.page)
        }
    }

    private func refused(_ refused: RefusedItem) -> RefusedBytes {
        let page = pages[Int(refused.item.page)]!.page
        let item = Int(refused.item.index)
        let letter = page.letters[item]
        return RefusedBytes(
            code: refused.failure.code, reason: refused.failure.message, key: letter?.key,
            item: letter?.item ?? Array(page.buffer.bytes[page.written(item).range]))
    }
}

extension ArrivedPage {
    fileprivate init(_ page: Page, growth: Int) {
        self.init(
            items: page.items, storedBytes: page.storedBytes, replyBytes: page.replyBytes,
            heldBytes: page.buffer.capacity
                + page.items.capacity * MemoryLayout<ItemSlice>.stride + growth,
            next: page.next, units: page.units)
        written = page.replaced
        groups = page.groups
        operations = page.operations
        rewritten = page.replacedCount
        unitsElsewhere = page.unitsElsewhere
        itemsCounted = page.itemsCounted
        itemsHidden = page.itemsHidden
        itemsMissing = page.itemsMissing
        isPaid = page.isPaid
        for (item, verdict) in page.verdicts.enumerated() {
            switch verdict {
            case .write: break
            case .leaveOut: leftOut.append(item)
            case .refuse(let failure):
                refused.append(Refused(position: item, failure: failure))
            }
        }
    }
}

extension FlowParts {
    /// With the shapes of its source and its sink.
    package func configuration(_ memory: MemoryBudget) -> FlowConfiguration {
        var configuration = FlowConfiguration(
            page: source.shape, batch: sink?.shape, memory: memory)
        configuration.growth = stages.reduce(0) { $0 + $1.growth(items: 1) }
        configuration.pageFactor = source.shape.memoryFactor + 2 * stages.count(where: \.writesAnew)
        return configuration
    }
}
