import DynamoModel
import Glibc
import Pacing

/// Takes up the job that a copy is part of: goes on with the one that the same command began, or
/// begins a new one, once everything that would be refused has been.
struct JobOpening {
    let preflight: CopyPreflight
    let findings: CopyPreflight.Findings
    let options: JobOptions
    let time: any TimeSource
    let note: @Sendable (String) -> Void
    var generator: SeededGenerator

    mutating func run() async throws -> OpenJob {
        try options.folder.prepare()
        let search = JobSearch(options: options, identity: identity, time: time)
        guard var job = try search.find() else { return try await begin() }
        try search.check(
            job, source: findings.source, target: findings.target,
            segments: preflight.options.segments)
        // A table by the name of the one that the job was about to make holds nothing of the job's.
        if job.table.targetWas == .creating, findings.target != nil {
            try await preflight.checkEmpty()
        }
        note(search.announcement(job))
        if options.restarts {
            try job.file.restart(table: 0, segments: findings.segments)
        }
        try job.file.beginRun(
            processID: Int(getpid()), request: options.requestJSON, at: time.secondsSinceEpoch)
        job.record = try job.file.job()
        guard let table = try job.file.tables().first else { return job }
        job.table = table
        job.segments = try job.file.segments(ofTable: 0)
        return job
    }

    private var identity: JobIdentity {
        JobIdentity(
            source: findings.source, at: preflight.source.reader.endpoint.url,
            target: preflight.target.name, at: preflight.target.reader.endpoint.url,
            preflight.options)
    }

    private mutating func begin() async throws -> OpenJob {
        if let target = findings.target {
            // A command that was killed after its work was done is run again, and must learn that.
            let finished = options.folder.finished(identity: identity.text, targetID: target.id)
            try await preflight.checkEmpty(finished: finished)
        }
        let id =
            options.id
            ?? options.folder.newID(
                for: findings.source.definition.name, using: &generator)
        guard let lock = try options.folder.lock(id) else {
            throw CopyRefusal("job \(id) has just been begun by another process")
        }
        let record = JobRecord(
            id: id, created: time.secondsSinceEpoch, request: options.requestJSON,
            identity: identity.text, processID: Int(getpid()))
        let table = JobTable(
            source: preflight.source.name, target: preflight.target.name,
            sourceID: findings.source.id, targetID: findings.target?.id,
            schema: findings.source.schema, targetWas: targetWas, segments: findings.segments,
            itemsReported: findings.source.itemCount)
        let file = try JobFile.create(options.folder.databasePath(id), record, [table])
        note("job \(id)")
        return OpenJob(file: file, lock: lock, record: record, table: table, segments: [])
    }

    private var targetWas: JobTable.Target {
        if findings.target == nil { return .creating }
        return preflight.options.mergesIntoItems ? .merged : .empty
    }
}
