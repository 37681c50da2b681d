import Connectors
import DynamoModel
import Flow
import System

/// A job that this process may run: new, or found again.
struct OpenJob {
    /// nil: nothing is kept of it, and it can't be resumed.
    var kept: Kept?
    /// Of its tables; nil where they are locked by nobody.
    var locks: PairLocks?
    var record: JobRecord
    var tables: [OpenTable]

    /// Where it is kept.
    struct Kept {
        let file: JobFile
        let lock: FileLock
        /// Where other processes reach this one.
        let socketPath: String
    }

    /// The target of a table is the job's own: made by it, or about to be.
    func owns(table: Int) -> Bool {
        switch tables[table].record.targetWas {
        case .creating, .created: true
        case .empty, .merged: false
        }
    }

    /// What is kept of the job now.
    mutating func reload() throws(JobError) {
        guard let file = kept?.file else { return }
        record = try file.job()
        let records = try file.tables()
        tables = []
        for (number, record) in records.enumerated() {
            let partitions =
                record.readsFiles
                ? try file.filesRead(ofTable: number) : try file.segments(ofTable: number)
            tables.append(OpenTable(record: record, segments: partitions))
        }
    }

    /// The target of a table is there: as it was found, or made by the job just now.
    mutating func found(_ target: TableDescription, table: Int) throws(JobError) {
        guard tables[table].record.targetWas == .creating else { return }
        try kept?.file.setTargetCreated(table: table, id: target.id)
        tables[table].record.targetWas = .created
        tables[table].record.targetID = target.id
    }
}

/// A table of a job, and where its segments stand, or the files that it is read from.
struct OpenTable {
    var record: JobTable
    var segments: [PartitionRecord]
    /// What was read of it before the job began, or went on.
    var first: FirstRead?
}

extension Job.Run {
    init(_ job: OpenJob) {
        self.init(
            kind: job.record.kind, id: job.kept == nil ? nil : job.record.id,
            runs: job.record.runs, socketPath: job.kept?.socketPath,
            throttle: job.record.throttle)
    }
}
