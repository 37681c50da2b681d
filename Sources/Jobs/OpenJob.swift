import Connectors
import DynamoModel
import Flow
import System

/// A job that this process may run: new, or found again.
package struct OpenJob {
    /// nil: nothing is kept of it, and it can't be resumed.
    package var kept: Kept?
    /// Of its tables; nil where they are not locked.
    package var locks: PairLocks?
    package var record: JobRecord
    package var tables: [OpenTable]

    /// Where it is kept.
    package struct Kept {
        package let file: JobFile
        let lock: FileLock
        /// Where other processes reach this one.
        package let socketPath: String

        package init(file: JobFile, lock: FileLock, socketPath: String) {
            self.file = file
            self.lock = lock
            self.socketPath = socketPath
        }
    }

    package init(kept: Kept? = nil, record: JobRecord, tables: [OpenTable]) {
        self.kept = kept
        self.record = record
        self.tables = tables
    }

    /// The target of a table is the job's own: made by it, or about to be.
    package func owns(table: Int) -> Bool {
        switch tables[table].record.targetWas {
        case .creating, .created: true
        case .empty, .merged: false
        }
    }

    /// What is kept of the job now.
    package mutating func reload() throws(JobError) {
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

    /// The target of a table is about to be made, and so many units are bought with it.
    package mutating func willBuy(warmUnits: Int, table: Int) throws(JobError) {
        guard tables[table].record.warmUnits != warmUnits else { return }
        try kept?.file.setWarmUnits(table: table, warmUnits)
        tables[table].record.warmUnits = warmUnits
    }

    /// The target of a table is there: as it was found, or made by the job just now.
    package mutating func found(_ target: TableDescription, table: Int) throws(JobError) {
        guard tables[table].record.targetWas == .creating else { return }
        try kept?.file.setTargetCreated(table: table, id: target.id)
        tables[table].record.targetWas = .created
        tables[table].record.targetID = target.id
    }
}

/// A table of a job, and where its segments stand, or the files that it is read from.
package struct OpenTable {
    package var record: JobTable
    package var segments: [PartitionRecord]
    /// What was read of it before the job began, or was resumed.
    package var first: FirstRead?

    package init(record: JobTable, segments: [PartitionRecord], first: FirstRead? = nil) {
        self.record = record
        self.segments = segments
        self.first = first
    }
}
