import Connectors
import Dispatch
import Flow
import Pacing
import System

/// A job's file, on a queue of its own, and the job's lock until its end.
///
/// What the copies' thread does not wait for costs it nothing: the file is written beside it.
final class JobStore: @unchecked Sendable {
    // @unchecked: everything that changes is touched only on `queue`.
    private let queue = DispatchQueue(label: "job.state")
    /// nil once it has ended.
    private var file: JobFile?
    private var lock: FileLock?
    private var locks: PairLocks?
    private let time: any TimeSource
    private let started: Instant
    private let earlier: JobProgress
    private var tables: [JobProgress]
    private var totals: UnitTotals

    init(_ job: OpenJob, _ totals: UnitTotals, time: any TimeSource) {
        self.totals = totals
        file = job.file
        lock = job.lock
        locks = job.locks
        self.time = time
        started = time.now
        earlier = job.record.progress
        tables = job.tables.map { table in
            var progress = table.record.progress
            // One that has not begun counts with what it reports.
            progress.itemsEstimated = progress.itemsEstimated ?? table.record.itemsReported
            return progress
        }
    }

    /// Keeps what `prepare` makes of it, on the job's queue; then calls `completion`, there too.
    func save(
        table: Int, _ entry: JournalEntry, _ letters: [DeadLetter],
        progress: @escaping @Sendable (JournalEntry) -> JobProgress,
        completion: @escaping @Sendable (Result<Void, JobError>) -> Void
    ) {
        queue.async { [self] in
            tables[table] = progress(entry)
            completion(
                Result { () throws(JobError) -> Void in
                    try file?.save(
                        table: table, entry.partitions, letters,
                        digests: entry.folds.lazy.compactMap { $0 as? DigestState }.first,
                        (table: tables[table], job: inAll), at: time.secondsSinceEpoch)
                })
        }
    }

    func verifyState(ofTable table: Int) throws(JobError) -> VerifyState? {
        try onQueue { () throws(JobError) in try file?.verifyState(ofTable: table) }
    }

    func beginVerify(table: Int, key: DigestKey) throws(JobError) {
        try onQueue { () throws(JobError) in try file?.beginVerify(table: table, key: key) }
    }

    func setVerdict(table: Int, _ verdict: CopyVerdict) throws(JobError) {
        try onQueue { () throws(JobError) in try file?.setVerdict(table: table, verdict) }
    }

    /// Keeps what `body` writes into the file, and a table's progress as `update` makes it.
    func save(
        table: Int, _ body: (JobFile) throws(JobError) -> Void,
        update: (inout JobProgress) -> Void
    ) throws(JobError) {
        try onQueue { () throws(JobError) in
            guard let file else { return }
            update(&tables[table])
            try body(file)
            try file.save(
                table: table, [], [], (table: tables[table], job: inAll),
                at: time.secondsSinceEpoch)
        }
    }

    private var inAll: JobProgress {
        var sum = JobProgress.sum(tables)
        sum.seconds = earlier.seconds + (time.now - started).inSeconds
        sum.crashes = earlier.crashes
        sum.hold(within: totals)
        return sum
    }

    func setTotals(_ totals: UnitTotals) {
        queue.async { [self] in self.totals = totals }
    }

    private func onQueue<Value>(
        _ body: () throws(JobError) -> Value
    ) throws(JobError) -> Value {
        try queue.sync { Result(catching: body) }.get()
    }

    func setState(_ state: JobRecord.State) throws(JobError) {
        try onQueue { () throws(JobError) in
            try file?.setState(state, at: time.secondsSinceEpoch)
        }
    }

    func setBoost(table: Int, _ boost: UnitBoost?) throws(JobError) {
        try onQueue { () throws(JobError) in try file?.setBoost(table: table, boost) }
    }

    func setSettings(table: Int, _ report: SettingsReport) throws(JobError) {
        try onQueue { () throws(JobError) in try file?.setSettings(table: table, report) }
    }

    func setEnded(table: Int, isFinished: Bool, failure: String?) throws(JobError) {
        try onQueue { () throws(JobError) in
            tables[table].rest()
            try file?.setEnded(table: table, isFinished: isFinished, failure: failure)
            try file?.save(
                table: table, [], [], (table: tables[table], job: inAll),
                at: time.secondsSinceEpoch)
        }
    }

    /// Keeps the run's last state, closes the file, and frees the job for others. Nothing can be
    /// asked of the job after that.
    func end(_ state: JobRecord.State, reason: String? = nil) throws(JobError) {
        try onQueue { () throws(JobError) in
            defer {
                lock?.release()
                locks?.release()
                (file, lock, locks) = (nil, nil, nil)
            }
            try file?.setState(state, reason: reason, at: time.secondsSinceEpoch)
        }
    }

    func addThrottle(_ throttle: AskedLimits) throws(JobError) {
        try onQueue { () throws(JobError) in try file?.addThrottle(throttle) }
    }

    func deadLetters(ofTable table: Int) throws(JobError) -> [DeadLetter] {
        try onQueue { () throws(JobError) in try file?.deadLetters(ofTable: table) ?? [] }
    }

    func forgetDeadLetters(ofTable table: Int) throws(JobError) {
        try onQueue { () throws(JobError) in try file?.forgetDeadLetters(ofTable: table) }
    }

    /// What the job has done, and each of its tables, as of the last saves.
    var saved: (job: JobProgress, tables: [JobProgress]) { queue.sync { (inAll, tables) } }
}
