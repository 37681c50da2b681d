import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import JSON
import Jobs
import Native
import Pacing
import S3
import Schema
import Status
import System
import Transfer

/// Everything that comes before DynamoDB is asked to export tables.
package enum SnapshotPreparation {
    /// A table, and where DynamoDB writes its export.
    package struct Pair: Sendable {
        package var source: SourceTable
        package var exporter: ExportingClient
        package var bucket: TargetBucket
        /// The same bucket with the source's credentials, with which DynamoDB writes.
        package var probed: TargetBucket
        /// From the root of the bucket; with its final `/` or without it is one place.
        package var prefix: String
        /// How a table is loaded from it, to be kept with it; nil: by nobody.
        package var load: String?
        /// Which items are exported; nil: all.
        package var filter: ItemFilter?
        /// What the export is for, where it is a step of something else: it is no other's.
        package var purpose: JSON?

        package init(
            _ source: SourceTable, by exporter: ExportingClient, to bucket: TargetBucket,
            probed: TargetBucket, prefix: String
        ) {
            self.source = source
            self.exporter = exporter
            self.bucket = bucket
            self.probed = probed
            self.prefix = prefix
        }
    }

    /// Passes every refusal, and finds the job that the same command began, or makes a new one.
    /// - Parameters:
    ///   - pairs: at least one.
    ///   - note: gets what the user should know.
    /// - Throws: ``CopyRefusal`` or ``JobError``: nothing was asked for.
    package static func prepare(
        _ options: SnapshotOptions, job jobOptions: JobOptions, _ pairs: [Pair],
        policy: Job.Policy = Job.Policy(), note: @escaping @Sendable (String) -> Void,
        time: any TimeSource = MonotonicTime(), seed: UInt64
    ) async throws -> Job {
        precondition(!pairs.isEmpty, "a job has a table")
        let files = pairs.map { WritableBucketStore($0.bucket, prefix: $0.prefix) }
        let locks = try await PairLocks.take(
            zip(pairs, files).map { PairLocks.Pair($0.source, files: $1.title) }, for: .writing,
            in: jobOptions.folder)
        do {
            let looks = try await looks(pairs, jobOptions.folder)
            let opening = JobOpening(
                kind: .copy, options: jobOptions,
                identity: identity(options, looks, jobOptions.selection), time: time, note: note)
            var generator = SeededGenerator(seed: seed)
            var job = try await open(opening, options, looks, &generator)
            locks.write(job: job.record.id)
            job.locks = locks
            locks.keep(job)
            for text in looks.compactMap(\.unread) { note(text) }
            return make(job, options, looks, policy, note, time)
        } catch {
            locks.release()
            throw error
        }
    }

    /// What a job has exported of a table.
    package struct Exported: Sendable {
        /// From the place of its pair on, with its `/`.
        package var folder: String
        /// How it is loaded.
        package var load: String?
    }

    /// What a job has exported; nil where it has not finished.
    package static func exported(
        by id: String, in folder: JobFolder
    ) throws(JobError) -> [Exported]? {
        let tables = try folder.tables(of: id)
        let found = tables.compactMap { table -> Exported? in
            guard let request = table.requests.first, request.isDone, let arn = request.arn else {
                return nil
            }
            let names = ExportNames(id: ExportDescription.id(ofARN: arn))
            return Exported(folder: names.folder, load: request.load)
        }
        return found.count == tables.count ? found : nil
    }

    /// The newest job of the same command that has finished.
    package static func finished(
        _ options: SnapshotOptions, job jobOptions: JobOptions, _ pairs: [Pair]
    ) async throws -> JobRecord? {
        try await newest(options, jobOptions, pairs).flatMap { $0.state.isOver ? $0 : nil }
    }

    /// Whether a job of the same command is there to be resumed.
    package static func hasBegun(
        _ options: SnapshotOptions, job jobOptions: JobOptions, _ pairs: [Pair]
    ) async throws -> Bool {
        try await newest(options, jobOptions, pairs).map { !$0.state.isOver } ?? false
    }

    private static func newest(
        _ options: SnapshotOptions, _ jobOptions: JobOptions, _ pairs: [Pair]
    ) async throws -> JobRecord? {
        let looks = try await looks(pairs, jobOptions.folder)
        let identity = identity(options, looks, jobOptions.selection)
        return jobOptions.folder.newest(identity: identity.text)
    }

    private static func looks(_ pairs: [Pair], _ folder: JobFolder) async throws -> [Look] {
        try await AtOnce.ofTables(
            pairs,
            named: pairs.map {
                ($0.source.name, WritableBucketStore($0.bucket, prefix: $0.prefix).title)
            }
        ) { pair in
            try await Look(pair, WritableBucketStore(pair.bucket, prefix: pair.prefix), folder)
        }
    }

    /// What was found of a table.
    private struct Look: Sendable {
        var pair: Pair
        var files: WritableBucketStore
        var description: TableDescription
        var settings = TableSettings()
        /// Why settings could not be read.
        var unread: String?

        /// - Parameter folder: a table that is gone may have been asked for before.
        init(_ pair: Pair, _ files: WritableBucketStore, _ folder: JobFolder) async throws {
            self.pair = pair
            self.files = files
            do {
                description = try await pair.source.readable("source")
            } catch {
                guard let kept = folder.exportedTable(named: pair.source.name, to: files.title),
                    try await pair.source.describeIfExists() == nil
                else { throw error }
                description = try TableDescription(kept.description)
                settings = TableSettings(json: kept.settings)
                return
            }
            // What can't be read of them does not keep the items back.
            do throws(SettingUnreadable) {
                settings = try await pair.source.settings(Set(Setting.allCases), of: description)
            } catch {
                unread =
                    "\(description.definition.name): its \(error.setting.title) can't be read, and"
                    + " no settings are in table.json: \(error.error.headline)"
            }
        }
    }

    private static func identity(
        _ options: SnapshotOptions, _ looks: [Look], _ selection: String?
    ) -> JobIdentity {
        var json: JSON = [
            "tables": .array(
                looks.map { look in
                    var json: JSON = [
                        "source": .string(look.description.arn ?? look.pair.source.name),
                        "sourceEndpoint": .string(look.pair.source.reader.endpoint.url),
                        "target": .string(look.files.title), "targetEndpoint": "files",
                    ]
                    json["where"] = look.pair.filter.map { .string($0.text) }
                    json["for"] = look.pair.purpose
                    return json
                })
        ]
        switch options.extent {
        case .full(let time): json["snapshot"] = time.map { JSON($0) } ?? "latest"
        case .changes(.time(let time)): json["since"] = JSON(time)
        case .changes(.export(let export)): json["since"] = .string(export)
        }
        return JobIdentity(json, selection: selection)
    }

    private static func open(
        _ opening: JobOpening, _ options: SnapshotOptions, _ looks: [Look],
        _ generator: inout SeededGenerator
    ) async throws -> OpenJob {
        if var job = try opening.find() {
            try opening.check(
                job,
                looks.map {
                    JobOpening.Found(source: $0.description, target: nil, isFiles: true)
                })
            opening.announce(job)
            let contents =
                opening.options.restarts
                ? try await eachOf(looks) { try await content(options, $0) } : nil
            for number in looks.indices {
                var requests = job.tables[number].record.requests
                if let contents {
                    requests = try self.requests(
                        for: contents[number], options, looks[number], &generator)
                } else {
                    // What has failed is asked for anew.
                    for place in requests.indices where requests[place].failureCode != nil {
                        requests[place] = requests[place].renewed(
                            token: ServiceRequest.token(using: &generator))
                    }
                }
                guard requests != job.tables[number].record.requests else { continue }
                try job.kept?.file.setRequests(requests, ofTable: number)
            }
            try opening.goOn(with: &job, looks.map { _ in FirstRead(segments: 1) })
            return job
        }
        let contents = try await eachOf(looks) { look in
            try await probe(look)
            return try await content(options, look)
        }
        var records: [JobTable] = []
        for (look, contents) in zip(looks, contents) {
            var record = JobTable(
                source: look.description.definition.name, target: look.files.title,
                sourceID: look.description.id, targetID: nil, schema: look.description.schema,
                targetWas: .empty, segments: 1, itemsReported: look.description.itemCount)
            record.requests = try requests(for: contents, options, look, &generator)
            records.append(record)
        }
        return try opening.begin(
            records, looks.map { _ in FirstRead(segments: 1) },
            named: looks[0].description.definition.name, using: &generator)
    }

    /// Whether DynamoDB could write there: it would find out minutes later.
    private static func probe(_ look: Look) async throws(CopyRefusal) {
        do throws(AWSError) {
            try await look.pair.probed.probeWriting(prefix: look.files.key)
        } catch {
            throw CopyRefusal(
                "the source's credentials, with which DynamoDB exports, can't write to"
                    + " \(look.files.title): \(error.code): \(error.headline)",
                hint: error.keyRefusal?.hint(for: "the credentials of the source") ?? error.hint)
        }
    }

    /// - Throws: ``CopyRefusal`` that names all tables that `body` refuses.
    private static func eachOf<Result: Sendable>(
        _ looks: [Look], _ body: @escaping @Sendable (Look) async throws -> Result
    ) async throws -> [Result] {
        try await AtOnce.ofTables(
            looks, named: looks.map { ($0.description.definition.name, $0.files.title) }, body)
    }

    /// What is to be exported of a table, by one export or several.
    private static func content(
        _ options: SnapshotOptions, _ look: Look
    ) async throws -> [ExportRequest.Content] {
        let (table, name) = (look.pair.source, look.description.definition.name)
        let arn = try arn(of: look)
        guard let recoverable = try await window(of: table) else {
            throw CopyRefusal(
                "point-in-time recovery of \(name) is off: DynamoDB can't export the table without"
                    + " it",
                hint: switchingOn(name, table.reader.endpoint))
        }
        switch options.extent {
        case .full(let asked):
            // Right after recovery is switched on there is but one time.
            let latest = max(
                recoverable.lowerBound.rounded(.up), recoverable.upperBound.rounded(.down))
            let time = asked ?? Int(clamping: latest)
            guard recoverable.contains(Double(time)) || asked == nil else {
                throw CopyRefusal(
                    "--snapshot-time \(SnapshotWindows.text(time)): \(name) can be exported as it"
                        + " was from \(text(recoverable.lowerBound)) to"
                        + " \(text(recoverable.upperBound))",
                    hint: "leave --snapshot-time out for the latest")
            }
            let filter = try pushed(look.pair.filter, look.description.schema)
            return [.full(time: time, filter: filter)]
        case .changes(let start):
            let from = try await begin(start, of: look, arn)
            return try SnapshotWindows(from: from, recoverable: recoverable).windows.map {
                .changes(from: $0.lowerBound, to: $0.upperBound)
            }
        }
    }

    private static func requests(
        for contents: [ExportRequest.Content], _ options: SnapshotOptions, _ look: Look,
        _ generator: inout SeededGenerator
    ) throws(CopyRefusal) -> [ServiceRequest] {
        let arn = try arn(of: look)
        return contents.map { content in
            var request = ExportRequest(
                arn, content, token: ServiceRequest.token(using: &generator),
                bucket: look.pair.bucket.name.text,
                prefix: look.files.key.isEmpty ? nil : String(look.files.key.dropLast()))
            request.bucketOwner = options.bucketOwner
            request.encryption = options.encryption
            var kept = ServiceRequest(request.body)
            kept.load = look.pair.load
            kept.table = ExportedTable(
                description: look.description.json, settings: look.settings.json)
            return kept
        }
    }

    private static func arn(of look: Look) throws(CopyRefusal) -> String {
        if let arn = look.description.arn { return arn }
        throw CopyRefusal(
            "\(look.description.definition.name) has no ARN at"
                + " \(look.pair.source.reader.endpoint.url)",
            hint: "leave --snapshot out: dynaferry reads the table itself then")
    }

    private static func text(_ seconds: Double) -> String {
        UTCTime(secondsSinceEpoch: seconds).iso8601
    }

    private static func window(
        of table: SourceTable
    ) async throws(CopyRefusal) -> ClosedRange<Double>? {
        do throws(AWSError) {
            return try await table.recoveryWindow()
        } catch {
            throw CopyRefusal(error, side: "source", table.reader.endpoint)
        }
    }

    /// All of the condition, or nothing: DynamoDB's export is what the user gets.
    private static func pushed(
        _ filter: ItemFilter?, _ schema: KeySchema
    ) throws(CopyRefusal) -> ServiceFilter? {
        guard let filter else { return nil }
        guard let pushed = filter.pushed(keys: schema), pushed.isWhole else {
            throw CopyRefusal(
                "--where: DynamoDB can't judge all of \(filter.text)",
                hint: "leave --where out, and give it when the files are copied into a table")
        }
        return pushed
    }

    /// Where a chain of windows begins.
    private static func begin(
        _ start: SnapshotOptions.Start, of look: Look, _ tableARN: String
    ) async throws(CopyRefusal) -> SnapshotWindows.Start {
        let text: String
        switch start {
        case .time(let time): return .time(time)
        case .export(let named): text = named
        }
        let arn = text.hasPrefix("arn:") ? text : "\(tableARN)/export/\(text)"
        let export: ExportDescription
        do throws(AWSError) {
            export = try await look.pair.exporter.describe(arn)
        } catch  where error.code == "ExportNotFoundException" {
            throw CopyRefusal(
                "--since \(text): \(look.description.definition.name) has no such export",
                hint: "DynamoDB lists its exports: aws dynamodb list-exports --table-arn"
                    + " \(tableARN); or give a time in its place")
        } catch {
            throw CopyRefusal(error, side: "source", look.pair.exporter.endpoint)
        }
        guard export.state != .failed else {
            throw CopyRefusal(
                "--since \(text): DynamoDB has given up that export",
                hint: "name another, or a time")
        }
        guard let begin = SnapshotWindows.start(after: export) else {
            throw CopyRefusal(
                "--since \(text): DynamoDB does not say the time of that export",
                hint: "give a time in its place")
        }
        return begin
    }

    /// The command that a user may run who may change the source; it is not ours to change.
    static func switchingOn(_ table: String, _ endpoint: Endpoint) -> String {
        "turn it on: aws dynamodb update-continuous-backups --region \(endpoint.region)"
            + (endpoint.isCustom ? " --endpoint-url \(endpoint.url)" : "")
            + " --table-name \(table)"
            + " --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
    }

    private static func make(
        _ job: OpenJob, _ options: SnapshotOptions, _ looks: [Look], _ policy: Job.Policy,
        _ note: @escaping @Sendable (String) -> Void, _ time: any TimeSource
    ) -> Job {
        let totals = UnitTotals()
        let keeper = JobKeeper(job, totals, scratchFolder: "/tmp", time: time)
        let (pacer, isOnly) = (CallPacer(time: time), looks.count == 1)
        let tables = looks.enumerated().map { number, look in
            let subject = SnapshotSubject(
                table: look.pair.source, description: look.description, settings: look.settings,
                exporter: look.pair.exporter, files: look.files)
            let name = look.description.definition.name
            return Job.Table(
                task: subject.work(
                    options, job.tables[number], number: number, isOnlyTable: isOnly,
                    keeper: keeper,
                    pacer: pacer,
                    note: { note(isOnly ? $0 : "\(name): \($0)") }, time: time),
                place: number, bytes: look.description.sizeBytes,
                isFinished: job.tables[number].record.isFinished)
        }
        var policy = policy
        // DynamoDB works on all at once.
        policy.width = policy.width ?? tables.count
        return Job(
            Job.Run(job), tables, keeper, policy, shared: SharedLimits(totals, time: time),
            asked: RequestedLimits(), note: note, time: time)
    }
}
