import Dispatch
import Pacing

/// Keeps the progress of a job's table in the job's file, on a queue of its own, and the job's lock
/// until its end.
///
/// What the copy's thread does not wait for costs it nothing: the file is written beside it.
package final class JobJournal: CopyJournal, @unchecked Sendable {
    // @unchecked: everything that changes is touched only on `queue`.
    private let queue = DispatchQueue(label: "job.state")
    /// nil once it has ended.
    private var file: JobFile?
    private var lock: JobLock?
    private let table: Int
    private let time: any TimeSource
    private let earlier: JobProgress
    /// Items before the cursor of each segment that has one, or is finished.
    private var items: [Int: Int]
    private var itemsDone: Int
    private var written: RateWindow
    private var itemsWritten = 0
    private var progress: JobProgress

    init(_ job: OpenJob, table: Int, time: any TimeSource) {
        file = job.file
        lock = job.lock
        self.table = table
        self.time = time
        earlier = job.record.progress
        progress = earlier
        items = Dictionary(uniqueKeysWithValues: job.segments.map { ($0.segment, $0.items) })
        itemsDone = items.values.reduce(0, +)
        written = RateWindow(at: time.now)
    }

    package func save(
        _ entry: JournalEntry, completion: @escaping @Sendable (Result<Void, JobError>) -> Void
    ) {
        queue.async { [self] in
            completion(
                Result { () throws(JobError) -> Void in
                    take(entry)
                    try file?.save(
                        table: table, entry.segments, entry.deadLetters, progress,
                        at: time.secondsSinceEpoch)
                })
        }
    }

    private func take(_ entry: JournalEntry) {
        for record in entry.segments {
            itemsDone +=
                record.items - (items.updateValue(record.items, forKey: record.segment) ?? 0)
        }
        let counters = entry.progress.counters
        written.add(Double(counters.itemsWritten - itemsWritten), at: time.now)
        itemsWritten = counters.itemsWritten
        progress.counters = counters.after(earlier.counters)
        progress.seconds = earlier.seconds + entry.progress.elapsed.inSeconds
        progress.itemsDone = itemsDone
        progress.itemsEstimated = entry.progress.itemsEstimated
        progress.fraction = entry.progress.fraction
        progress.itemsAhead = entry.itemsAhead
        progress.writesInFlight = entry.progress.writesInFlight
        progress.itemsPerSecond = written.perSecond(at: time.now)
        progress.readUnitsPerSecond = entry.progress.readUnitsPerSecond
        progress.writeUnitsPerSecond = entry.progress.writeUnitsPerSecond
        progress.readLimit = entry.progress.readLimit
        progress.writeLimit = entry.progress.writeLimit
        progress.hold = entry.progress.hold?.rawValue
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

    /// Keeps the run's last state, closes the file, and frees the job for others. Nothing can be
    /// asked of the job after that.
    func end(_ state: JobRecord.State, reason: String? = nil) throws(JobError) {
        try onQueue { () throws(JobError) in
            defer { (file, lock) = (nil, nil) }
            if state == .finished { try file?.setFinished(table: table) }
            try file?.setState(state, reason: reason, at: time.secondsSinceEpoch)
        }
    }

    func addThrottle(_ throttle: JobThrottle) throws(JobError) {
        try onQueue { () throws(JobError) in try file?.addThrottle(throttle) }
    }

    func deadLetters() throws(JobError) -> [DeadLetter] {
        try onQueue { () throws(JobError) in try file?.deadLetters(ofTable: table) ?? [] }
    }

    /// What the job has done, as of the last save.
    var saved: JobProgress { queue.sync { progress } }
}
