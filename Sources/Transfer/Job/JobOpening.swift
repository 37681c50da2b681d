import DynamoModel
import Glibc
import Pacing
import System

/// Takes up the job that a copy is part of: goes on with the one that the same command began, or
/// begins a new one, once everything that would be refused has been.
struct JobOpening {
    /// What was found of the tables before, in the job's order.
    let tables: [(preflight: CopyPreflight, findings: CopyPreflight.Findings)]
    let options: JobOptions
    let time: any TimeSource
    let note: @Sendable (String) -> Void
    let consent: CopyConsent
    var generator: SeededGenerator

    mutating func run() async throws -> OpenJob {
        try options.folder.prepare()
        let search = JobSearch(options: options, identity: identity, time: time)
        guard var job = try search.find() else { return try await begin() }
        try search.checkAge(of: job)
        for (table, found) in zip(job.tables, tables) {
            try search.check(
                table.record, of: job, source: found.findings.source,
                target: found.findings.target, segments: found.preflight.options.segments)
            // A table by the name of one that the job was about to make holds nothing of its own.
            switch table.record.targetWas {
            case .creating where found.findings.target != nil:
                try await found.preflight.checkEmpty()
            case .empty, .merged: try checkLiveliness(found.preflight, found.findings)
            case .creating, .created: break
            }
        }
        note(search.announcement(job))
        if options.restarts {
            for (number, found) in tables.enumerated() {
                try job.file.restart(table: number, segments: found.findings.segments)
            }
        }
        let hasCrashed = job.record.state == .running || job.record.state == .paused
        try job.file.beginRun(
            processID: Int(getpid()), request: options.requestJSON, at: time.secondsSinceEpoch)
        try job.reload()
        if hasCrashed { job.record.progress.crashes += 1 }
        return job
    }

    private var identity: JobIdentity {
        JobIdentity(tables.map { JobIdentity.Table($0.preflight, source: $0.findings.source) })
    }

    private mutating func begin() async throws -> OpenJob {
        // A command that was killed after its work was done is run again, and must learn that.
        let finished = options.folder.finished(
            identity: identity.text, targetIDs: tables.map { $0.findings.target?.id })
        for (preflight, findings) in tables where findings.target != nil {
            try await preflight.checkEmpty(finished: finished)
            try checkLiveliness(preflight, findings)
        }
        let name = tables[0].findings.source.definition.name
        let id = options.id ?? options.folder.newID(for: name, using: &generator)
        guard let lock = try options.folder.lock(id) else {
            throw CopyRefusal("job \(id) has just been begun by another process")
        }
        let record = JobRecord(
            id: id, created: time.secondsSinceEpoch, request: options.requestJSON,
            identity: identity.text, processID: Int(getpid()))
        var records: [JobTable] = []
        for (preflight, findings) in tables {
            records.append(
                JobTable(
                    source: preflight.source.name, target: preflight.target.name,
                    sourceID: findings.source.id, targetID: findings.target?.id,
                    schema: findings.source.schema,
                    targetWas: try await targetWas(preflight, findings),
                    segments: findings.segments, itemsReported: findings.source.itemCount))
        }
        let file = try JobFile.create(options.folder.databasePath(id), record, records)
        note("job \(id)")
        return OpenJob(
            file: file, lock: lock, record: record,
            tables: records.map { OpenTable(record: $0, segments: []) },
            socketPath: options.folder.socketPath(id))
    }

    /// A target on which writing has consequences of its own is written only by one who knows.
    private func checkLiveliness(
        _ preflight: CopyPreflight, _ findings: CopyPreflight.Findings
    ) throws(CopyRefusal) {
        guard preflight.options.part != .schema, let reason = CopyPreflight.liveliness(findings)
        else { return }
        switch consent("\(reason). Copy into it?") {
        case true?: note(reason)
        case false?: throw CopyRefusal("\(reason): nothing was copied")
        case nil: throw CopyRefusal(reason, hint: "--yes copies into it all the same")
        }
    }

    private func targetWas(
        _ preflight: CopyPreflight, _ findings: CopyPreflight.Findings
    ) async throws -> JobTable.Target {
        if findings.target == nil { return .creating }
        // There is nothing to compare with: this decides how it is copied, also when it goes on.
        if preflight.options.onlyChanged, try await !preflight.holdsItems() { return .empty }
        return preflight.options.mergesIntoItems ? .merged : .empty
    }
}
