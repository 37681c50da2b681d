import Connectors
import DynamoModel
import Glibc
import Jobs
import Pacing
import Status
import System

/// Opens the job that a copy is part of: resumes the one that the same command began, or begins a
/// new one, once everything that would be refused has been.
struct CopyOpening {
    /// What was found of the tables before, in the job's order.
    let tables: [CopyPreparation.Found]
    /// By number: why a target may be a source (``SourceGuard``).
    let doubts: [Int: String]
    let locks: PairLocks
    let options: JobOptions
    let time: any TimeSource
    let note: @Sendable (String) -> Void
    let consent: CopyConsent
    var generator: SeededGenerator

    mutating func run() async throws -> OpenJob {
        let opening = JobOpening(
            kind: .copy, options: options, identity: identity, time: time, note: note)
        guard var job = try opening.find() else { return try await begin(opening) }
        locks.write(job: job.record.id)
        try opening.check(
            job,
            tables.map {
                JobOpening.Found(
                    source: $0.findings.source, target: $0.findings.target,
                    segments: $0.preflight.options.segments)
            })
        try await eachTable { opening, number in
            let found = opening.tables[number]
            // A table by the name of one that the job was about to make holds nothing of its own.
            switch job.tables[number].record.targetWas {
            case .creating, .created:
                if opening.options.restarts { try found.preflight.checkRestart(found.findings) }
                guard job.tables[number].record.targetWas == .creating else { break }
                guard found.preflight.isImported else {
                    if found.findings.target != nil { try await found.preflight.checkEmpty() }
                    break
                }
                try found.preflight.checkResuming(
                    job.tables[number].record.requests, found.findings)
            case .empty, .merged: try opening.checkConsent(number)
            }
        }
        opening.announce(job)
        let firsts = try await firstReads(opening.segments(of: job))
        try await checkCost(firsts, job)
        for number in tables.indices where !job.tables[number].record.requests.isEmpty {
            let renewed = job.tables[number].record.requests.map { request in
                request.failureCode == nil && !options.restarts
                    ? request : request.renewed(token: ServiceRequest.token(using: &generator))
            }
            try job.kept?.file.setRequests(renewed, ofTable: number)
        }
        try opening.goOn(with: &job, firsts)
        return job
    }

    /// Checks one table after the other.
    /// - Throws: ``CopyRefusal`` that names all tables that `check` refuses; another error at once.
    private func eachTable(
        _ check: (_ opening: CopyOpening, _ number: Int) async throws -> Void
    ) async throws {
        var refusals = TableRefusals(of: tables.count)
        for (number, table) in tables.enumerated() {
            do {
                try await check(self, number)
            } catch let refusal as CopyRefusal {
                let (source, target) = table.preflight.names
                try refusals.add(refusal, source: source, target: target)
            }
        }
        try refusals.check()
    }

    private var identity: JobIdentity {
        JobIdentity(
            tables.map { JobIdentity.Table($0.preflight, source: $0.findings.source) },
            selection: options.selection)
    }

    private mutating func begin(_ opening: JobOpening) async throws -> OpenJob {
        // A command that was killed after its work was done is run again, and must learn that.
        let finished = options.folder.finished(
            identity: identity.text, targetIDs: tables.map { $0.findings.target?.id })
        // Jobs that can't be read, whose targets may hold what they have written.
        var lost = Set([options.id].compactMap { $0 }.filter(options.folder.isDamaged))
        try await eachTable { opening, number in
            let table = opening.tables[number]
            guard table.findings.target != nil else { return }
            try table.preflight.checkNew(finished: finished)
            if let id = try opening.jobLost(by: number) {
                lost.insert(id)
                try await opening.checkConsent(toReplace: number, of: id)
            } else {
                try await table.preflight.checkEmpty(finished: finished)
            }
            try opening.checkConsent(number)
        }
        let firsts = try await firstReads(tables.map { _ in nil })
        try await checkCost(firsts, nil)
        var records: [JobTable] = []
        for (number, (preflight, findings)) in tables.enumerated() {
            var record = JobTable(
                source: preflight.source.name, target: preflight.target.name,
                sourceID: findings.source.id, targetID: findings.target?.id,
                schema: findings.source.schema,
                targetWas: try await targetWas(preflight, findings),
                segments: firsts[number].segments,
                itemsReported: preflight.options.transform.keyList?.count
                    ?? findings.source.itemCount)
            record.readsFiles = preflight.source.table == nil
            record.requests = try preflight.loadRequests(findings, using: &generator)
            records.append(record)
        }
        for id in lost.sorted() {
            try options.folder.giveUp(id)
            note(
                "job \(id) can't be read and is given up: everything is copied again; items deleted"
                    + " at the source meanwhile stay in the target, and so do write units that it"
                    + " had raised")
        }
        let job = try opening.begin(
            records, firsts, named: tables[0].findings.source.definition.name, using: &generator)
        locks.write(job: job.record.id)
        return job
    }

    /// Refuses a job that has cost, or would cost, more than it may.
    /// - Parameter job: the one that is resumed.
    private func checkCost(_ firsts: [FirstRead], _ job: OpenJob?) async throws {
        guard let limit = options.maxCost else { return }
        var (spent, left): (Double, Double?) = (0, 0)
        var unknown: Set<String> = []
        for (number, (preflight, findings)) in tables.enumerated() {
            let record = job?.tables[number].record
            let plan = try await preflight.plan(findings, firsts[number], limit.prices)
            unknown.formUnion(plan.cost.unknown)
            if let record {
                spent += TableCost(
                    limit.prices, findings.source, findings.target, at: findings.place.region,
                    readsFiles: record.readsFiles, boost: preflight.options.boostWrites
                ).dollars(record.progress.counters, seconds: record.progress.seconds)
                // Without its target nothing was bought yet: the plan has it.
                if findings.target != nil {
                    let warm = limit.prices.dollars(warmUnits: record.warmUnits)
                    if warm == nil { unknown.insert(CostParts.boostTitle) }
                    spent += warm ?? 0
                }
            }
            let share = record.map { $0.isFinished ? 0 : 1 - min(1, $0.progress.fraction) } ?? 1
            let isCompared =
                if let record {
                    record.targetWas == .merged
                } else if preflight.options.onlyChanged {
                    try await preflight.holdsItems()
                } else {
                    false
                }
            let dollars =
                preflight.options.onlyChanged && isCompared
                ? plan.dollarsToCompare(findings, limit.prices) : plan.dollars
            left = left.flatMap { sum in dollars.map { sum + $0 * share } }
        }
        if let refusal = CopyRefusal(cost: limit, spent: spent, left: left) { throw refusal }
        if !unknown.isEmpty {
            note(
                "--max-cost leaves out \(unknown.sorted().joined(separator: " and ")): no price is"
                    + " known")
        }
    }

    /// Reads each source for the first time. Under a limit over all tables one is read after the
    /// other, each once the units of that before it have passed.
    /// - Parameter segments: of each table that is resumed.
    private func firstReads(_ segments: [Int?]) async throws -> [FirstRead] {
        let spool = try? Spool(inFolder: options.folder.path)
        let rate = tables[0].preflight.options.limits.totals.read
        let firsts = try await AtOnce.ofTables(
            Array(zip(tables, segments)), named: tables.map(\.preflight.names),
            atOnce: rate == nil ? nil : 1
        ) { table, segments in
            try await table.preflight.firstRead(table.findings, segments: segments, spool: spool)
        }
        for first in firsts { if let text = first.note { note(text) } }
        return firsts
    }

    /// The job that was writing into a table's target and can't be read, where it is to be begun
    /// anew; nil when there is none.
    /// - Throws: where nobody asked for that: it may have come half way.
    private func jobLost(by number: Int) throws(CopyRefusal) -> String? {
        guard let id = locks.jobBefore(pair: number), let flaw = options.folder.flaw(of: id) else {
            return nil
        }
        if options.restarts, flaw.isDamage { return id }
        throw CopyRefusal(
            "job \(id) was writing into \(tables[number].preflight.target.name), and where it stood"
                + " can't be read: \(flaw.message)",
            hint: (flaw.hint.map { "\($0); or " } ?? "")
                + "dynaferry jobs remove \(id) gives it up")
    }

    /// What a target holds need not be of the job that was lost: it may have been made anew since.
    private func checkConsent(toReplace number: Int, of job: String) async throws {
        let preflight = tables[number].preflight
        guard !preflight.options.mergesIntoItems, try await preflight.holdsItems() else { return }
        let reason =
            "\(preflight.target.name) holds items, and whether job \(job) has written them can't be"
            + " told"
        switch consent("\(reason). Replace those that the source has too?") {
        case true?: note(reason)
        case false?: throw CopyRefusal(declined: reason)
        case nil: throw CopyRefusal(reason, hint: "--yes replaces those that the source has too")
        }
    }

    /// A target on which writing has consequences of its own, or that may be a source, is written
    /// only by one who knows.
    private func checkConsent(_ number: Int) throws(CopyRefusal) {
        let (preflight, findings) = tables[number]
        guard preflight.options.part != .schema else { return }
        for reason in [doubts[number], CopyPreflight.liveliness(findings)].compactMap(\.self) {
            switch consent("\(reason). Copy into it?") {
            case true?: note(reason)
            case false?: throw CopyRefusal(declined: reason)
            case nil: throw CopyRefusal(reason, hint: "--yes copies into it all the same")
            }
        }
    }

    private func targetWas(
        _ preflight: CopyPreflight, _ findings: CopyPreflight.Findings
    ) async throws -> JobTable.Target {
        if findings.target == nil { return .creating }
        // There is nothing to compare with: this decides how it is copied, also when it is resumed.
        if preflight.options.onlyChanged, try await !preflight.holdsItems() { return .empty }
        return preflight.options.mergesIntoItems ? .merged : .empty
    }
}

extension CopyRefusal {
    /// Someone was asked, and said no: nothing more is asked.
    fileprivate init(declined reason: String) {
        self.init("\(reason): nothing was copied")
        concernsAll = true
    }
}
