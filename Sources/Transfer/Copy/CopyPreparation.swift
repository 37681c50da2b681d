import AWS
import DynamoDB
import DynamoModel
import Flow
import Jobs
import Pacing
import Schema
import System

/// Everything that comes before the first item moves.
package enum CopyPreparation {
    package typealias Pair = (source: CopySource, target: TargetTable)

    /// A table before the job is known.
    typealias Found = (preflight: CopyPreflight, findings: CopyPreflight.Findings)

    /// Checks all that would refuse the copy, finds the job that it resumes or makes a new one, and
    /// creates the targets that don't exist.
    /// - Parameters:
    ///   - options: one for each table.
    ///   - tables: at least one.
    ///   - consent: is asked before a target is written on which that has consequences of its own.
    ///   - note: gets what the user should know before and while items move.
    ///   - willWrite: is called before anything is made of a target.
    /// - Throws: ``CopyRefusal`` or ``JobError``. Nothing was changed, unless a target could not be
    ///   created or did not become active: then the job stands, to be resumed.
    package static func prepare(
        _ options: [CopyOptions], job jobOptions: JobOptions, tables: [Pair],
        policy: Job.Policy = Job.Policy(), consent: @escaping CopyConsent = { _ in nil },
        note: @escaping @Sendable (String) -> Void, willWrite: () -> Void = {},
        time: any TimeSource = MonotonicTime(), seed: UInt64
    ) async throws -> Job {
        precondition(!tables.isEmpty, "a job has a table")
        precondition(options.count == tables.count, "\(options.count) for \(tables.count) tables")
        let locks = try await PairLocks.take(
            tables.map { PairLocks.Pair($0.source, $0.target) }, for: .writing,
            in: jobOptions.folder)
        do {
            return try await prepare(
                options, jobOptions, tables, policy, locks, consent, note, willWrite, time, seed)
        } catch {
            // What knows of them may live a little longer.
            locks.release()
            throw error
        }
    }

    /// Passes every refusal that can be passed before a job is known, and changes nothing.
    /// - Throws: ``CopyRefusal`` that names all tables that can't be copied.
    /// - Parameter loads: how DynamoDB is to load each, from files that are not there yet.
    package static func check(
        _ options: [CopyOptions], tables: [Pair], loads: [ServiceLoad?]
    ) async throws {
        let preflights = zip(tables, options).map {
            CopyPreflight(source: $0.source, target: $0.target, options: $1)
        }
        _ = try await AtOnce.ofTables(
            Array(zip(preflights, loads)), named: preflights.map(\.names)
        ) { preflight, load in
            let findings = try await preflight.run()
            if let load { try preflight.checkTarget(of: load, findings) }
            guard findings.target != nil else { return }
            if load == .importTable { try preflight.checkNew(isImported: true) }
            try await preflight.checkEmpty()
        }
    }

    private static func prepare(
        _ options: [CopyOptions], _ jobOptions: JobOptions, _ tables: [Pair], _ policy: Job.Policy,
        _ locks: PairLocks, _ consent: @escaping CopyConsent,
        _ note: @escaping @Sendable (String) -> Void, _ willWrite: () -> Void,
        _ time: any TimeSource, _ seed: UInt64
    ) async throws -> Job {
        let preflights = zip(tables, options).map {
            CopyPreflight(source: $0.source, target: $0.target, options: $1)
        }
        let findings = try await findings(of: preflights, locks)
        let found: [Found] = Array(zip(preflights, findings))
        let doubts = try await SourceGuard(found).doubts()
        var opening = CopyOpening(
            tables: found, doubts: doubts, locks: locks, options: jobOptions, time: time,
            note: note,
            consent: consent, generator: SeededGenerator(seed: seed))
        var job = try await opening.run()
        job.locks = locks
        locks.keep(job)
        if let limits = job.record.throttle.description {
            note("limits of the last jobs throttle hold: \(limits)")
        }
        let plans = found.enumerated().map { number, table in
            table.findings.plan(
                options[number], as: table.preflight.target.name, isOwn: job.owns(table: number),
                raised: job.tables[number].record.boost)
        }
        tell(plans, of: tables, note)
        willWrite()
        for table in tables {
            table.source.begin()
            table.target.begin()
        }
        let missing = found.count { $0.findings.target == nil && !$0.preflight.isImported }
        if missing > 0 {
            note("creating \(missing == 1 ? "the target table" : missing.counted("target table"))")
        }
        for (number, plan) in plans.enumerated() where findings[number].target == nil {
            try job.willBuy(warmUnits: plan.creation.warmUnitsBought, table: number)
        }
        tellOfExpiry(findings, options, note)
        tellOfBilling(
            found.indices.filter { findings[$0].target != nil && !job.owns(table: $0) }.filter {
                let settings = options[$0].settings
                return !settings.appliesToExisting
                    && (settings.billing != nil || settings.capacity != nil)
            }.map { tables[$0].target.name }, note)
        let targets = try await AtOnce.map(Array(zip(found, plans))) { table, plan in
            try await existing(table, plan, note)
        }
        for (number, target) in targets.enumerated() where !preflights[number].isImported {
            try job.found(target, table: number)
        }
        let subjects = targets.enumerated().map { number, target in
            CopyTask.Subject(
                tables: tables[number], source: findings[number].source, target: target,
                memory: findings[number].memory, plan: plans[number],
                expiryAttribute: findings[number].expiryAttribute)
        }
        var policy = policy
        policy.maxCost = jobOptions.maxCost
        return make(job, subjects, options, policy, note, time, seed)
    }

    /// What there is of each table.
    /// - Throws: ``CopyRefusal`` that names all tables that can't be copied. Where some can't, the
    ///   others' targets are looked into as well: those that hold items are refused further on,
    ///   unless a job has begun with them.
    private static func findings(
        of preflights: [CopyPreflight], _ locks: PairLocks
    ) async throws -> [CopyPreflight.Findings] {
        let looked = try await AtOnce.results(preflights) { try await $0.run() }
        var refusals = TableRefusals(of: preflights.count)
        let isRefused = looked.contains { (try? $0.get()) == nil }
        for (number, (preflight, look)) in zip(preflights, looked).enumerated() where isRefused {
            do throws(CopyRefusal) {
                let findings = try look.get()
                guard findings.target != nil, locks.jobBefore(pair: number) == nil else { continue }
                try await preflight.checkEmpty()
            } catch {
                try refusals.add(
                    error, source: preflight.names.source, target: preflight.names.target)
            }
        }
        try refusals.check()
        return try looked.map { try $0.get() }
    }

    /// The job itself: nothing stands in its way.
    private static func make(
        _ job: OpenJob, _ subjects: [CopyTask.Subject], _ options: [CopyOptions],
        _ policy: Job.Policy, _ note: @escaping @Sendable (String) -> Void,
        _ time: any TimeSource, _ seed: UInt64
    ) -> Job {
        let asked = options[0].limits
        let totals = asked.updated(by: job.record.throttle).totals
        let keeper = JobKeeper(
            job, totals, scratchFolder: options[0].scratchFolder, time: time)
        let shared = SharedLimits(totals, time: time)
        let context = CopyTask.Context(
            keeper: keeper, shared: shared, created: job.record.created,
            isResumed: job.record.runs > 1, isOnlyTable: subjects.count == 1, time: time)
        let tables = subjects.enumerated().map { number, subject in
            Job.Table(
                task: CopyTask(
                    options[number], subject, job.tables[number], number: number, context,
                    note: note, seed: seed &+ UInt64(number)),
                place: number, bytes: subject.source.sizeBytes,
                isFinished: job.tables[number].record.isFinished,
                deadLettersPath: options[number].deadLettersPath)
        }
        var policy = policy
        // What DynamoDB does by itself takes nothing of this machine.
        if subjects.indices.allSatisfy({ options[$0].load == .importTable }) {
            policy.width = policy.width ?? min(tables.count, importsMax)
        }
        return Job(
            Job.Run(job), tables, keeper, policy, shared: shared, asked: asked, note: note,
            time: time)
    }

    /// Imports that an account may have at a time (guide, "Service quotas").
    private static let importsMax = 50

    /// Says of which tables no item can be left out for having expired.
    private static func tellOfExpiry(
        _ findings: [CopyPreflight.Findings], _ options: [CopyOptions],
        _ note: @Sendable (String) -> Void
    ) {
        let names = zip(findings, options).filter { table, options in
            options.skipsExpired && options.part != .schema && table.expiryAttribute == nil
        }.map(\.0.source.definition.name)
        guard !names.isEmpty else { return }
        note(
            "--skip-expired: nothing expires in \(names.joined(separator: ", ")), which"
                + " \(names.count == 1 ? "has" : "have") no time to live")
    }

    /// Says of which targets the billing that was asked for is not theirs to get.
    private static func tellOfBilling(_ names: [String], _ note: @Sendable (String) -> Void) {
        guard !names.isEmpty else { return }
        note(
            "--billing-mode and --target-capacity are for targets that the copy makes:"
                + " \(names.joined(separator: ", ")) \(names.count == 1 ? "stays" : "stay") as"
                + " \(names.count == 1 ? "it is" : "they are")")
    }

    /// Says once what holds for several tables.
    private static func tell(
        _ plans: [SettingsPlan], of tables: [Pair], _ note: @Sendable (String) -> Void
    ) {
        var notes: [(text: String, tables: [String])] = []
        for (plan, table) in zip(plans, tables) {
            let texts =
                plan.notCarried.map { "not carried: \($0.text)" }
                + plan.differences.map { "left as it is: \($0)" }
            for text in texts {
                if let known = notes.firstIndex(where: { $0.text == text }) {
                    notes[known].tables.append(table.target.name)
                } else {
                    notes.append((text, [table.target.name]))
                }
            }
        }
        for (text, names) in notes {
            note((names.count == 1 ? names[0] : names.count.counted("table")) + ": " + text)
        }
    }

    /// The target as it is once it is there.
    private static func existing(
        _ table: Found,
        _ plan: SettingsPlan, _ note: @escaping @Sendable (String) -> Void
    ) async throws -> TableDescription {
        let (target, findings) = (table.preflight.target, table.findings)
        // DynamoDB makes it, or has made it.
        if table.preflight.isImported {
            return try findings.target ?? TableDescription(planned: plan.creation)
        }
        let work = TableProvisioner(target: target, note: note, isStopping: { false })
        do {
            let made: TableDescription
            if findings.target == nil {
                made = try await work.create(plan)
            } else if let found = findings.target, found.status != "CREATING" {
                return found
            } else {
                made = try await work.waitUntilActive()
            }
            let wanted = table.preflight.options.transform.keys ?? findings.source.schema
            guard made.schema == wanted else {
                throw CopyRefusal("\(target.name) was created by someone else, with other keys")
            }
            return made
        } catch let error as AWSError {
            throw CopyRefusal(error, side: "target", target.reader.endpoint)
        } catch let error as TableNotActive {
            throw CopyRefusal(
                "the target table \(error.table) did not become active; it is \(error.status)",
                hint: "run the same command again when it is")
        }
    }
}

extension SourceGuard {
    /// Of tables that are copied.
    init(_ tables: [(preflight: CopyPreflight, findings: CopyPreflight.Findings)]) {
        // Files are no table that could be written by mistake.
        let pairs = tables.compactMap { table in
            table.preflight.source.table.map { source in
                let target = table.findings.target.map { (table.preflight.target, $0) }
                return Pair(source: (source, table.findings.source), target: target)
            }
        }
        self.init(pairs: pairs, verb: "written")
    }
}
