import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import Jobs
import Pacing
import System

/// Everything that comes before the first item of an export moves.
package enum ExportPreparation {
    /// A table, and where its files go.
    package struct Pair: Sendable {
        package var source: SourceTable
        package var files: any WritableFileStore
        /// Of the store, from the root of its bucket, with its `/`; empty for a folder.
        package var key = ""
        package var bucket: String?

        package init(_ source: SourceTable, to files: any WritableFileStore) {
            self.source = source
            self.files = files
        }
    }

    /// Passes every refusal, and finds the job that this export resumes or makes a new one.
    /// - Parameters:
    ///   - options: one for each table.
    ///   - pairs: at least one.
    ///   - note: gets what the user should know before and while items move.
    ///   - willWrite: is called before anything is written.
    /// - Throws: ``CopyRefusal`` or ``JobError``: nothing was written.
    package static func prepare(
        _ options: [ExportOptions], job jobOptions: JobOptions, _ pairs: [Pair],
        policy: Job.Policy = Job.Policy(), note: @escaping @Sendable (String) -> Void,
        willWrite: () -> Void = {}, time: any TimeSource = MonotonicTime(), seed: UInt64
    ) async throws -> Job {
        precondition(!pairs.isEmpty, "a job has a table")
        precondition(options.count == pairs.count, "\(options.count) for \(pairs.count) tables")
        let locks = try await PairLocks.take(
            pairs.map { PairLocks.Pair($0.source, files: $0.files.title) }, for: .writing,
            in: jobOptions.folder)
        do {
            let looks = try await AtOnce.ofTables(
                Array(zip(pairs, options)), named: pairs.map { ($0.source.name, $0.files.title) }
            ) { pair, options in
                try await look(pair, options)
            }
            let opening = JobOpening(
                kind: .copy, options: jobOptions,
                identity: JobIdentity(
                    exporting: looks.map(\.identity), selection: jobOptions.selection),
                time: time, note: note)
            var generator = SeededGenerator(seed: seed)
            var job = try await open(opening, looks, locks, &generator)
            job.locks = locks
            locks.keep(job)
            willWrite()
            for text in looks.compactMap(\.unread) { note(text) }
            for pair in pairs { pair.source.begin() }
            return try make(job, looks, options, policy, note, time, seed)
        } catch {
            locks.release()
            throw error
        }
    }

    /// A job that writes one table's items as lines into a stream. Nothing is kept of it: it can't
    /// be resumed.
    /// - Parameters:
    ///   - descriptor: of the stream, which stays open.
    ///   - title: what it is called.
    package static func lines(
        _ options: ExportOptions, _ source: SourceTable, to descriptor: Int32, called title: String,
        note: @escaping @Sendable (String) -> Void, willWrite: () -> Void = {},
        time: any TimeSource = MonotonicTime(), seed: UInt64
    ) async throws -> Job {
        let description = try await source.readable("source")
        let expiry = options.skipsExpired ? try await expiry(of: source) : nil
        let first = try await firstRead(source, description, options, spool: nil)
        willWrite()
        source.begin()
        let totals = options.limits.totals
        let keeper = JobKeeper(
            tables: 1, totals, scratchFolder: options.scratchFolder, time: time)
        let shared = SharedLimits(totals, time: time)
        let context = CopyTask.Context(
            keeper: keeper, shared: shared, created: time.secondsSinceEpoch, isResumed: false,
            isOnlyTable: true, time: time)
        let record = JobTable(
            source: source.name, target: title, sourceID: description.id, targetID: nil,
            schema: description.schema, targetWas: .empty, segments: first.segments,
            itemsReported: description.itemCount)
        let task = try ExportTask(
            options,
            ExportTask.Subject(
                table: source, description: description, settings: TableSettings(),
                target: .lines(descriptor, title: title), expiryAttribute: expiry),
            OpenTable(record: record, segments: [], first: first), number: 0, job: title, epoch: 1,
            context, note: note, seed: seed)
        let table = Job.Table(task: task, place: 0, bytes: description.sizeBytes)
        return Job(
            Job.Run(kind: .copy), [table], keeper, Job.Policy(), shared: shared,
            asked: options.limits, note: note, time: time)
    }

    /// What was found of a table.
    struct Look: Sendable {
        var pair: Pair
        var options: ExportOptions
        var description: TableDescription
        var settings: TableSettings
        /// Why settings could not be read.
        var unread: String?
        /// The attribute by which items expire that are to be left out.
        var expiry: String?

        var identity: Identity {
            (
                source: description.arn ?? description.definition.name,
                endpoint: pair.source.reader.endpoint.url, target: pair.files.title,
                transform: options.transform
            )
        }
    }

    typealias Identity = (
        source: String, endpoint: String, target: String, transform: ItemTransform
    )

    static func look(_ pair: Pair, _ options: ExportOptions) async throws -> Look {
        var settings = ExportSink.Settings(folder: "", job: 0, epoch: 0)
        (settings.fileBytes, settings.compression) = (options.fileBytes, options.compression)
        let least = leastMemory(settings)
        guard options.memory >= least else {
            throw CopyRefusal(
                "--memory: \(options.memory.counted("byte"))"
                    + " can't hold two files on their way, and what"
                    + " compresses them",
                hint: "give at least \((least + (1 << 20) - 1) >> 20)MiB, or a smaller --file-size")
        }
        let description = try await pair.source.readable("source")
        var look = Look(
            pair: pair, options: options, description: description, settings: TableSettings())
        // What can't be read of them does not keep the items back.
        do throws(SettingUnreadable) {
            look.settings = try await pair.source.settings(Set(Setting.allCases), of: description)
        } catch {
            look.unread =
                "\(description.definition.name): its \(error.setting.title) can't be read, and"
                + " no settings are in table.json: \(error.error.headline)"
        }
        if options.skipsExpired { look.expiry = try await expiry(of: pair.source) }
        return look
    }

    private static func expiry(of source: SourceTable) async throws(CopyRefusal) -> String? {
        do throws(AWSError) {
            return try await source.timeToLive()
        } catch {
            throw CopyRefusal(error, side: "source", source.reader.endpoint)
        }
    }

    /// A file that is open and one on its way, and a page.
    static func leastMemory(_ settings: ExportSink.Settings) -> Int {
        4 * PageShape.scan().replyBytesMax(items: 1) / 3 + 3 * settings.unitMemory
    }

    private static func open(
        _ opening: JobOpening, _ looks: [Look], _ locks: PairLocks,
        _ generator: inout SeededGenerator
    ) async throws -> OpenJob {
        if var job = try opening.find() {
            locks.write(job: job.record.id)
            try opening.check(
                job,
                looks.map {
                    JobOpening.Found(
                        source: $0.description, target: nil, isFiles: true,
                        segments: $0.options.segments)
                })
            opening.announce(job)
            let firsts = try await firstReads(looks, opening.segments(of: job), opening)
            try opening.goOn(with: &job, firsts)
            try renew(&job, looks, opening)
            return job
        }
        let firsts = try await firstReads(looks, looks.map { _ in nil }, opening)
        var records: [JobTable] = []
        for (look, first) in zip(looks, firsts) {
            var record = JobTable(
                source: look.pair.source.name, target: look.pair.files.title,
                sourceID: look.description.id, targetID: nil, schema: look.description.schema,
                targetWas: .empty, segments: first.segments,
                itemsReported: look.description.itemCount)
            record.export = newExport(opening.time, &generator)
            records.append(record)
        }
        let job = try opening.begin(
            records, firsts, named: looks[0].description.definition.name, using: &generator)
        locks.write(job: job.record.id)
        return job
    }

    private static func newExport(
        _ time: any TimeSource, _ generator: inout SeededGenerator
    ) -> ExportRecord {
        let now = time.secondsSinceEpoch
        return ExportRecord(
            names: ExportNames(
                started: now, salt: UInt32.random(in: 0 ... .max, using: &generator)),
            started: now)
    }

    /// What is exported anew becomes an export of its own: the one before stays unfinished.
    private static func renew(
        _ job: inout OpenJob, _ looks: [Look], _ opening: JobOpening
    ) throws(JobError) {
        guard opening.options.restarts else { return }
        var generator = SeededGenerator(seed: UInt64(bitPattern: opening.time.now.nanoseconds))
        for (number, look) in looks.enumerated() {
            if let old = job.tables[number].record.export {
                opening.note(
                    "\(look.pair.files.title)\(old.names.folder) stays as it is, unfinished")
            }
            let export = newExport(opening.time, &generator)
            try job.kept?.file.setExport(export, ofTable: number)
            job.tables[number].record.export = export
        }
    }

    private static func firstReads(
        _ looks: [Look], _ segments: [Int?], _ opening: JobOpening
    ) async throws -> [FirstRead] {
        let spool = try? Spool(inFolder: opening.options.folder.path)
        let rate = looks[0].options.limits.totals.read
        let firsts = try await AtOnce.ofTables(
            Array(zip(looks, segments)),
            named: looks.map { ($0.pair.source.name, $0.pair.files.title) },
            atOnce: rate == nil ? nil : 1
        ) { look, segments in
            try await firstRead(
                look.pair.source, look.description, look.options, segments: segments, spool: spool)
        }
        for first in firsts { if let text = first.note { opening.note(text) } }
        return firsts
    }

    static func firstRead(
        _ source: SourceTable, _ description: TableDescription, _ options: ExportOptions,
        segments: Int? = nil, spool: Spool?
    ) async throws(CopyRefusal) -> FirstRead {
        if let keys = options.transform.keyList {
            return try await keys.firstRead(source, description.schema)
        }
        var reader = FirstReader(
            source, description, pageBytesMax: PageShape.scan().replyBytesMax(items: 1),
            spool: spool, bytes: description.sizeBytes)
        reader.isConsistent = options.isConsistentRead
        reader.wanted = options.transform.filter
        reader.asked = segments ?? options.segments
        if reader.pushed?.isQuery != true, reader.asked == nil {
            reader.asked = segmentsWanted(description.sizeBytes, options)
        }
        reader.rate = options.limits.totals.read
        do throws(AWSError) {
            var first = try await reader.read()
            guard reader.asked == nil, first.page == nil, first.pushed?.isQuery != true else {
                return first
            }
            // It reports little or nothing, and is more than that: as many as a copy would read it
            // in would make small files.
            let (seen, isHuge) = (first.itemsEstimated ?? 0).multipliedReportingOverflow(
                by: first.itemBytes ?? 1)
            let bytes = max(isHuge ? .max : seen, FirstReader.unsegmentedMax + 1)
            first.segments = min(first.segments, segmentsWanted(bytes, options) ?? first.segments)
            return first
        } catch {
            throw CopyRefusal(error, side: "source", source.reader.endpoint)
        }
    }

    /// Segments that hold a file each at least, but enough for all cores; nil where the table is so
    /// small, or so unknown, that a first look decides.
    static func segmentsWanted(_ bytes: Int, _ options: ExportOptions) -> Int? {
        guard bytes > FirstReader.unsegmentedMax else { return nil }
        // An item's JSON is about twice what is stored, and gzip makes a sixth of it.
        let files = bytes / (options.compression == .none ? 1 : 3) / options.fileBytes
        let wanted = min(max(files, 2 * max(2, OwnThread.coreCount)), 4_096)
        return 1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount)
    }

    private static func make(
        _ job: OpenJob, _ looks: [Look], _ options: [ExportOptions], _ policy: Job.Policy,
        _ note: @escaping @Sendable (String) -> Void, _ time: any TimeSource, _ seed: UInt64
    ) throws -> Job {
        let asked = options[0].limits
        let totals = asked.updated(by: job.record.throttle).totals
        let keeper = JobKeeper(
            job, totals, scratchFolder: options[0].scratchFolder, time: time)
        let shared = SharedLimits(totals, time: time)
        let context = CopyTask.Context(
            keeper: keeper, shared: shared, created: job.record.created,
            isResumed: job.record.runs > 1, isOnlyTable: looks.count == 1, time: time)
        let tables = try looks.enumerated().map { number, look in
            let subject = ExportTask.Subject(
                table: look.pair.source, description: look.description, settings: look.settings,
                target: .files(
                    look.pair.files, key: look.pair.key, bucket: look.pair.bucket),
                expiryAttribute: look.expiry)
            return Job.Table(
                task: try ExportTask(
                    options[number], subject, job.tables[number], number: number,
                    job: job.record.id, epoch: job.record.runs, context, note: note,
                    seed: seed &+ UInt64(number)),
                place: number, bytes: look.description.sizeBytes,
                isFinished: job.tables[number].record.isFinished)
        }
        return Job(
            Job.Run(job), tables, keeper, policy, shared: shared, asked: asked, note: note,
            time: time)
    }
}
