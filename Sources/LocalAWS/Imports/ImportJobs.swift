import DynamoModel
import JSON
import Pacing
import System

/// The imports of the server. May be used from any thread.
///
/// Nothing runs by itself: each request first does what was due before it (`catchUp`). The items of
/// an import are in its table before that is ACTIVE.
final class ImportJobs: @unchecked Sendable {
    // @unchecked: every `var` is guarded by `lock`.

    /// At once, of an account (developer guide, "Import format quotas and validation").
    static let runningMax = 50

    private let tables: Tables
    private let objects: S3Service
    private let keepsNumbers: Bool
    /// Held while objects are read, so that no other request sees a table half loaded.
    private let lock = Lock()
    private var generator: SeededGenerator
    /// The oldest first.
    private var jobs: [ImportJob] = []
    /// Places of those that have not been read.
    private var waiting: [Int] = []

    init(_ tables: Tables, _ objects: S3Service, keepsNumbers: Bool, seed: UInt64) {
        self.tables = tables
        self.objects = objects
        self.keepsNumbers = keepsNumbers
        generator = SeededGenerator(seed: seed &+ 0x1309)
    }

    /// How many were started.
    var count: Int { lock.withLock { jobs.count } }

    /// Does what is due. To be called before whatever looks at tables or imports.
    func catchUp(_ time: any TimeSource) {
        lock.withLock {
            guard !waiting.isEmpty else { return }
            let now = time.now
            waiting.removeAll { place in
                guard now >= jobs[place].schedule.readAt else { return false }
                jobs[place].outcome = outcome(of: jobs[place], at: now)
                return true
            }
        }
    }

    /// Starts an import, or finds the running one that has the token.
    ///
    /// Observed: a token counts only while its import runs, and what else differs is ignored then.
    /// Reported: another table's name is a conflict.
    func start(
        _ request: ImportRequest, _ schedule: ImportSchedule
    ) throws(ServiceError) -> ImportJob {
        try lock.withLock { () throws(ServiceError) in
            let running = jobs.filter { !$0.isOver(at: schedule.startedAt) }
            let name = request.definition.name
            if let twin = running.first(where: { $0.request.token == request.token }) {
                guard twin.request.definition.name == name else { throw .importConflict }
                return twin
            }
            guard tables.table(named: name, at: schedule.startedAt) == nil else {
                throw .inUse("Table already exists: \(name)")
            }
            guard running.count < Self.runningMax else { throw .tooManyImports }
            let tableARN = tables.arn(of: name)
            let identifier = JobIdentifier.make(at: schedule.startedToday, using: &generator)
            let job = ImportJob(
                identifier: identifier, arn: "\(tableARN)/import/\(identifier)",
                tableARN: tableARN, tableID: tables.makeIdentifier(), request: request,
                schedule: schedule)
            waiting.append(jobs.count)
            jobs.append(job)
            return job
        }
    }

    /// A token for who gave none.
    func makeToken() -> String { tables.makeIdentifier() }

    func job(_ arn: String) -> ImportJob? {
        lock.withLock { jobs.first { $0.arn == arn } }
    }

    /// Those of a table, or all, the newest first.
    ///
    /// - Parameter place: of the first that is left out, counted from the oldest; nil for none.
    func page(
        of tableARN: String?, before place: Int?, limit: Int
    ) -> (jobs: [ImportJob], next: Int?) {
        lock.withLock {
            let end = min(jobs.count, place ?? jobs.count)
            let places = (0..<end).reversed().filter {
                tableARN == nil || jobs[$0].tableARN == tableARN
            }
            let shown = places.prefix(limit)
            return (shown.map { jobs[$0] }, places.count > limit ? shown.last : nil)
        }
    }

    /// Those that have something in the log, the oldest first.
    var logged: [ImportJob] {
        lock.withLock {
            jobs.filter {
                if case .loaded(let tally) = $0.outcome { !tally.faults.isEmpty } else { false }
            }
        }
    }

    // MARK: Doing it

    /// Makes the table and loads it. The caller holds `lock`.
    private func outcome(of job: ImportJob, at now: Instant) -> ImportJob.Outcome {
        let request = job.request
        do throws(S3Error) {
            guard request.mayRead else { throw .accessDenied }
            let found = try objects.objects(of: request.source)
            let table: Table
            do throws(ServiceError) {
                table = try tables.create(
                    request.definition, schema: request.schema, features: request.features,
                    identifier: job.tableID, job.schedule, at: now)
            } catch {
                return .refused(
                    code: "TableAlreadyExists",
                    message: error.message ?? "Table already exists: \(request.definition.name)")
            }
            var loader = ItemLoader(
                table, request.form, .drawn(seed: generator.next()), keepsNumbers: keepsNumbers)
            for (key, content) in found {
                loader.load(try objects.bytes(of: content), of: key)
            }
            return .loaded(loader.tally)
        } catch {
            return .refused(code: "S3\(error.code)", message: error.textOfService)
        }
    }
}

extension Tables {
    /// Creates the table of an import, which begins to be CREATING when its objects are read.
    fileprivate func create(
        _ definition: TableDefinition, schema: KeySchema, features: TableFeatures,
        identifier: String, _ schedule: ImportSchedule, at now: Instant
    ) throws(ServiceError) -> Table {
        try add(definition.name, at: now) { _ in
            Table(
                definition, schema: schema, features, arn: arn(of: definition.name),
                identifier: identifier, createdAt: schedule.seconds(at: schedule.readAt),
                backupsReadyAt: schedule.endAt, rules: rules, at: schedule.readAt,
                phase: .creating(until: schedule.activeAt))
        }
    }
}

extension ServiceError {
    fileprivate static let importConflict = ServiceError(
        namespace: .service, name: "ImportConflictException",
        message: "Import conflict: Duplicate request detected with conflicting parameters")

    fileprivate static let tooManyImports = ServiceError(
        namespace: .service, name: "LimitExceededException",
        message: "No more than \(ImportJobs.runningMax) imports may run at once")
}

extension S3Error {
    /// As a service tells it that asked S3 for somebody.
    var textOfService: String {
        "\(message) (Service: Amazon S3; Status Code: \(status); Error Code: \(code))"
    }
}
