import AWS
import Connectors
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import Jobs
import Pacing
import Status
import System

/// One table on its way to files: its items, and then the manifests. Any thread may call its
/// methods.
final class ExportTask: TableTask {
    /// Where items go.
    enum Target: Sendable {
        /// - Parameters:
        ///   - key: of the store, from the root of its bucket; empty for a folder.
        case files(any WritableFileStore, key: String, bucket: String?)
        /// A stream, of which nothing is kept, with what it is called.
        case lines(Int32, title: String)

        var title: String {
            switch self {
            case .files(let files, _, _): files.title
            case .lines(_, let title): title
            }
        }
    }

    /// The table, as it is when the job begins, and where it goes.
    struct Subject: Sendable {
        var table: SourceTable
        var description: TableDescription
        var settings: TableSettings
        var target: Target
        /// See ``CopyPreflight/Findings/expiryAttribute``.
        var expiryAttribute: String?
    }

    let options: ExportOptions
    let subject: Subject
    let open: OpenTable
    let number: Int
    let context: CopyTask.Context
    /// What tells the job's files from others'.
    private let job: UInt64
    let note: @Sendable (String) -> Void
    private let driver: FlowDriver
    /// Of places that changes name.
    private let matches: PlaceMatches?
    private let through: ThroughSource?
    let seed: UInt64
    /// Of the source, that are read at a time.
    private let partitions: Int
    /// Processes before this one have sent nothing since.
    private let made: Instant
    let state: Locked<State>

    struct State {
        var orders = JobOrders()
        var definition: TableDefinition
        var status: TableStatus
        var isMoving = false
        var verification: TableVerification?
    }

    /// - Parameter job: the job's id, of which a number is made.
    /// - Throws: ``CopyRefusal`` when a percentage is asked for of a table that has nothing to take
    ///   it of; ``JobError`` when it is unknown what earlier runs have done.
    init(
        _ options: ExportOptions, _ subject: Subject, _ open: OpenTable, number: Int, job: String,
        epoch: Int, _ context: CopyTask.Context, note: @escaping @Sendable (String) -> Void,
        seed: UInt64
    ) throws {
        self.options = options
        self.subject = subject
        self.seed = seed
        self.open = open
        self.number = number
        self.context = context
        self.job = Self.number(of: job)
        made = context.time.now
        let name = subject.description.definition.name
        if context.isOnlyTable { self.note = note } else { self.note = { note("\(name): \($0)") } }
        partitions = Self.partitions(of: subject.description, options)
        let limits = try ResolvedLimits(
            reading: subject.description.definition, partitions: partitions, options.limits)
        var status = TableStatus(source: name, target: subject.target.title)
        status.sourceARN = subject.description.arn
        status.progress = Self.idleProgress(open, subject.description)
        status.comparison = open.record.comparison
        status.collisions = open.record.collisions
        if open.record.isFinished { status.end(.completed) }
        state = Locked(State(definition: subject.description.definition, status: status))
        let queue = HTTPEngine.queue("export", lane: number)
        let sink = Self.sink(options, subject.target, open, job: self.job, epoch: epoch)
        var parts = FlowParts(Self.source(options, subject, open, on: queue), to: sink)
        parts.saved = open.segments
        let matches = options.transform.matches(earlier: open.record.placesMet)
        self.matches = matches
        parts.journal = JobJournal(context.keeper, table: number, of: open, matches: matches)
        if let attribute = subject.expiryAttribute {
            let rule = ExpiryRule(attribute: attribute)
            parts.stages.append(ExpiryStage(rule, time: context.time))
        }
        through = Self.add(
            options.transform.inJob(begunAt: context.created), matches, subject, to: &parts,
            onErrorLine: self.note)
        if options.verifies {
            try SourceDigest.kept(
                by: context.keeper, ofTable: number, .table(subject.table), open,
                items: subject.description.itemCount
            )?.add(to: &parts, schema: subject.description.schema)
        }
        var configuration = parts.configuration(Self.memory(options, sink.shape))
        if sink.shape.hasUnits {
            configuration.openMax = Self.openMax(options, sink.shape)
            configuration.writesMax = configuration.openMax
        }
        if let scansMax = options.scansMax { configuration.readsMax = scansMax }
        // How many items a Query brings is not known.
        if open.first?.pushed?.isQuery != true {
            configuration.itemsReported =
                options.transform.keyList?.count ?? subject.description.itemCount
        }
        configuration.itemBytesReported = subject.description.itemBytes ?? open.first?.itemBytes
        configuration.spent = open.first?.spent ?? SpentReads()
        configuration.read = limits.read
        configuration.giveUpAfter = options.giveUpAfter
        driver = FlowDriver(
            parts, configuration, shared: (context.shared, number), on: queue, time: context.time,
            seed: seed)
    }

    private static func source(
        _ options: ExportOptions, _ subject: Subject, _ open: OpenTable, on queue: DispatchQueue
    ) -> any PageSource {
        let schema = subject.description.schema
        if let keys = options.transform.keyList {
            return KeyListSource(subject.table, keys, schema: schema, on: queue)
        }
        var scan = ScanSource.Settings(segments: open.record.segments)
        scan.isConsistent = options.isConsistentRead
        scan.first = open.first?.page
        scan.filter = open.first?.pushed(after: open.segments)
        return ScanSource(subject.table, side: "source", schema: schema, scan, on: queue)
    }

    private static func sink(
        _ options: ExportOptions, _ target: Target, _ open: OpenTable, job: UInt64, epoch: Int
    ) -> any BatchSink {
        switch target {
        case .lines(let descriptor, _): return LineSink(descriptor)
        case .files(let files, _, _):
            guard let export = open.record.export else {
                preconditionFailure("\(open.record.source) is exported without an export")
            }
            var settings = ExportSink.Settings(
                folder: export.names.data, job: job, epoch: UInt16(truncatingIfNeeded: epoch))
            settings.compression = options.compression
            settings.fileBytes = options.fileBytes
            return ExportSink(files, settings)
        }
    }

    /// No more are read at a time than segments are open.
    static func partitions(
        of table: TableDescription, _ options: ExportOptions
    ) -> Int {
        let all = 1 + table.sizeBytes / ServiceLimits.partitionBytes
        return min(all, 2 * max(2, OwnThread.coreCount))
    }

    /// Pages need no more than they would in a copy: the rest is for files.
    static func memory(_ options: ExportOptions, _ shape: BatchShape) -> MemoryBudget {
        let pages = max(
            PageShape.scan().replyBytesMax(items: 1),
            min(ExportOptions.pageBytes, options.memory / 4))
        return MemoryBudget(pageBytes: pages, batchBytes: max(0, options.memory - pages))
    }

    /// Half of the files that memory holds are open, the others on their way.
    static func openMax(_ options: ExportOptions, _ shape: BatchShape) -> Int {
        let files = memory(options, shape).batchBytes / shape.unitMemory
        return max(1, min(files / 2, 2 * max(2, OwnThread.coreCount)))
    }

    private static func number(of job: String) -> UInt64 {
        SHA256().hash(Array(job.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func idleProgress(
        _ open: OpenTable, _ description: TableDescription
    ) -> FlowProgress {
        var progress = FlowProgress(segments: open.record.segments)
        progress.hasEnded = open.record.isFinished
        progress.itemsEarlier = open.segments.lazy.map(\.items).clampedSum
        progress.bytesEarlier = open.segments.lazy.map(\.bytes).clampedSum
        progress.counters.segmentsFinished = open.segments.count { $0.isFinished }
        progress.itemsEstimated =
            open.record.isFinished
            ? progress.itemsEarlier : max(progress.itemsEarlier, description.itemCount)
        return progress
    }

    // MARK: TableTask

    var status: TableStatus {
        let state = state.withLock { $0 }
        var status = state.status
        if state.isMoving { status.progress = driver.progress }
        if let now = state.verification?.status {
            (status.stage, status.comparison) = (now.stage, now.comparison)
        }
        return status
    }

    func obey(_ orders: JobOrders) {
        state.withLock { state in
            if orders.isPaused != state.orders.isPaused { driver.setPaused(orders.isPaused) }
            if orders.isStopping { driver.stop() }
            state.verification?.obey(orders)
            if orders.throttle != state.orders.throttle,
                let limits = try? ResolvedLimits(
                    reading: state.definition, partitions: partitions,
                    options.limits.updated(by: orders.throttle))
            {
                driver.setLimits(read: limits.read)
            }
            state.orders = orders
        }
    }

    func limits(under throttle: RequestedLimits) throws(CopyRefusal) -> ResolvedLimits? {
        try ResolvedLimits(
            reading: state.withLock { $0.definition }, partitions: partitions,
            options.limits.updated(by: throttle))
    }

    func run() async -> TableStatus {
        state.withLock { ($0.status.stage, $0.isMoving) = (.copying, true) }
        var outcome: FlowOutcome
        do throws(FlowFailure) {
            try await finish?.begin()
            tellLimits()
            let watch = CapacityWatch { [weak self] in await self?.lookUpLimits() }
            outcome = await driver.run(through)
            watch.stop()
            let progress = driver.progress
            state.withLock { ($0.status.progress, $0.isMoving) = (progress, false) }
            if outcome == .completed {
                tellUnmet(progress)
                try await findCollisions()
            }
            if outcome == .completed, let finish {
                try await close(finish)
                if options.verifies { outcome = try await verify(finish) }
            }
        } catch {
            outcome = .failed(error)
        }
        return state.withLock { state in
            (state.isMoving, state.verification) = (false, nil)
            state.status.end(outcome)
            return state.status
        }
    }

    /// What becomes of items on the way.
    private static func add(
        _ transform: ItemTransform, _ matches: PlaceMatches?, _ subject: Subject,
        to parts: inout FlowParts, onErrorLine: @escaping @Sendable (String) -> Void
    ) -> ThroughSource? {
        let schema = subject.description.schema
        let through = parts.add(
            transform, from: schema, to: schema, matches: matches,
            onErrorLine: { onErrorLine("--through: \($0)") })
        guard let origins = originStage(transform, subject) else { return through }
        parts.stages.append(origins)
        parts.folds.append(OriginFold())
        return through
    }

    /// Notes where items come from whose keys are changed on the way.
    private static func originStage(
        _ transform: ItemTransform, _ subject: Subject
    ) -> OriginStage? {
        let schema = subject.description.schema
        guard transform.movesKeys(from: schema, to: schema) else { return nil }
        return OriginStage(from: schema, to: schema, hiddenBy: transform.hidingKey)
    }

    private func findCollisions() async throws(FlowFailure) {
        guard Self.originStage(options.transform, subject) != nil else { return }
        let (keeper, number, memory) = (context.keeper, number, options.memory)
        do {
            let found = try await OwnThread.run {
                Result { () throws(JobError) in
                    try keeper.collisions(ofTable: number, bytesMax: memory / 2)
                }
            }.get()
            state.withLock { $0.status.collisions = found }
            try keeper.saveNow(TableSave(collisions: found), ofTable: number)
        } catch {
            throw FlowFailure(error)
        }
    }

    /// What was to be changed and was in no item: where there were any.
    private func tellUnmet(_ progress: FlowProgress) {
        guard let matches, progress.counters.itemsWritten + progress.itemsEarlier > 0 else {
            return
        }
        state.withLock { $0.status.unmet = matches.missing }
    }

    private func tellLimits() {
        let orders = state.withLock { $0.orders }
        guard context.isOnlyTable, let limits = try? limits(under: orders.throttle),
            let units = limits.read.unitsPerSecond
        else { return }
        note("read units a second: at most \(units.unitText)")
    }

    // MARK: The end

    /// What is left to do of files.
    struct Finish {
        var files: any WritableFileStore
        var key: String
        var bucket: String?
        var export: ExportRecord
        var steps: ExportFinish

        func begin() async throws(FlowFailure) { try await steps.begin() }
    }

    private var finish: Finish? {
        guard case .files(let files, let key, let bucket) = subject.target,
            let export = open.record.export
        else { return nil }
        return Finish(
            files: files, key: key, bucket: bucket, export: export,
            steps: ExportFinish(files, export.names, job: job, patience: options.giveUpAfter))
    }

    /// All data files are there: nothing else is to lie among them, and then manifests list them.
    private func close(_ finish: Finish) async throws(FlowFailure) {
        let late = finish.files.landsWithin - (context.time.now - made)
        if context.isResumed, late > .zero {
            note("waiting for what an earlier run may have sent")
            await Pause.lasting(late)
        }
        let (data, closing) = try settled(finish.export)
        try await finish.steps.clear(data)
        try await finish.steps.write(
            data, summary(of: data, closing, finish), closing.table, below: finish.key)
        note("exported to \(finish.files.title)\(finish.export.names.folder)")
    }

    /// The files, and what else is settled before the first manifest is written.
    private func settled(
        _ export: ExportRecord
    ) throws(FlowFailure) -> (data: [DataFile], ExportRecord.Closing) {
        do throws(JobError) {
            var data = try context.keeper.filesWritten(ofTable: number)
            data.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            return (data, try closing(of: export))
        } catch {
            throw FlowFailure(error)
        }
    }

    private func closing(
        of export: ExportRecord
    ) throws(JobError) -> ExportRecord.Closing {
        if let settled = export.closing { return settled }
        var record = export
        let closing = ExportRecord.Closing(
            ended: context.time.secondsSinceEpoch,
            storedBytes: status.progress.bytesEarlier.addingClamped(
                status.progress.counters.storedBytesWritten),
            table: ExportedTable(
                description: subject.description.json, settings: subject.settings.json))
        record.closing = closing
        try context.keeper.setExport(record, ofTable: number)
        return closing
    }

    private func summary(
        of data: [DataFile], _ closing: ExportRecord.Closing, _ finish: Finish
    ) -> ExportSummary {
        let definition = subject.description
        let arn =
            definition.arn
            ?? "arn:aws:dynamodb:\(subject.table.reader.endpoint.region):000000000000:table/"
            + definition.definition.name
        var summary = ExportSummary(
            filesKey: finish.key + finish.export.names.files,
            items: data.lazy.compactMap(\.items).clampedSum,
            tableARN: arn, tableID: definition.id,
            exportARN: "\(arn)/export/\(finish.export.names.id)",
            started: finish.export.started, ended: closing.ended,
            storedBytes: closing.storedBytes)
        summary.bucket = finish.bucket
        summary.prefix = finish.key.isEmpty ? nil : String(finish.key.dropLast())
        return summary
    }

    /// Looks up the table's capacity; a look that fails changes nothing.
    private func lookUpLimits() async {
        let asked = options.limits.updated(by: state.withLock { $0.orders.throttle })
        guard asked.readUnits.followsTable else { return }
        do {
            let definition = try await subject.table.describe().definition
            let limits = try ResolvedLimits(reading: definition, partitions: partitions, asked)
            state.withLock { $0.definition = definition }
            driver.setLimits(read: limits.read)
        } catch {
            note("the table's capacity could not be looked up again: \(error)")
        }
    }
}
