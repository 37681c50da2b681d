import Connectors
import Flow
import System

/// Files of tables that are written to them, and read from them.
extension JobFile {
    /// Files of an export that have come anywhere, in the order of their names.
    package func filesRead(ofTable table: Int) throws(JobError) -> [PartitionRecord] {
        let rows = try Self.wrapped { () throws(DatabaseError) in
            try database.rows(
                """
                SELECT name, cursor, items, bytes FROM files_read WHERE in_table = ? ORDER BY name
                """, .integer(table))
        }
        var files: [PartitionRecord] = []
        for row in rows {
            guard let name = row[0].text, let items = row[2].integer(in: 0...Self.countMax),
                let bytes = row[3].integer(in: 0...Self.countMax)
            else { throw damaged }
            let cursor = row[1].blob.map { Cursor(bytes: $0) }
            guard cursor == nil || ExportSource.isCursor(cursor) else { throw damaged }
            files.append(
                PartitionRecord(
                    partition: Partition(name: name), cursor: cursor, items: items, bytes: bytes))
        }
        return files
    }

    /// Files that the job has written of a table.
    package func filesWritten(ofTable table: Int) throws(JobError) -> [DataFile] {
        let rows = try Self.wrapped { () throws(DatabaseError) in
            try database.rows(
                "SELECT file FROM files_written WHERE in_table = ? ORDER BY number",
                .integer(table))
        }
        var files: [DataFile] = []
        for row in rows {
            guard let file = row[0].blob.flatMap({ DataFile(stored: $0) }) else { throw damaged }
            files.append(file)
        }
        return files
    }

    package func originsBytes(ofTable table: Int) throws(JobError) -> Int {
        let rows = try Self.wrapped { () throws(DatabaseError) in
            try database.rows(
                "SELECT coalesce(sum(length(records)), 0) FROM key_origins WHERE in_table = ?",
                .integer(table))
        }
        guard let bytes = rows.first?.first?.integer(in: 0 ... .max) else { throw damaged }
        return bytes
    }

    package func origins(
        ofTable table: Int, after number: Int
    ) throws(JobError) -> (number: Int, bytes: [UInt8])? {
        let rows = try Self.wrapped { () throws(DatabaseError) in
            try database.rows(
                """
                SELECT number, records FROM key_origins WHERE in_table = ? AND number > ?
                ORDER BY number LIMIT 1
                """, .integer(table), .integer(number))
        }
        guard let row = rows.first else { return nil }
        guard let next = row[0].integer(in: 0 ... .max), let bytes = row[1].blob else {
            throw damaged
        }
        return (next, bytes)
    }

    /// Within a transaction.
    func insert(_ origins: KeyOrigins, inTable table: Int) throws(DatabaseError) {
        if origins.bytes.isEmpty { return }
        try database.run(
            "INSERT INTO key_origins (in_table, records) VALUES (?, ?)", .integer(table),
            .blob(origins.bytes))
    }

    /// Within a transaction.
    func insert(fileRead record: PartitionRecord, inTable table: Int) throws(DatabaseError) {
        try database.run(
            """
            INSERT OR REPLACE INTO files_read (in_table, name, cursor, items, bytes)
            VALUES (?, ?, ?, ?, ?)
            """,
            .integer(table), .text(record.partition.name), DatabaseValue(record.cursor?.bytes),
            .integer(record.items), .integer(record.bytes))
    }

    /// Within a transaction.
    func insert(_ file: DataFile, inTable table: Int) throws(DatabaseError) {
        try database.run(
            "INSERT INTO files_written (in_table, file) VALUES (?, ?)", .integer(table),
            .blob(file.stored))
    }

    /// Which export a table becomes: what has been settled of it.
    package func setExport(_ export: ExportRecord, ofTable table: Int) throws(JobError) {
        try Self.wrapped { () throws(DatabaseError) in
            try database.run(
                "UPDATE tables SET export = ? WHERE number = ?", .text(export.json.text),
                .integer(table))
        }
    }

    /// Once an item is written, not even a power loss may forget what was being applied.
    package func setChain(table: Int, _ chain: AppliedChain) throws(JobError) {
        try Self.wrapped { () throws(DatabaseError) in
            try database.execute("PRAGMA synchronous=FULL")
            try database.run(
                "UPDATE tables SET chain = ? WHERE number = ?", .text(chain.json.text),
                .integer(table))
            try database.execute("PRAGMA synchronous=NORMAL")
        }
    }

    /// Everything is to be copied again, in so many segments, into the target as it is.
    package func restart(table: Int, segments: Int) throws(JobError) {
        try Self.wrapped { () throws(DatabaseError) in
            try database.transaction { () throws(DatabaseError) in
                for name in ["segments", "files_read", "files_written", "key_origins"] {
                    try database.run("DELETE FROM \(name) WHERE in_table = ?", .integer(table))
                }
                try database.run("DELETE FROM dead_letters WHERE in_table = ?", .integer(table))
                try forgetDigests(ofTable: table)
                try database.run(
                    """
                    UPDATE tables SET segments = ?, is_finished = 0, progress = '{}',
                        failure = NULL, collisions = NULL, places_met = NULL
                    WHERE number = ?
                    """,
                    .integer(segments), .integer(table))
                try database.run("UPDATE job SET progress = '{}'")
            }
        }
    }
}
