import Arguments
import CommandLine
import Connectors
import Dispatch
import DynamoDB
import Flow
import JSON
import Jobs
import Pacing
import S3
import Snapshots
import Status
import System
import Transfer

/// A copy by way of a bucket: DynamoDB exports the tables, and the targets are loaded from there.
/// Two jobs, one after the other: each of them resumes by itself.
struct EngineVia {
    let arguments: CopyArguments
    let via: Location
    let voice: JobConsole
    let environment: [String: String]

    /// Blocks until all that may be refused has been; call it on a thread that may wait.
    func start() throws -> any RunningJob {
        try Blocking.run { try await CommandFailure.wrapping { try await prepare() } }
    }

    private func prepare() async throws -> any RunningJob {
        let sides = try Sides(arguments, environment: environment)
        try checkPartitions(sides)
        var job = try EngineCopy.jobOptions(arguments, environment)
        job.id = job.id.map { $0 + "-snapshot" }
        let selection = TableSelection(arguments)
        let text = selection.needsNames ? selection.text(for: "via \(via.text)") : nil
        // What a pattern has selected stays selected until all of it is loaded.
        let chosen = try text.flatMap { try names(chosenBy: $0, selection, job.folder) }
        let tables = try await EngineCopy.pairs(
            arguments, sides, voice, &job, purpose: "via", chosen: chosen)
        job.selection = text
        let exporter = ExportingClient(
            try await sides.client(sides.source, arguments, voice))
        var pairs: [SnapshotPreparation.Pair] = []
        var loads: [ServiceLoad?] = []
        for table in tables {
            var pair = try await EngineFiles.snapshotPair(
                table.source, by: exporter, to: place(of: table.source.name), sides, arguments,
                voice)
            let load = try await load(of: table)
            pair.load = load?.rawValue ?? Self.byDynaferry
            pair.purpose = purpose(of: table)
            loads.append(load)
            pairs.append(pair)
        }
        let options = arguments.snapshotOptions
        if let exported = try await exported(options, job, pairs, tables) {
            return ChainedJob(
                try await loading(tables, exported),
                end: { [self] in try await cleanup(after: $0, tables, exported, sides) })
        }
        // What would refuse the second job must not be found when the first has been paid for.
        if try await !SnapshotPreparation.hasBegun(options, job: job, pairs) {
            let copies = tables.map { (CopySource.table($0.source), $0.target) }
            try await CopyPreparation.check(
                try EngineCopy.options(of: copies, arguments.unloaded, environment),
                tables: copies, loads: loads)
        }
        let first = try await SnapshotPreparation.prepare(
            options, job: job, pairs, policy: EngineCopy.policy(arguments),
            note: { voice.note($0) }, seed: anySeed())
        let folder = job.folder
        let known = { @Sendable () throws -> [SnapshotPreparation.Exported] in
            guard let id = first.id,
                let exported = try SnapshotPreparation.exported(by: id, in: folder)
            else { throw CommandFailure("what was exported is not known", hints: []) }
            return exported
        }
        return ChainedJob(
            first, then: { [self] in try await loading(tables, known()) },
            end: { [self] status in
                try await cleanup(after: status, tables, known(), sides)
            })
    }

    /// Names of the tables that the same patterns have selected, while not all are loaded.
    private func names(
        chosenBy text: String, _ selection: TableSelection, _ folder: JobFolder
    ) throws -> [String]? {
        guard let job = folder.newest(selection: text) else { return nil }
        let names = try folder.tables(of: job.id).map(\.source)
        guard job.state.isOver,
            let exported = try SnapshotPreparation.exported(by: job.id, in: folder)
        else { return names }
        let targets = try selection.pairs(of: names).map(\.target)
        return isLoaded(exported, into: targets, folder) ? nil : names
    }

    private func isLoaded(
        _ exported: [SnapshotPreparation.Exported], into targets: [String], _ folder: JobFolder
    ) -> Bool {
        zip(exported, targets).allSatisfy { folder.hasLoaded($0.folder, into: $1) }
    }

    /// What an earlier run of the same command has exported and not yet loaded.
    private func exported(
        _ options: SnapshotOptions, _ job: JobOptions, _ pairs: [SnapshotPreparation.Pair],
        _ tables: [EngineCopy.TablePair]
    ) async throws -> [SnapshotPreparation.Exported]? {
        guard !arguments.restart,
            let finished = try await SnapshotPreparation.finished(options, job: job, pairs),
            let exported = try SnapshotPreparation.exported(by: finished.id, in: job.folder),
            !isLoaded(exported, into: tables.map(\.target.name), job.folder)
        else { return nil }
        let age = MonotonicTime().secondsSinceEpoch - finished.updated
        guard age < Self.ageMax || arguments.resume else {
            throw CommandFailure(
                "job \(finished.id) exported the tables \(JobAge.spelled(age)) ago, and not all are"
                    + " loaded: what changed in the source since then would be missed",
                hints: [
                    "--resume loads them all the same; --restart exports them again, once targets"
                        + " that hold items already are deleted"
                ])
        }
        voice.note("loading what job \(finished.id) has exported")
        return exported
    }

    /// Seconds after which exports are not loaded unasked.
    private static let ageMax = 24.0 * 3_600

    /// Removes what was exported, once all of it is verified in the targets: only objects that the
    /// manifests of this job's own exports list, and what belongs to these, one by one.
    private func cleanup(
        after status: JobStatus, _ tables: [EngineCopy.TablePair],
        _ exported: [SnapshotPreparation.Exported], _ sides: Sides
    ) async throws {
        guard arguments.native.viaCleanup else { return }
        guard
            CopySummary(
                arguments, status, ProcessUsage(cpuSeconds: 0, peakMemoryBytes: 0)
            ).exitCode == .success
        else {
            voice.note("--via-cleanup: the exports stay, since not all is as it was to be")
            return
        }
        var removed = 0
        for (table, export) in zip(tables, exported) {
            let location = try S3Location(place(of: table.source.name))
            let bucket = TargetBucket(
                try await sides.bucket(location.bucket, of: sides.target, arguments, voice))
            let files = WritableBucketStore(bucket, prefix: location.prefix)
            removed += try await ExportRemoval(files, patience: arguments.giveUpAfter)
                .remove(export.folder)
        }
        voice.note("--via-cleanup: \(removed.counted("object")) removed")
    }

    /// How a table is loaded that dynaferry loads itself.
    private static let byDynaferry = "dynaferry"

    /// Where a table's export goes.
    private func place(of table: String) -> String {
        let base = via.text.hasSuffix("/") ? via.text : via.text + "/"
        let name = table.split(separator: "/").last.map(String.init) ?? table
        return base + name + "/"
    }

    /// What tells its export from another's, which is not loaded and not removed.
    private func purpose(of table: EngineCopy.TablePair) -> JSON {
        let own = arguments.own(of: table.source.name, into: table.target.name)
        return [
            "target": .string(table.target.name),
            "targetEndpoint": .string(table.target.reader.endpoint.url),
            "load": own.native.load.map { .string($0.rawValue) } ?? .null,
        ]
    }

    /// One set of credentials can't write into a bucket of another partition.
    private func checkPartitions(_ sides: Sides) throws {
        let (source, target) = (try sides.source.endpoint, try sides.target.endpoint)
        guard source.partition != target.partition else { return }
        throw CommandFailure(
            "--via: \(source.region) and \(target.region) are in different partitions of AWS, and"
                + " no credentials reach both",
            hints: [
                "first, with the source's credentials: dynaferry copy \(arguments.sourceText)"
                    + " \(via.text) --snapshot",
                "then copy the bucket: aws s3 sync \(via.text) FOLDER with the source's"
                    + " credentials, and aws s3 sync FOLDER s3://BUCKET/ with the target's",
                "last, with the target's credentials, for each table: dynaferry copy"
                    + " s3://BUCKET/TABLE/ TARGET",
            ])
    }

    /// Who loads a table: ImportTable where the target is not there and it can make it.
    private func load(of table: EngineCopy.TablePair) async throws -> ServiceLoad? {
        let own = arguments.own(of: table.source.name, into: table.target.name)
        if let asked = own.native.load { return asked }
        guard own.optionAgainstLoading == nil,
            try await table.target.describeIfExists() == nil,
            try await table.source.describeIfExists()?.definition.localIndexes.isEmpty == true
        else { return nil }
        return .importTable
    }

    /// The second job.
    private func loading(
        _ tables: [EngineCopy.TablePair], _ exported: [SnapshotPreparation.Exported]
    ) async throws -> Job {
        var loading = arguments
        loading.native.via = nil
        loading.native.viaCleanup = false
        loading.verifies = arguments.verifies || arguments.native.viaCleanup
        loading.config = nil
        loading.renamings = []
        loading.excluded = []
        (loading.source, loading.target) = (Location(), Location())
        loading.entries = try zip(tables, exported).map { table, export in
            var own = arguments.own(of: table.source.name, into: table.target.name)
            own.native.via = nil
            own.verifies = own.verifies || loading.verifies
            own.native.load = export.load.flatMap(ServiceLoad.init)
            let place = place(of: table.source.name) + export.folder
            guard let source = Location(place), let target = Location(table.target.name) else {
                throw CommandFailure("\(place) is no place", hints: [])
            }
            return TableEntry(source: source, target: target, arguments: own)
        }
        return try await EngineCopy.job(loading, voice, environment: environment)
    }
}

/// One job, or two of which the second begins when the first has completed, and what is done at the
/// end. Any thread may call it.
final class ChainedJob: RunningJob, @unchecked Sendable {
    // @unchecked: `result` is written before the semaphore is signalled, read after it was waited
    // for.
    private let current: Locked<(job: Job, isStopping: Bool)>
    private var result: Result<JobStatus, any Error>?
    private let semaphore = DispatchSemaphore(value: 0)

    typealias Next = @Sendable () async throws -> Job
    typealias End = @Sendable (JobStatus) async throws -> Void

    /// - Parameter end: is called once the last job has completed.
    init(_ first: Job, then next: Next? = nil, end: @escaping End) {
        current = Locked((first, false))
        Task { [self] in
            do {
                result = .success(try await run(first, next, end))
            } catch {
                result = .failure(error)
            }
            semaphore.signal()
        }
    }

    private func run(_ first: Job, _ next: Next?, _ end: End) async throws -> JobStatus {
        var status = await first.run()
        if let next {
            guard status.outcome == .completed else { return status }
            guard !current.withLock({ $0.isStopping }) else {
                // All is exported, and nothing is loaded.
                for number in status.tables.indices { status.tables[number].outcome = .stopped }
                return status
            }
            let second = try await next()
            let isStopping = current.withLock { state in
                state.job = second
                return state.isStopping
            }
            if isStopping { second.stop() }
            status = await second.run()
        }
        if status.outcome == .completed { try await end(status) }
        return status
    }

    var status: JobStatus { current.withLock { $0.job }.status }

    func stop() {
        let job = current.withLock { state in
            state.isStopping = true
            return state.job
        }
        job.stop()
    }

    func wait() throws -> JobStatus {
        semaphore.wait()
        semaphore.signal()
        return try result!.get()
    }
}
