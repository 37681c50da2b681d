import Connectors
import DynamoModel
import Flow
import Glibc
import JSON
import Schema
import Status
import System

/// One job's durable state: an SQLite database of its own, in WAL mode.
///
/// Cursors and dead letters that belong together are committed together, with
/// `synchronous=NORMAL`: what a power loss takes back is the newest commits, whole, and items
/// behind an older cursor are merely copied again. Before a call that makes something (CreateTable)
/// its intent is committed with `FULL`, so that no table is found whose maker is unknown.
/// (sqlite.org, "PRAGMA synchronous", "Write-Ahead Logging".)
///
/// Belongs to one serial queue at a time. Looking at a job with ``Database/Access/read`` never
/// disturbs its writer.
package final class JobFile: JobStore {
    /// Written into each file (`user_version`): an older one is migrated, a newer one refused.
    static let version = JobSchema.steps.count
    /// What is counted in a file is less; sums of such counts are still numbers.
    static let countMax = JobProgress.countMax
    /// `application_id`: "dynf".
    static let applicationID = 0x6479_6E66

    let database: Database

    package var path: String { database.path }

    private init(_ database: Database) { self.database = database }

    /// Makes a new job's file at `path`, where there must be none.
    package static func create(
        _ path: String, _ job: JobRecord, _ tables: [JobTable]
    ) throws(JobError) -> JobFile {
        // SQLite would let others read the file; its own files beside it take its mode.
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw JobError(
                "\(path) can't be made: \(String(cString: strerror(errno)))",
                hint: "name another folder with --state-dir")
        }
        close(descriptor)
        let file = try wrapped { () throws(DatabaseError) in
            let file = JobFile(try Database(path, .write))
            try file.prepareForWriting()
            try file.database.execute("PRAGMA synchronous=FULL")
            try file.database.transaction { () throws(DatabaseError) in
                try file.database.execute(JobSchema.newest)
                try file.setVersion()
                try file.insert(job)
                for (number, table) in tables.enumerated() { try file.insert(table, number) }
            }
            try file.database.execute("PRAGMA synchronous=NORMAL")
            return file
        }
        try syncFolder(of: path)
        return file
    }

    /// A new file is found after a power loss only when its folder has been synced too (fsync(2)).
    private static func syncFolder(of path: String) throws(JobError) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 || errno == EINVAL else {
            throw JobError(
                "the state folder \(folder) can't be synced: \(String(cString: strerror(errno)))",
                hint: "name another folder with --state-dir")
        }
    }

    /// Opens a job's file, migrating one of an older version when it may be written.
    package static func open(_ path: String, readOnly: Bool) throws(JobError) -> JobFile {
        let file = try wrapped { () throws(DatabaseError) in
            JobFile(try Database(path, readOnly ? .read : .write))
        }
        let (application, version) = try wrapped { () throws(DatabaseError) in
            (
                try file.database.rows("PRAGMA application_id").first?.first?.integer(
                    in: 0 ... .max),
                try file.database.rows("PRAGMA user_version").first?.first?.integer(
                    in: 0...Self.countMax) ?? 0
            )
        }
        guard application == applicationID else {
            throw JobError(
                "\(path) is not a dynaferry job",
                hint: "name another folder with --state-dir, or move the file away",
                isDamage: true)
        }
        guard version <= Self.version else {
            var error = JobError(
                "\(path) was written by a newer dynaferry (its version is \(version), this one"
                    + " knows \(Self.version))",
                hint: "use the newer dynaferry for this job")
            error.isNewer = true
            throw error
        }
        if readOnly {
            guard version == Self.version else {
                throw JobError(
                    "\(path) was written by an older dynaferry",
                    hint: "the command that it is a job of brings it up to date")
            }
            return file
        }
        try wrapped { () throws(DatabaseError) in
            try file.prepareForWriting()
            guard version < Self.version else { return }
            try file.database.transaction { () throws(DatabaseError) in
                try file.migrate(from: version)
            }
        }
        return file
    }

    private func migrate(from version: Int) throws(DatabaseError) {
        for step in JobSchema.steps[version...] { try database.execute(step) }
        try setVersion()
    }

    private func setVersion() throws(DatabaseError) {
        try database.execute("PRAGMA user_version = \(Self.version)")
    }

    private func prepareForWriting() throws(DatabaseError) {
        _ = try database.rows("PRAGMA journal_mode=WAL")
        // A save touches some ten pages: a larger cache would only take memory.
        try database.execute("PRAGMA synchronous=NORMAL; PRAGMA cache_size=-200")
    }

    private func insert(_ job: JobRecord) throws(DatabaseError) {
        try database.run(
            """
            INSERT INTO job (id, created, updated, state, reason, request, identity, process, runs,
                throttle, progress, kind)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .text(job.id), .real(job.created), .real(job.updated), .text(job.state.rawValue),
            DatabaseValue(job.reason), .text(job.request.text), .text(job.identity),
            .integer(job.processID), .integer(job.runs), .text(job.throttle.json.text),
            .text(job.progress.json.text), .text(job.kind.rawValue))
    }

    private func insert(_ table: JobTable, _ number: Int) throws(DatabaseError) {
        let sort = table.schema.sort
        try database.run(
            """
            INSERT INTO tables (number, source, target, source_id, target_id, partition_name,
                partition_type, sort_name, sort_type, target_was, segments, items_reported,
                is_finished, reads_files, export, requests)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)
            """,
            .integer(number), .text(table.source), .text(table.target),
            DatabaseValue(table.sourceID), DatabaseValue(table.targetID),
            .text(table.schema.partition.name), .text(table.schema.partition.type.rawValue),
            DatabaseValue(sort?.name), DatabaseValue(sort?.type.rawValue),
            .text(table.targetWas.rawValue), .integer(table.segments),
            .integer(table.itemsReported), .integer(table.readsFiles ? 1 : 0),
            DatabaseValue(table.export?.json.text),
            .text(JSON.array(table.requests.map(\.json)).text))
    }

    // MARK: Reading

    package func job() throws(JobError) -> JobRecord {
        let rows = try Self.wrapped { () throws(DatabaseError) in
            try database.rows(
                """
                SELECT id, created, updated, state, reason, request, identity, process, runs,
                    throttle, progress, kind
                FROM job
                """)
        }
        guard let row = rows.first, let id = row[0].text, let created = row[1].real,
            let updated = row[2].real, let state = row[3].text.flatMap(JobRecord.State.init),
            let request = Self.json(row[5]), let identity = row[6].text,
            let process = row[7].integer(in: 0...Int(Int32.max)),
            let runs = row[8].integer(in: 0...Self.countMax),
            let throttle = Self.json(row[9]), let progress = Self.json(row[10]),
            let kind = row[11].text.flatMap(JobRecord.Kind.init)
        else { throw damaged }
        var job = JobRecord(
            id: id, created: created, request: request, identity: identity, processID: process)
        job.updated = updated
        job.kind = kind
        job.state = state
        job.reason = row[4].text
        job.runs = runs
        job.throttle = RequestedLimits(json: throttle)
        job.progress = JobProgress(json: progress)
        return job
    }

    static func json(_ value: DatabaseValue) -> JSON? {
        value.text.flatMap { try? JSON(parsing: Array($0.utf8)) }
    }

    package func tables() throws(JobError) -> [JobTable] {
        let rows = try Self.wrapped { () throws(DatabaseError) in
            try database.rows(
                """
                SELECT source, target, source_id, target_id, partition_name, partition_type,
                    sort_name, sort_type, target_was, segments, items_reported, is_finished,
                    progress, failure, boost, settings, verdict, reads_files, export,
                    collisions, places_met, requests, warm_units, chain
                FROM tables ORDER BY number
                """)
        }
        var tables: [JobTable] = []
        for row in rows {
            guard let source = row[0].text, let target = row[1].text,
                let partition = Self.attribute(row[4], row[5]),
                let was = row[8].text.flatMap(JobTable.Target.init),
                let segments = row[9].integer(in: 1...ServiceLimits.segmentsMax),
                let reported = row[10].integer(in: 0...Self.countMax),
                let progress = Self.json(row[12]), let requests = Self.requests(row[21]),
                let warmUnits = row[22].integer(in: 0...Self.countMax)
            else { throw damaged }
            var table = JobTable(
                source: source, target: target, sourceID: row[2].text, targetID: row[3].text,
                schema: KeySchema(partition: partition, sort: Self.attribute(row[6], row[7])),
                targetWas: was, segments: segments, itemsReported: reported)
            table.isFinished = row[11] == .integer(1)
            table.progress = JobProgress(json: progress)
            table.failure = row[13].text
            table.boost = Self.json(row[14]).flatMap(UnitBoost.init(json:))
            table.warmUnits = warmUnits
            table.settings = SettingsReport(json: Self.json(row[15]))
            table.comparison = Comparison(record: Self.json(row[16]))
            table.readsFiles = row[17] == .integer(1)
            table.export = Self.json(row[18]).flatMap(ExportRecord.init(json:))
            table.placesMet = Self.json(row[20])?.array?.compactMap(\.string) ?? []
            table.requests = requests
            table.collisions = KeyCollisions(json: Self.json(row[19])) ?? KeyCollisions()
            table.chain = Self.json(row[23]).flatMap(AppliedChain.init(json:))
            tables.append(table)
        }
        return tables
    }

    private static func attribute(
        _ name: DatabaseValue, _ type: DatabaseValue
    ) -> KeyAttribute? {
        guard let name = name.text, let type = type.text.flatMap(ScalarType.init) else {
            return nil
        }
        return KeyAttribute(name: name, type: type)
    }

    /// What a segment of the table may be called.
    func segmentNumbers(ofTable table: Int) throws(JobError) -> ClosedRange<Int> {
        let rows = try Self.wrapped { () throws(DatabaseError) in
            try database.rows("SELECT segments FROM tables WHERE number = ?", .integer(table))
        }
        guard let count = rows.first?[0].integer(in: 1...ServiceLimits.segmentsMax) else {
            throw damaged
        }
        return 0...count - 1
    }

    /// Segments that have come anywhere, in the order of their numbers.
    package func segments(ofTable table: Int) throws(JobError) -> [PartitionRecord] {
        let rows = try Self.wrapped { () throws(DatabaseError) in
            try database.rows(
                """
                SELECT segment, cursor, items, bytes FROM segments WHERE in_table = ?
                ORDER BY segment
                """, .integer(table))
        }
        let numbers = try segmentNumbers(ofTable: table)
        var segments: [PartitionRecord] = []
        for row in rows {
            guard let segment = row[0].integer(in: numbers),
                let items = row[2].integer(in: 0...Self.countMax),
                let bytes = row[3].integer(in: 0...Self.countMax),
                segments.last.map({ $0.segment < segment }) ?? true
            else { throw damaged }
            segments.append(
                PartitionRecord(segment: segment, cursor: row[1].blob, items: items, bytes: bytes))
        }
        // They will be summed.
        guard segments.lazy.map(\.items).clampedSum <= Self.countMax,
            segments.lazy.map(\.bytes).clampedSum <= Self.countMax
        else { throw damaged }
        return segments
    }

    package func deadLetters(ofTable table: Int) throws(JobError) -> [DeadLetter] {
        let rows = try Self.wrapped { () throws(DatabaseError) in
            try database.rows(
                """
                SELECT code, reason, key, item FROM dead_letters WHERE in_table = ? ORDER BY number
                """, .integer(table))
        }
        var letters: [DeadLetter] = []
        for row in rows {
            guard let code = row[0].text, let reason = row[1].text, let key = row[2].blob,
                let item = row[3].blob
            else { throw damaged }
            letters.append(DeadLetter(code: code, reason: reason, key: key, item: item))
        }
        return letters
    }

    package func deadLetterCount() throws(JobError) -> Int {
        let rows = try Self.wrapped { () throws(DatabaseError) in
            try database.rows("SELECT count(*) FROM dead_letters")
        }
        return rows.first?.first?.integer(in: 0...Self.countMax) ?? 0
    }

    var damaged: JobError {
        JobError(
            "\(path) is damaged", hint: "--restart begins the job anew", isDamage: true)
    }

    // MARK: Writing

    package func save(
        _ save: TableSave, ofTable table: Int, _ progress: (table: JobProgress, job: JobProgress),
        at seconds: Double
    ) throws(JobError) {
        try Self.wrapped { () throws(DatabaseError) in
            try database.transaction { () throws(DatabaseError) in
                for record in save.partitions { try insert(record, inTable: table) }
                for file in save.files { try insert(file, inTable: table) }
                try insert(save.origins, inTable: table)
                for letter in save.letters { try insert(letter, inTable: table) }
                if let (side, state) = save.digests {
                    try insert(state, table: table, side: side)
                }
                try set("repairs", save.repairs?.json, ofTable: table)
                try set("settings", save.settings?.json, ofTable: table)
                try set("verdict", save.comparison?.record, ofTable: table)
                try set(
                    "places_met", save.placesMet.map { .array($0.map { .string($0) }) },
                    ofTable: table)
                try set("collisions", save.collisions?.json, ofTable: table)
                if let end = save.end {
                    try database.run(
                        "UPDATE tables SET is_finished = ?, failure = ? WHERE number = ?",
                        .integer(end.isFinished ? 1 : 0), DatabaseValue(end.failure),
                        .integer(table))
                }
                try set("progress", progress.table.json, ofTable: table)
                try database.run(
                    "UPDATE job SET updated = ?, progress = ?", .real(seconds),
                    .text(progress.job.json.text))
            }
        }
    }

    /// Within a transaction; nil leaves it as it was.
    private func set(_ column: String, _ json: JSON?, ofTable table: Int) throws(DatabaseError) {
        guard let json else { return }
        try database.run(
            "UPDATE tables SET \(column) = ? WHERE number = ?", .text(json.text), .integer(table))
    }

    private func insert(_ record: PartitionRecord, inTable table: Int) throws(DatabaseError) {
        guard let segment = ScanSource.segment(record.partition) else {
            return try insert(fileRead: record, inTable: table)
        }
        try database.run(
            """
            INSERT OR REPLACE INTO segments (in_table, segment, cursor, items, bytes)
            VALUES (?, ?, ?, ?, ?)
            """,
            .integer(table), .integer(segment), DatabaseValue(record.cursor?.bytes),
            .integer(record.items), .integer(record.bytes))
    }

    /// An item that is refused again, as after a crash, still has one entry.
    private func insert(_ letter: DeadLetter, inTable table: Int) throws(DatabaseError) {
        try database.run(
            """
            INSERT OR REPLACE INTO dead_letters (in_table, code, reason, key, item)
            VALUES (?, ?, ?, ?, ?)
            """,
            .integer(table), .text(letter.code), .text(letter.reason), .blob(letter.key),
            .blob(letter.item))
    }

    /// The dead letter has arrived, or is no longer needed.
    package func remove(_ letter: DeadLetter, fromTable table: Int) throws(JobError) {
        try Self.wrapped { () throws(DatabaseError) in
            try database.run(
                "DELETE FROM dead_letters WHERE in_table = ? AND key = ?", .integer(table),
                .blob(letter.key))
        }
    }

    func forgetDeadLetters(ofTable table: Int) throws(JobError) {
        try Self.wrapped { () throws(DatabaseError) in
            try database.run(
                "DELETE FROM dead_letters WHERE in_table = ? AND code NOT IN (?, ?)",
                .integer(table), .text(DeadLetter.unchangeableCode), .text(DeadLetter.rulesCode))
        }
    }

    package func replace(_ letter: DeadLetter, inTable table: Int) throws(JobError) {
        try Self.wrapped { () throws(DatabaseError) in try insert(letter, inTable: table) }
    }

    /// The job is run once more, by this process.
    ///
    /// How many have run it is a part of the names of files: not even a power loss may have two of
    /// them be the same.
    package func beginRun(processID: Int, request: JSON, at seconds: Double) throws(JobError) {
        try Self.wrapped { () throws(DatabaseError) in
            try database.execute("PRAGMA synchronous=FULL")
            try database.run(
                """
                UPDATE job SET state = ?, reason = NULL, process = ?, request = ?, updated = ?,
                    runs = runs + 1
                """,
                .text(JobRecord.State.running.rawValue), .integer(processID),
                .text(request.text), .real(seconds))
            try database.execute("PRAGMA synchronous=NORMAL")
        }
    }

    package func addThrottle(_ throttle: RequestedLimits) throws(JobError) {
        let throttle = try job().throttle.updated(by: throttle)
        try Self.wrapped { () throws(DatabaseError) in
            try database.run("UPDATE job SET throttle = ?", .text(throttle.json.text))
        }
    }

    func setState(
        _ state: JobRecord.State, reason: String? = nil, at seconds: Double
    ) throws(JobError) {
        try Self.wrapped { () throws(DatabaseError) in
            try database.run(
                "UPDATE job SET state = ?, reason = ?, updated = ?", .text(state.rawValue),
                DatabaseValue(reason), .real(seconds))
        }
    }

    /// The job has made the target, which has this id where there are any.
    package func setTargetCreated(table: Int, id: String?) throws(JobError) {
        try Self.wrapped { () throws(DatabaseError) in
            try database.run(
                "UPDATE tables SET target_id = ?, target_was = ? WHERE number = ?",
                DatabaseValue(id), .text(JobTable.Target.created.rawValue), .integer(table))
        }
    }

    static func wrapped<Value>(
        _ body: () throws(DatabaseError) -> Value
    ) throws(JobError) -> Value {
        do throws(DatabaseError) { return try body() } catch { throw JobError(error) }
    }
}

extension JobError {
    package init(_ error: DatabaseError) {
        self.init("the job's state in \(error.path): \(error.message)")
        if error.isFull {
            hint = "make room on the disk, then run the same command again"
        } else if error.isReadOnly {
            hint = "make the folder writable, or name another with --state-dir"
        } else if error.isNoDatabase {
            hint = "the file is damaged or not a dynaferry job; --restart starts the job again"
            isDamage = true
        }
    }
}
