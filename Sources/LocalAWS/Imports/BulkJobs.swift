import JSON
import Pacing
import System

/// The bulk operations of the server: items of objects that go into tables that are there. May be
/// used from any thread.
///
/// Nothing runs by itself: each request first has done what was due before it (`catchUp`). Objects
/// are read one by one over the time that an operation takes, so what is cancelled leaves a part.
/// Capacity is neither charged nor waited for.
final class BulkJobs: @unchecked Sendable {
    // @unchecked: every `var` is guarded by `lock`.

    /// At once. The service has a number too; it is not known.
    static let runningMax = 50
    /// How long a token protects (API reference, StartBulkPutItems).
    private static let tokenLife = Duration.seconds(8 * 3600)

    private let tables: Tables
    private let objects: S3Service
    private let keepsNumbers: Bool
    private let lock = Lock()
    private var generator: SeededGenerator
    /// The oldest first.
    private var jobs: [BulkJob] = []
    /// Places of those that are not over.
    private var running: [Int] = []

    init(_ tables: Tables, _ objects: S3Service, keepsNumbers: Bool, seed: UInt64) {
        self.tables = tables
        self.objects = objects
        self.keepsNumbers = keepsNumbers
        generator = SeededGenerator(seed: seed &+ 0xB01C)
    }

    /// How many were started.
    var count: Int { lock.withLock { jobs.count } }

    /// Does what is due. To be called before whatever looks at tables or operations.
    func catchUp(_ time: any TimeSource) {
        lock.withLock {
            guard !running.isEmpty else { return }
            let now = time.now
            for place in running { advance(&jobs[place], to: now) }
            running.removeAll { jobs[$0].ending != nil }
        }
    }

    /// Starts an operation, or finds the one that has the token.
    ///
    /// - Parameter token: nil when the request has none.
    func start(
        _ request: BulkRequest, into table: Table, token: String?, _ schedule: ImportSchedule
    ) throws(ServiceError) -> BulkJob {
        try lock.withLock { () throws(ServiceError) in
            let twin = jobs.last { job in
                job.token == token && schedule.startedAt - job.schedule.startedAt < Self.tokenLife
            }
            if let twin {
                guard twin.request == request else { throw .tokenMismatch }
                return twin
            }
            guard running.count < Self.runningMax else { throw .tooManyOperations }
            let identifier = JobIdentifier.make(at: schedule.startedToday, using: &generator)
            let job = BulkJob(
                // The form of such an ARN is not documented.
                identifier: identifier, arn: "\(table.arn)/bulk-operation/\(identifier)",
                table: table, request: request, token: token ?? tables.makeIdentifier(),
                schedule: schedule)
            running.append(jobs.count)
            jobs.append(job)
            return job
        }
    }

    func job(_ arn: String) -> BulkJob? { lock.withLock { jobs.first { $0.arn == arn } } }

    /// Begins to end an operation; nil when there is none.
    func cancel(_ arn: String, at now: Instant) throws(ServiceError) -> BulkJob? {
        try lock.withLock { () throws(ServiceError) in
            guard let place = jobs.firstIndex(where: { $0.arn == arn }) else { return nil }
            guard jobs[place].ending == nil else {
                throw .validation("The bulk operation is not in progress: \(jobs[place].status)")
            }
            jobs[place].cancelledAt = jobs[place].cancelledAt ?? now
            return jobs[place]
        }
    }

    /// The newest first.
    ///
    /// - Parameter place: of the first that is left out, counted from the oldest; nil for none.
    func page(before place: Int?, limit: Int) -> (jobs: [BulkJob], next: Int?) {
        lock.withLock {
            let end = min(jobs.count, place ?? jobs.count)
            let first = max(0, end - limit)
            return (jobs[first..<end].reversed(), first > 0 ? first : nil)
        }
    }

    // MARK: Doing it

    /// Does what was due by `now`. The caller holds `lock`.
    private func advance(_ job: inout BulkJob, to now: Instant) {
        let due = min(now, job.cancelledAt ?? now)
        do throws(S3Error) {
            if job.objects == nil, due >= job.schedule.readAt {
                guard job.request.mayRead, job.request.mayWrite else { throw .accessDenied }
                _ = try objects.bucket(of: job.request.output)
                job.objects = try objects.objects(of: job.request.source)
            }
            while let next = job.nextObjectAt, due >= next {
                guard tables.table(named: job.table.name, at: now) === job.table else {
                    return end(
                        &job, .failed(code: "TableNotFound", message: "The table was deleted."),
                        at: next)
                }
                try load(&job)
            }
        } catch {
            let failure = BulkJob.Ending.failed(
                code: "S3\(error.code)", message: error.textOfService)
            return end(&job, failure, at: job.nextObjectAt ?? job.schedule.readAt)
        }
        if let cancelledAt = job.cancelledAt {
            let end = cancelledAt + tables.phaseDuration
            if now >= end { self.end(&job, .cancelled, at: end) }
        } else if now >= job.schedule.endAt {
            end(&job, .completed, at: job.schedule.endAt)
        }
    }

    /// Loads the next object.
    private func load(_ job: inout BulkJob) throws(S3Error) {
        guard let (key, content) = job.objects?[job.objectsRead] else { return }
        let bytes = try objects.bytes(of: content)
        var loader = ItemLoader(
            job.table, job.request.form, .lastWins, keepsNumbers: keepsNumbers,
            tally: job.tally)
        loader.load(bytes, of: key)
        job.tally = loader.tally
        job.objectsRead += 1
    }

    /// Writes the report of what was done, whatever the ending.
    private func end(_ job: inout BulkJob, _ ending: BulkJob.Ending, at end: Instant) {
        job.ending = ending
        job.endedAt = end
        do throws(S3Error) {
            for (key, bytes) in BulkReport(job).files {
                try objects.put(bytes, as: key, in: job.request.output.bucket)
            }
        } catch {
            guard case .failed = ending else {
                job.ending = .failed(code: "S3\(error.code)", message: error.textOfService)
                return
            }
        }
    }
}

extension ServiceError {
    fileprivate static let tokenMismatch = ServiceError(
        namespace: .service, name: "IdempotentParameterMismatchException",
        message: "The request has a ClientToken that was used with other parameters")

    fileprivate static let tooManyOperations = ServiceError(
        namespace: .service, name: "LimitExceededException",
        message: "No more than \(BulkJobs.runningMax) bulk operations may run at once")
}
