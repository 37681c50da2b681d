import AWS
import Connectors
import Flow
import Jobs
import Native
import Status
import System

extension CopyPlan {
    /// What an export would take, found out by reading calls only.
    /// - Parameters:
    ///   - options: one for each table.
    ///   - jobs: where an unfinished job of the same export is looked for.
    ///   - width: tables at a time, where that was asked for.
    ///   - survey: nil: nobody asks what would become of items.
    package static func exporting(
        _ options: [ExportOptions], _ pairs: [ExportPreparation.Pair], prices: PriceTable,
        jobs: JobFolder, width: Int? = nil, survey: ItemSurvey.Options? = nil
    ) async throws -> CopyPlan {
        precondition(options.count == pairs.count, "\(options.count) for \(pairs.count) tables")
        let looks = try await AtOnce.map(Array(zip(pairs, options))) { pair, options in
            do {
                return Result<ExportPreparation.Look, CopyRefusal>.success(
                    try await ExportPreparation.look(pair, options))
            } catch let refusal as CopyRefusal {
                return .failure(refusal)
            }
        }
        let plans = try await AtOnce.map(Array(zip(looks, pairs))) { look, pair in
            do {
                return try await plan(try look.get(), prices, survey)
            } catch let refusal as CopyRefusal {
                return TablePlan(
                    source: pair.source.name, target: pair.files.title, refusal: refusal)
            }
        }
        let found = looks.compactMap { try? $0.get().identity }
        let job =
            found.count == pairs.count
            ? jobs.unfinished(identity: JobIdentity(exporting: found, selection: nil).text) : nil
        return CopyPlan(
            tables: plans, job: job, totals: options.first?.limits.totals ?? UnitTotals(),
            asking: width)
    }

    private static func plan(
        _ look: ExportPreparation.Look, _ prices: PriceTable, _ asked: ItemSurvey.Options?
    ) async throws -> TablePlan {
        let (source, description, options) = (look.pair.source, look.description, look.options)
        let first = try await ExportPreparation.firstRead(
            source, description, options, spool: nil)
        do {
            let schema = description.schema
            let survey = asked.map {
                ItemSurvey(options.transform.now, from: schema, to: schema, $0)
            }
            let sample = try await TableSample.take(
                of: source, description.definition, first,
                for: asked?.isFull == true ? nil : survey)
            let limits = try ResolvedLimits(
                reading: description.definition,
                partitions: ExportTask.partitions(of: description, options), options.limits)
            var plan = TablePlan(
                exporting: description, to: look.pair.files.title, sample, first,
                memory: MemoryBudget(pageBytes: ExportOptions.pageBytes), limits: limits,
                options: options, prices: prices)
            if options.transform.filter != nil {
                plan.warnings.append(TablePlan.filtered(first))
            }
            try await plan.add(
                survey, of: sample, isFull: asked?.isFull == true,
                all: TableSurvey(
                    table: source, source: description, segments: first.segments,
                    limit: limits.read, isConsistentRead: options.isConsistentRead),
                memory: MemoryBudget(pageBytes: ExportOptions.pageBytes))
            return plan
        } catch let error as AWSError {
            throw CopyRefusal(error, side: "source", source.reader.endpoint)
        }
    }
}
