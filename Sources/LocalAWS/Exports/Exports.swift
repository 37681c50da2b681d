import DynamoModel
import JSON
import Pacing
import System

/// The exports of the server: those that run, and those that are over.
///
/// An export is made when it is over and somebody looks: who asks for it, for the list or for
/// anything of S3. Nothing runs meanwhile. What it holds is what the table held at its time.
///
/// May be used from any thread. Its lock is taken before those of tables and of S3.
final class Exports: @unchecked Sendable {
    // @unchecked: every `var` is guarded by `lock`.

    /// An export that is not over.
    private struct Work {
        let source: ExportMaker.Source
        /// Why it will fail, as far as it is known.
        let failure: (code: String, message: String)?
    }

    /// How many were asked for of a table, each once.
    struct Counts: Equatable {
        var full = 0
        var incremental = 0
    }

    private let tables: Tables
    private let s3: S3Service
    private let clock: ServiceClock
    /// Microseconds.
    private let duration: Int

    private let lock = Lock()
    /// In the order in which they began.
    private var records: [ExportRecord] = []
    /// Of the records that are not over, by id.
    private var work: [String: Work] = [:]
    /// The earliest end of these; the end of all time when there is none.
    private var nextEnd = Int.max
    /// Of the exports that are accepted next.
    private var failures: [ExportFailure]
    private var generator: SeededGenerator
    private var counts: [String: Counts] = [:]
    private var rates: (starts: CallRate, looks: CallRate)?

    init(_ options: ServerOptions, _ tables: Tables, _ s3: S3Service, _ clock: ServiceClock) {
        self.tables = tables
        self.s3 = s3
        self.clock = clock
        duration = Int((options.exportDuration ?? options.phaseDuration).inNanoseconds / 1_000)
        failures = options.exportFailures
        generator = SeededGenerator(seed: options.seed &+ 0x4558)
        if options.capacity == .model { rates = (CallRate(callsMax: 20), CallRate(callsMax: 15)) }
    }

    // MARK: Starting

    /// Begins an export, or finds the one that a token stands for; returns its description.
    ///
    /// - Parameter caller: whose rights S3 is reached with; nil when there are no users.
    func start(
        _ request: ExportRequest, of table: Table, _ filter: ExportFilter?, for caller: User?,
        at now: Instant
    ) throws(ServiceError) -> JSON {
        try lock.withLock { () throws(ServiceError) in
            settleAll()
            if let earlier = try earlier(request) { return earlier.description }
            let today = clock.microseconds
            let span = try begin(request, of: table, today)
            let record = makeRecord(request, of: table, span, today)
            let failure = failure(of: record, for: caller)
            let source = ExportMaker.Source(
                table: table, filter: filter, partitions: table.filePartitions(at: now))
            work[record.id] = Work(source: source, failure: failure)
            records.append(record)
            nextEnd = min(nextEnd, record.end)
            switch request.kind {
            case .full: counts[table.name, default: Counts()].full += 1
            case .incremental: counts[table.name, default: Counts()].incremental += 1
            }
            return record.description
        }
    }

    /// The export that was asked for with the same token.
    private func earlier(_ request: ExportRequest) throws(ServiceError) -> ExportRecord? {
        let today = clock.microseconds
        guard let token = request.clientToken,
            let record = records.last(where: {
                $0.request.clientToken == token && $0.keepsToken(at: today)
            })
        else { return nil }
        guard record.request == request else {
            throw ServiceError(
                namespace: .service, name: "ExportConflictException",
                message: "Export conflict: Duplicate request detected with conflicting parameters")
        }
        return record
    }

    private func begin(
        _ request: ExportRequest, of table: Table, _ today: Int
    ) throws(ServiceError) -> ExportSpan {
        try table.itemLock.writing { () throws(ServiceError) in
            let span = try ExportSpan(
                request.extent, table.features.recovery, table: table.name,
                createdAt: table.createdAt, now: today)
            table.beginExport(span)
            return span
        }
    }

    /// Observed: an incremental export begins at a whole second, and its id says when.
    private func makeRecord(
        _ request: ExportRequest, of table: Table, _ span: ExportSpan, _ today: Int
    ) -> ExportRecord {
        let start = request.kind == .full ? today : today / 1_000_000 * 1_000_000
        let digits = String(start / 1_000)
        let suffix = String(generator.next() >> 32 | 1 << 32, radix: 16).dropFirst()
        let padding = String(repeating: "0", count: max(0, 14 - digits.count))
        return ExportRecord(
            id: "\(padding)\(digits)-\(suffix)", tableName: table.name, tableARN: table.arn,
            tableID: table.identifier, request: request, span: span, start: start,
            end: today + duration)
    }

    /// Why an export will fail; nil when its first object could be written.
    private func failure(
        of record: ExportRecord, for caller: User?
    ) -> (code: String, message: String)? {
        let layout = record.layout
        var failure = failures.isEmpty ? nil : failures.removeFirst()
        failure = failure ?? s3.refusal(of: record.request, key: layout.started, tables, caller)
        if let failure {
            return (failure.code.rawValue, failure.description(ids: s3.makeIDs()))
        }
        do throws(S3Error) { try ExportMaker(record: record, s3: s3).writeStarted() } catch {
            return Self.failure(error)
        }
        return nil
    }

    private static func failure(_ error: S3Error) -> (code: String, message: String) {
        ("S3\(error.code)", error.message)
    }

    // MARK: Ending

    /// Makes the exports that are over.
    func settle() { lock.withLock { settleAll() } }

    private func settleAll() {
        // Without exports, not even the clock is read.
        guard !records.isEmpty else { return }
        let today = clock.microseconds
        records.removeAll { !$0.isKept(at: today) }
        guard nextEnd <= today else { return }
        for place in records.indices where records[place].end <= today {
            guard let due = work.removeValue(forKey: records[place].id) else { continue }
            records[place].outcome = outcome(of: records[place], due)
            due.source.table.endExport()
        }
        nextEnd = records.filter { work[$0.id] != nil }.map(\.end).min() ?? .max
    }

    private func outcome(of record: ExportRecord, _ due: Work) -> ExportRecord.Outcome {
        if let (code, message) = due.failure { return .failed(code: code, message: message) }
        do throws(S3Error) {
            let maker = ExportMaker(record: record, s3: s3)
            return .completed(try maker.make(due.source, using: &generator))
        } catch {
            let (code, message) = Self.failure(error)
            return .failed(code: code, message: message)
        }
    }

    /// Lets the next exports that are accepted fail, one for each failure.
    func fail(_ failures: [ExportFailure]) { lock.withLock { self.failures += failures } }

    // MARK: Looking

    /// The `ExportDescription` of an export; nil when there is none.
    func description(of arn: String) -> JSON? {
        lock.withLock {
            settleAll()
            return records.first { $0.arn == arn }?.description
        }
    }

    /// The exports of a table, or all, from the last ARN to the first (API reference, ListExports),
    /// which for one table means the newest first.
    ///
    /// - Parameters:
    ///   - tableID: nil for all tables.
    ///   - arn: where the list goes on behind; nil for its beginning.
    func list(ofTable tableID: String?, behind arn: String?) -> [ExportRecord] {
        lock.withLock {
            settleAll()
            return
                records
                .filter { tableID == nil || $0.tableID == tableID }
                .filter { record in arn.map { record.arn < $0 } ?? true }
                .sorted { $0.arn > $1.arn }
        }
    }

    /// By table, those included that are gone.
    var countsByTable: [String: Counts] { lock.withLock { counts } }

    // MARK: Rates

    /// Throws when there are too many calls, where the server models capacity.
    func admitStart(at now: Instant) throws(ServiceError) {
        guard lock.withLock({ rates?.starts.admits(at: now) ?? true }) else {
            throw .rateExceeded
        }
    }

    func admitLook(at now: Instant) throws(ServiceError) {
        guard lock.withLock({ rates?.looks.admits(at: now) ?? true }) else { throw .rateExceeded }
    }
}

extension Table {
    /// The partitions that an export has data files for: a new on-demand table has four.
    func filePartitions(at now: Instant) -> Int {
        if let partitions = rules.partitions { return partitions }
        let (billing, warm) = itemLock.reading {
            (definition.billing, features.warm.value(at: now))
        }
        let needed = CapacityModel(
            billing: billing, warm: warm, partitions: nil, burstSeconds: 0, second: 0
        ).partitionCount
        return max(needed, accountLock.withLock { account.partitionCount })
    }
}

extension S3Service {
    /// Why S3 does not let an export in; nil when it does, or when it would say so itself.
    fileprivate func refusal(
        of request: ExportRequest, key: String, _ tables: Tables, _ caller: User?
    ) -> ExportFailure? {
        guard let bucket = try? bucket(named: request.bucket) else {
            return ExportFailure(.noSuchBucket)
        }
        if let owner = request.bucketOwner, owner != Tables.account {
            return ExportFailure(.accessDenied)
        }
        if let caller, !caller.may(.putObject) {
            return ExportFailure(
                .accessDenied,
                message: "User: arn:aws:iam::\(Tables.account):user/\(caller.name) is not "
                    + "authorized to perform: s3:PutObject on resource: "
                    + "\"arn:aws:s3:::\(request.bucket)/\(key)\" because no identity-based policy "
                    + "allows the s3:PutObject action")
        }
        // Every key is taken to be there, but none of another region than the bucket's.
        if let keyID = request.keyID, keyID.hasPrefix("arn:") {
            let region = keyID.split(separator: ":", omittingEmptySubsequences: false)
                .dropFirst(3).first.map(String.init)
            guard region == bucket.region else {
                return ExportFailure(.noSuchKey, message: "Invalid arn \(region ?? keyID)")
            }
        }
        return nil
    }
}
