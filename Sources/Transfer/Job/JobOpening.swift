import Connectors
import DynamoModel
import Flow
import Glibc
import JSON
import Jobs
import Pacing
import System

/// Opens the job of a command: resumes the one that the same command began, or begins a new one,
/// once everything that would be refused has been.
package struct JobOpening {
    let kind: JobRecord.Kind
    package let options: JobOptions
    let identity: JobIdentity
    package let time: any TimeSource
    package let note: @Sendable (String) -> Void

    package init(
        kind: JobRecord.Kind, options: JobOptions, identity: JobIdentity, time: any TimeSource,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.kind = kind
        self.options = options
        self.identity = identity
        self.time = time
        self.note = note
    }

    /// A target of a job as it is found.
    package struct Found {
        var source: TableDescription
        /// nil when there is no such table.
        var target: TableDescription?
        /// The target is files.
        var isFiles = false
        /// `--segments`
        var segments: Int?

        package init(
            source: TableDescription, target: TableDescription?, isFiles: Bool = false,
            segments: Int? = nil
        ) {
            self.source = source
            self.target = target
            self.isFiles = isFiles
            self.segments = segments
        }
    }

    var search: JobSearch { JobSearch(options: options, identity: identity, time: time) }

    /// The job to resume, its lock taken; nil when there is none.
    /// - Throws: ``CopyRefusal`` or ``JobError``: nothing has been changed.
    package func find() throws -> OpenJob? {
        try options.folder.prepare()
        return options.keepsNothing ? nil : try search.find()
    }

    /// Refuses to resume a job that is too old, or that was between other tables.
    package func check(_ job: OpenJob, _ tables: [Found]) throws(CopyRefusal) {
        try search.checkAge(of: job)
        var refusals = TableRefusals(of: tables.count)
        for (table, found) in zip(job.tables, tables) {
            do throws(CopyRefusal) {
                try search.check(
                    table.record, of: job, source: found.source,
                    target: found.target, isFiles: found.isFiles, segments: found.segments)
            } catch {
                try refusals.add(
                    error, source: table.record.source, target: table.record.target)
            }
        }
        try refusals.check()
    }

    /// Says that `job` resumes.
    package func announce(_ job: OpenJob) { note(search.announcement(job)) }

    /// In how many segments each table is read as far as that is settled: the same in every run,
    /// unless everything is done again.
    func segments(of job: OpenJob) -> [Int?] {
        job.tables.map { options.restarts ? nil : $0.record.segments }
    }

    /// Begins a further run of the job.
    /// - Parameter firsts: what was read of each source before.
    package func goOn(with job: inout OpenJob, _ firsts: [FirstRead]) throws {
        if options.restarts {
            for (number, first) in firsts.enumerated() {
                try job.kept?.file.restart(table: number, segments: first.segments)
            }
        }
        let hasCrashed = job.record.state == .running || job.record.state == .paused
        try job.kept?.file.beginRun(
            processID: Int(getpid()), request: options.requestJSON, at: time.secondsSinceEpoch)
        try job.reload()
        for (number, first) in firsts.enumerated() { job.tables[number].first = first }
        if hasCrashed { job.record.progress.crashes += 1 }
    }

    /// Begins a new job.
    /// - Parameter name: of its first table, which its id is made of.
    package func begin(
        _ tables: [JobTable], _ firsts: [FirstRead], named name: String,
        using generator: inout SeededGenerator
    ) throws -> OpenJob {
        let id = options.id ?? options.folder.newID(for: name, using: &generator)
        var record = JobRecord(
            id: id, created: time.secondsSinceEpoch, request: options.requestJSON,
            identity: identity.text, processID: Int(getpid()))
        record.kind = kind
        var job = OpenJob(
            record: record,
            tables: zip(tables, firsts).map { OpenTable(record: $0, segments: [], first: $1) })
        if options.keepsNothing { return job }
        guard let lock = try options.folder.lock(id) else {
            throw CopyRefusal(
                "job \(id) has just been begun by another process",
                hint: "dynaferry jobs status \(id) shows it")
        }
        job.kept = OpenJob.Kept(
            file: try JobFile.create(options.folder.databasePath(id), record, tables), lock: lock,
            socketPath: options.folder.socketPath(id))
        note("job \(id)")
        return job
    }
}

extension JobFolder {
    /// Removes what is left of a job that can't be read.
    func giveUp(_ id: String) throws {
        guard let lock = try lock(id) else {
            throw CopyRefusal(
                "job \(id) is being run by another process",
                hint: "dynaferry jobs status \(id) shows it")
        }
        defer { lock.release() }
        try remove(id)
    }
}
