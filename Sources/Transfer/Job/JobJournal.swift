import Connectors
import DynamoModel
import Flow
import Pacing
import System

/// Keeps the progress of one table of a job.
package final class JobJournal: FlowJournal, @unchecked Sendable {
    // @unchecked: what changes is touched by `take` only, which the job's queue calls.
    private let store: JobStore
    private let table: Int
    private let schema: KeySchema
    private let time: any TimeSource
    private let earlier: JobProgress
    /// Items before the cursor of each segment that has one, or is finished.
    private var items: [Int: Int]
    private var itemsDone: Int
    private var written: RateWindow
    private var itemsWritten = 0

    init(_ store: JobStore, table: Int, of job: OpenJob, time: any TimeSource) {
        self.store = store
        self.table = table
        self.time = time
        schema = job.tables[table].record.schema
        earlier = job.tables[table].record.progress
        let segments = job.tables[table].segments
        items = Dictionary(uniqueKeysWithValues: segments.map { ($0.segment, $0.items) })
        itemsDone = items.values.reduce(0, +)
        written = RateWindow(at: time.now)
    }

    package func save(
        _ entry: JournalEntry, completion: @escaping @Sendable (Result<Void, JobError>) -> Void
    ) {
        let letters: [DeadLetter]
        do throws(JobError) {
            letters = try DeadLetter.all(of: entry, schema: schema)
        } catch {
            return completion(.failure(error))
        }
        store.save(
            table: table, entry, letters, progress: { [self] in take($0) },
            completion: completion)
    }

    private func take(_ entry: JournalEntry) -> JobProgress {
        for record in entry.partitions {
            itemsDone +=
                record.items - (items.updateValue(record.items, forKey: record.segment) ?? 0)
        }
        let counters = entry.progress.counters
        written.add(Double(counters.itemsWritten - itemsWritten), at: time.now)
        itemsWritten = counters.itemsWritten
        var progress = JobProgress()
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
        return progress
    }
}
