import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import Jobs
import Native
import Pacing
import Schema
import Status
import System

/// What a copy would do, found out by reading calls only.
package struct CopyPlan: Sendable {
    package private(set) var tables: [TablePlan]
    /// The unfinished job that the copy would resume.
    package let job: JobRecord?
    /// Limits over all tables.
    package let totals: UnitTotals
    /// Tables that are copied at a time.
    package let width: Int

    /// - Parameter asked: nil: as many as the job itself would take.
    init(tables: [TablePlan], job: JobRecord?, totals: UnitTotals, asking asked: Int?) {
        self.tables = tables
        self.job = job
        self.totals = totals
        width =
            asked
            ?? totals.width(
                of: tables.compactMap(\.limits), usual: JobRecord.Kind.copy.widthUsual)
    }

    /// Seconds that all tables take at least, and what of all of them holds them back: `write limit
    /// of all tables`, or nil where it is each by itself. nil where it is not known of one.
    package var time: (seconds: Double, heldBackBy: String?)? {
        let order = tables.sorted { ($0.bytes ?? 0) < ($1.bytes ?? 0) }
        var workers = [Double](repeating: 0, count: max(1, min(width, tables.count)))
        for table in order {
            guard let time = table.time else { return nil }
            let soonest = workers.indices.min { workers[$0] < workers[$1] } ?? 0
            workers[soonest] += time.seconds
        }
        let byEach = workers.max() ?? 0
        guard let all = atTotals, all.seconds > byEach else { return (byEach, nil) }
        return (all.seconds, all.by)
    }

    /// The same by way of a bucket.
    /// - Parameter load: of a table, as `--load` says.
    package func via(_ load: (TablePlan) -> ServiceLoad?) -> CopyPlan {
        var plan = self
        for number in plan.tables.indices {
            let table = plan.tables[number]
            plan.tables[number].way = table.ways?.loading(load(table))
        }
        return plan
    }

    /// By which ways all tables together can come to their targets; nil where one can't say.
    package var ways: PlannedWays? {
        let all = tables.compactMap(\.ways)
        return all.count == tables.count ? PlannedWays.sum(all) : nil
    }

    package var items: Int? { Self.sum(tables.map(\.items)) { $0.addingClamped($1) } }
    package var bytes: Int? { Self.sum(tables.map(\.bytes)) { $0.addingClamped($1) } }
    package var readUnits: Double? { Self.sum(tables.map(\.readUnits), +) }
    package var writeUnits: Double? { Self.sum(tables.map(\.writeUnits), +) }
    /// Of tables and indexes.
    package var writeUnitsOfAll: Double? { Self.sum(tables.map(\.writeUnitsOfAll), +) }
    package var cost: CostParts { .sum(tables.map(\.cost)) }
    /// Why `copy` would refuse tables, those with one cause together.
    package var causes: CauseGroups {
        CauseGroups(
            tables.compactMap { table in
                table.refusal.map {
                    CauseGroups.Case(
                        source: table.source, target: table.target, message: $0.message,
                        hint: $0.hint)
                }
            })
    }
    package var isRefused: Bool { tables.contains { $0.refusal != nil } }

    /// Seconds that all tables take at the limits over all of them, and the one of these that
    /// takes the longest: `read limit of all tables`; nil where there is none, or the units are
    /// not known.
    package var atTotals: (seconds: Double, by: String)? {
        let read = Self.seconds(readUnits, totals.read, .sharedReadLimit)
        let write = Self.seconds(writeUnitsOfAll, totals.write, .sharedWriteLimit)
        return [read, write].compactMap(\.self).max { $0.seconds < $1.seconds }
    }

    private static func seconds(
        _ units: Double?, _ limit: Double?, _ hold: WaitReason
    ) -> (seconds: Double, by: String)? {
        guard let units, let limit else { return nil }
        return (units / limit, hold.rawValue)
    }

    /// Unknown when one of them is.
    private static func sum<Number: AdditiveArithmetic>(
        _ numbers: [Number?], _ add: (Number, Number) -> Number
    ) -> Number? {
        numbers.reduce(.zero) { sum, number in
            guard let sum, let number else { return nil }
            return add(sum, number)
        }
    }

    /// - Parameters:
    ///   - options: one for each table.
    ///   - jobs: where an unfinished job of the same copy is looked for.
    ///   - mayAsk: the copy will be able to ask its user, or --yes was given.
    ///   - width: tables at a time, where that was asked for.
    ///   - survey: nil: nobody asks what would become of items.
    package static func make(
        _ options: [CopyOptions], tables: [CopyPreparation.Pair], prices: PriceTable,
        jobs: JobFolder, mayAsk: Bool, width: Int? = nil, survey: ItemSurvey.Options? = nil
    ) async throws -> CopyPlan {
        precondition(options.count == tables.count, "\(options.count) for \(tables.count) tables")
        let preflights = zip(tables, options).map {
            CopyPreflight(source: $0.source, target: $0.target, options: $1)
        }
        let looks = try await AtOnce.map(preflights) { try await Look($0) }
        let job = unfinished(looks, jobs)
        let doubts = try await doubts(looks)
        let plans = try await AtOnce.map(Array(zip(looks, doubts))) { look, doubt in
            var plan = try await look.plan(prices, goesOn: job != nil, survey)
            if job == nil, !mayAsk, let reason = doubt ?? look.liveliness {
                plan.refusal =
                    plan.refusal ?? CopyRefusal(reason, hint: "--yes copies into it all the same")
            }
            return plan
        }
        return CopyPlan(
            tables: plans, job: job, totals: options.first?.limits.totals ?? UnitTotals(),
            asking: width)
    }

    /// Of each table: why its target may be a source.
    private static func doubts(_ looks: [Look]) async throws -> [String?] {
        let found = looks.enumerated().compactMap { number, look in
            (try? look.found.get()).map { (number, (preflight: look.preflight, findings: $0)) }
        }
        var doubts = [String?](repeating: nil, count: looks.count)
        for (place, doubt) in try await SourceGuard(found.map(\.1)).doubts() {
            doubts[found[place].0] = doubt
        }
        return doubts
    }

    private static func unfinished(_ looks: [Look], _ jobs: JobFolder) -> JobRecord? {
        let tables = looks.compactMap { look in
            (try? look.found.get()).map { JobIdentity.Table(look.preflight, source: $0.source) }
        }
        guard tables.count == looks.count else { return nil }
        return jobs.unfinished(identity: JobIdentity(tables, selection: nil).text)
    }

    /// What there is of one pair, or why it would be refused.
    private struct Look: Sendable {
        let preflight: CopyPreflight
        let found: Result<CopyPreflight.Findings, CopyRefusal>

        init(_ preflight: CopyPreflight) async throws {
            self.preflight = preflight
            do {
                found = .success(try await preflight.run())
            } catch let refusal as CopyRefusal {
                found = .failure(refusal)
            }
        }

        /// What would be asked before the target is written.
        var liveliness: String? {
            guard preflight.options.part != .schema else { return nil }
            return (try? found.get()).flatMap(CopyPreflight.liveliness)
        }

        func plan(
            _ prices: PriceTable, goesOn: Bool, _ survey: ItemSurvey.Options?
        ) async throws -> TablePlan {
            let (source, target) = (preflight.source, preflight.target)
            func refused(_ refusal: CopyRefusal) -> TablePlan {
                TablePlan(source: source.name, target: target.name, refusal: refusal)
            }
            do {
                let findings = try found.get()
                if findings.target != nil, !goesOn { try await preflight.checkEmpty() }
                let first = try await preflight.firstRead(findings, spool: nil)
                return try await preflight.plan(findings, first, prices, survey)
            } catch let error as CopyRefusal {
                return refused(error)
            } catch let failure as FlowFailure {
                return refused(CopyRefusal(failure.message, hint: failure.hint))
            } catch let error as AWSError {
                let endpoint = (source.table?.reader ?? target.reader).endpoint
                return refused(CopyRefusal(error, side: "source", endpoint))
            }
        }
    }
}

extension CopyPreflight {
    /// What a copy takes that reads its source first so.
    func plan(
        _ findings: Findings, _ first: FirstRead, _ prices: PriceTable,
        _ asked: ItemSurvey.Options? = nil
    ) async throws -> TablePlan {
        let settings = findings.plan(options, as: target.name, isOwn: false)
        let definition = findings.target?.definition ?? settings.creation
        let stored = findings.target == nil ? findings.filled(definition, options) : definition
        let from = findings.source.schema
        let survey = asked.map {
            ItemSurvey(options.transform.now, from: from, to: options.transform.keys ?? from, $0)
        }
        let sample =
            switch source {
            case .table(let table):
                try await TableSample.take(
                    of: table, stored, first, for: asked?.isFull == true ? nil : survey)
            case .export(let export): TableSample(export.export)
            }
        var plan = try TablePlan(
            findings, target: target.name, sample, first, as: definition, stored: stored,
            options: options, prices: prices, readsFiles: source.table == nil)
        plan.settings = SettingsReport(settings)
        if options.transform.filter != nil { plan.warnings.append(TablePlan.filtered(first)) }
        if case .export(let export) = source { plan.chain = export.chainLines }
        if let table = source.table {
            try await plan.add(
                survey, of: sample, isFull: asked?.isFull == true,
                all: TableSurvey(
                    table: table, source: findings.source, segments: first.segments,
                    limit: plan.limits?.read ?? ReadLimit(),
                    isConsistentRead: options.isConsistentRead),
                memory: findings.memory)
        }
        if let table = source.table, options.part == .all {
            plan.ways = PlannedWays(plan, await wayFacts(of: table, findings), prices)
        }
        if findings.target == nil, !findings.source.definition.globalIndexes.isEmpty {
            plan.indexes = findings.indexTiming(options)
        }
        return plan
    }
}

extension CopyPreflight {
    /// What decides which ways can be taken. That the caller may not look it up is no refusal.
    private func wayFacts(
        of table: SourceTable, _ findings: Findings
    ) async -> PlannedWays.Facts {
        let found = findings.source
        var imported = options
        imported.load = .importTable
        let plan = findings.plan(imported, as: target.name, isOwn: true)
        let region = found.region.flatMap(Partition.of(region:))
        let there = Partition.of(region: findings.place.region)
        var isRecoverable: Bool?
        do {
            isRecoverable = try await table.recoveryWindow() != nil
        } catch {
            // Nobody knows, then.
        }
        var facts = PlannedWays.Facts(
            isRecoverable: isRecoverable,
            hasLocalIndexes: !found.definition.localIndexes.isEmpty,
            isOnePartition: region == there, tableBytes: found.sizeBytes,
            afterImport: plan.steps.map(\.title))
        facts.isGlobalTarget = findings.target?.replicaRegions.isEmpty == false
        facts.changes = options.transform.isNone ? nil : "items are chosen or changed"
        return facts
    }
}

extension CopyPreflight.Findings {
    /// What is made, with those of the source's global indexes that are made after its items.
    fileprivate func filled(
        _ creation: TableDefinition, _ options: CopyOptions
    ) -> TableDefinition {
        guard options.part != .data, indexTiming(options) == .after else { return creation }
        var model = source.definition
        if let keys = options.transform.keys { model = model.withKeys(keys) }
        var filled = creation
        filled.globalIndexes = model.globalIndexes
        let known = Set(creation.attributes.map(\.name))
        filled.attributes += model.attributes.filter { !known.contains($0.name) }
        return filled
    }
}
