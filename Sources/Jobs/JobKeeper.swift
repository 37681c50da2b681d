import Connectors
import Dispatch
import Flow
import Pacing
import Schema
import Status
import System

/// The state of a job that runs: kept in its store, on a queue of its own, with the job's locks
/// until its end.
///
/// What the flows' threads do not wait for costs them nothing: the store is written beside them.
package final class JobKeeper: @unchecked Sendable {
    // @unchecked: everything that changes is touched only on `queue`.
    private let queue = DispatchQueue(label: "job.state")
    /// nil once it has ended.
    private var store: (any JobStore)?
    private var lock: FileLock?
    private var locks: PairLocks?
    private let scratchFolder: String
    private let time: any TimeSource
    private let started: Instant
    private let earlier: (job: JobProgress, tables: [JobProgress])
    private var tables: [Table]
    private var totals: UnitTotals

    private struct Table {
        var progress: JobProgress
        /// Items done.
        var done: RateWindow
    }

    /// - Parameter scratchFolder: for what memory does not hold.
    package init(
        _ job: OpenJob, _ totals: UnitTotals, scratchFolder: String, time: any TimeSource
    ) {
        store = job.kept?.file ?? MemoryJobStore(folder: scratchFolder)
        self.scratchFolder = scratchFolder
        lock = job.kept?.lock
        locks = job.locks
        earlier = (job.record.progress, job.tables.map(\.record.progress))
        self.totals = totals
        self.time = time
        started = time.now
        tables = job.tables.map { [started] table in
            var progress = table.record.progress
            progress.rest()
            // One that has not begun counts with what it reports.
            progress.itemsEstimated = progress.itemsEstimated ?? table.record.itemsReported
            return Table(progress: progress, done: RateWindow(at: started))
        }
    }

    /// Of a job of which nothing outlives the process.
    package init(
        tables count: Int, _ totals: UnitTotals, scratchFolder: String, time: any TimeSource
    ) {
        store = MemoryJobStore(folder: scratchFolder)
        self.scratchFolder = scratchFolder
        earlier = (JobProgress(), [JobProgress](repeating: JobProgress(), count: count))
        self.totals = totals
        self.time = time
        started = time.now
        let table = Table(progress: JobProgress(), done: RateWindow(at: started))
        tables = [Table](repeating: table, count: count)
    }

    // MARK: Saving

    /// What a save does to a table's progress.
    package typealias Update = @Sendable (_ now: inout JobProgress, _ earlier: JobProgress) -> Void

    /// Keeps `save`, and the table's progress as `update` makes it; then calls `completion`, on the
    /// job's queue.
    package func save(
        _ save: @escaping @Sendable () throws(JobError) -> TableSave, ofTable table: Int,
        update: @escaping Update,
        completion: @escaping @Sendable (Result<Void, JobError>) -> Void
    ) {
        queue.async { [self] in
            completion(
                Result { () throws(JobError) -> Void in
                    try write(try save(), ofTable: table, update)
                })
        }
    }

    /// Keeps it before it returns.
    package func saveNow(
        _ save: TableSave = TableSave(), ofTable table: Int, update: Update = { _, _ in }
    ) throws(JobError) {
        try onQueue { () throws(JobError) in try write(save, ofTable: table, update) }
    }

    private func write(_ save: TableSave, ofTable table: Int, _ update: Update) throws(JobError) {
        let done = tables[table].progress.work
        update(&tables[table].progress, earlier.tables[table])
        tables[table].done.add(
            Double(max(0, tables[table].progress.work - done)), at: time.now)
        tables[table].progress.itemsPerSecond = tables[table].done.perSecond(at: time.now)
        if save.end != nil { tables[table].progress.rest() }
        try store?.save(
            save, ofTable: table, (table: tables[table].progress, job: inAll),
            at: time.secondsSinceEpoch)
    }

    private var inAll: JobProgress {
        var sum = JobProgress.sum(tables.map(\.progress), within: totals)
        sum.seconds = earlier.job.seconds + (time.now - started).inSeconds
        sum.crashes = earlier.job.crashes
        return sum
    }

    private func onQueue<Value>(
        _ body: () throws(JobError) -> Value
    ) throws(JobError) -> Value {
        try queue.sync { Result(catching: body) }.get()
    }

    // MARK: The job

    /// What it has done over all its runs, as of the last saves.
    package var saved: JobProgress { queue.sync { inAll } }

    package func setTotals(_ totals: UnitTotals) {
        queue.async { [self] in self.totals = totals }
    }

    package func setState(_ state: JobRecord.State) throws(JobError) {
        try onQueue { () throws(JobError) in
            try store?.setState(state, reason: nil, at: time.secondsSinceEpoch)
        }
    }

    package func addThrottle(_ throttle: RequestedLimits) throws(JobError) {
        try onQueue { () throws(JobError) in try store?.addThrottle(throttle) }
    }

    /// Keeps the run's last state, closes the store, and frees the job for others. Nothing can be
    /// asked of the job after that.
    package func end(_ state: JobRecord.State, reason: String? = nil) throws(JobError) {
        try onQueue { () throws(JobError) in
            defer {
                lock?.release()
                locks?.release()
                (store, lock, locks) = (nil, nil, nil)
            }
            try store?.setState(state, reason: reason, at: time.secondsSinceEpoch)
        }
    }

    // MARK: Its tables

    package func setBoost(table: Int, _ boost: UnitBoost?) throws(JobError) {
        try onQueue { () throws(JobError) in try store?.setBoost(table: table, boost) }
    }

    package func setChain(table: Int, _ chain: AppliedChain) throws(JobError) {
        try onQueue { () throws(JobError) in try store?.setChain(table: table, chain) }
    }

    package func verifyState(ofTable table: Int) throws(JobError) -> VerifyState? {
        try onQueue { () throws(JobError) in try store?.verifyState(ofTable: table) }
    }

    package func setExport(_ export: ExportRecord, ofTable table: Int) throws(JobError) {
        try onQueue { () throws(JobError) in try store?.setExport(export, ofTable: table) }
    }

    package func setTargetCreated(table: Int, id: String?) throws(JobError) {
        try onQueue { () throws(JobError) in try store?.setTargetCreated(table: table, id: id) }
    }

    package func setRequests(_ requests: [ServiceRequest], ofTable table: Int) throws(JobError) {
        try onQueue { () throws(JobError) in try store?.setRequests(requests, ofTable: table) }
    }

    package func filesWritten(ofTable table: Int) throws(JobError) -> [DataFile] {
        try onQueue { () throws(JobError) in try store?.filesWritten(ofTable: table) ?? [] }
    }

    /// Looks for items of a table that got the same key, which takes a while: a part at a time is
    /// asked for.
    /// - Parameter bytesMax: that the search may take in memory.
    package func collisions(ofTable table: Int, bytesMax: Int) throws(JobError) -> KeyCollisions {
        let bytes = try onQueue { () throws(JobError) in
            try store?.originsBytes(ofTable: table) ?? 0
        }
        return try CollisionSearch(bytes: bytes, bytesMax: bytesMax, folder: scratchFolder) {
            number throws(JobError) in
            try self.onQueue { () throws(JobError) in
                try self.store?.origins(ofTable: table, after: number)
            }
        }.run()
    }

    /// A table's verification begins.
    package func beginVerify(table: Int) throws(JobError) -> VerifyState {
        var generator = SystemRandomNumberGenerator()
        let state = VerifyState(key: DigestKey(using: &generator))
        try onQueue { () throws(JobError) in
            try store?.beginVerify(table: table, key: state.key)
        }
        return state
    }

    package func deadLetters(ofTable table: Int) throws(JobError) -> [DeadLetter] {
        try onQueue { () throws(JobError) in try store?.deadLetters(ofTable: table) ?? [] }
    }

    package func forgetDeadLetters(ofTable table: Int) throws(JobError) {
        try onQueue { () throws(JobError) in try store?.forgetDeadLetters(ofTable: table) }
    }
}

extension JobProgress {
    /// Grows while there is something done: items, and once all are compared those written.
    fileprivate var work: Int {
        itemsOnce.addingClamped(self.isComparing ? self.counters.itemsWritten : 0)
    }
}
