import AWS
import DynamoDB
import DynamoModel
import Pacing

/// Everything that comes before the first item moves.
extension CopyJob {
    /// Tables that are looked at, or created, at a time.
    private static let preparedAtOnce = 8

    /// Passes every refusal, finds the job that this copy goes on with or makes a new one, and
    /// creates the targets that there are not.
    /// - Parameters:
    ///   - options: one for each table.
    ///   - tables: at least one.
    ///   - note: is told of what the user should know before and while items move.
    /// - Throws: ``CopyRefusal`` or ``JobError``. Nothing was changed, unless a target could not be
    ///   created or did not become active: then the job stands, to be resumed.
    package static func prepare(
        _ options: [CopyOptions], job jobOptions: JobOptions, tables: [Pair],
        policy: Policy = Policy(), note: @escaping @Sendable (String) -> Void,
        time: any TimeSource = MonotonicTime(), seed: UInt64
    ) async throws -> CopyJob {
        precondition(!tables.isEmpty, "a job has a table")
        precondition(options.count == tables.count, "\(options.count) for \(tables.count) tables")
        let preflights = zip(tables, options).map {
            CopyPreflight(source: $0.source, target: $0.target, options: $1)
        }
        let findings = try await each(preflights) { try await $0.run() }
        let found = Array(zip(preflights, findings)).map { (preflight: $0, findings: $1) }
        try checkSources(found)
        var opening = JobOpening(
            tables: found, options: jobOptions, time: time, note: note,
            generator: SeededGenerator(seed: seed))
        var job = try await opening.run()
        let options = options.map { $0.throttled(by: job.record.throttle) }
        if let limits = job.record.throttle.description {
            note("limits of the last jobs throttle hold: \(limits)")
        }
        let targets = try await each(found) { try await existing($0, note) }
        var subjects: [TableCopy.Subject] = []
        for (number, target) in targets.enumerated() {
            try job.found(target, table: number)
            subjects.append(
                TableCopy.Subject(
                    tables: tables[number], source: findings[number].source, target: target,
                    memory: findings[number].memory))
        }
        return CopyJob(options, policy, subjects, job: job, note: note, time: time, seed: seed)
    }

    /// What `body` makes of each element, in their order, some at a time.
    static func each<Element: Sendable, Result: Sendable>(
        _ elements: [Element], _ body: @escaping @Sendable (Element) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var results = [Result?](repeating: nil, count: elements.count)
            for (number, element) in elements.enumerated() {
                if number >= preparedAtOnce, let (done, result) = try await group.next() {
                    results[done] = result
                }
                group.addTask { (number, try await body(element)) }
            }
            while let (done, result) = try await group.next() { results[done] = result }
            return results.compactMap { $0 }
        }
    }

    /// No table may be written that is read, whichever pair it stands in.
    private static func checkSources(
        _ tables: [(preflight: CopyPreflight, findings: CopyPreflight.Findings)]
    ) throws(CopyRefusal) {
        for written in tables {
            guard let target = written.findings.target else { continue }
            for read in tables {
                let isSameEndpoint =
                    read.preflight.source.reader.endpoint.url
                    == written.preflight.target.reader.endpoint.url
                let relation = TableRelation(
                    read.findings.source, target, isSameEndpoint: isSameEndpoint)
                guard relation != .unrelated else { continue }
                throw CopyRefusal(
                    "\(target.definition.name) would be written as the copy of"
                        + " \(written.findings.source.definition.name), but is a source itself",
                    hint: "leave one out with --exclude, or name the target otherwise")
            }
        }
    }

    /// The target as it is once it is there.
    private static func existing(
        _ table: (preflight: CopyPreflight, findings: CopyPreflight.Findings),
        _ note: @Sendable (String) -> Void
    ) async throws -> TableDescription {
        let (target, findings) = (table.preflight.target, table.findings)
        do {
            if findings.target == nil {
                var definition = findings.source.definition
                definition.name = target.name
                note("creating \(target.name) as \(findings.source.definition.name) is defined")
                try await target.create(definition)
            } else if let found = findings.target, found.status != "CREATING" {
                return found
            }
            let made = try await target.waitUntilActive { looks in
                await Pause.lasting(.milliseconds(min(20 << min(looks, 8), 5_000)))
            }
            guard made.schema == findings.source.schema else {
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
