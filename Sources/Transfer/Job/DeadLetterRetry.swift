import AWS
import Connectors
import DynamoDB
import DynamoModel
import Flow
import JSON
import Jobs

/// Tries the dead letters of a job again, one by one: what stands at the source now is what is
/// written, and where the job changes items what it had made of them.
package struct DeadLetterRetry: Sendable {
    package struct Findings: Equatable, Sendable {
        /// Dead letters that are in the target now.
        package var written = 0
        /// Those in whose place the target has another item, which stays.
        package var kept = 0
        /// Those that the source no longer has.
        package var gone = 0
        /// Those that the target refused again: they stay.
        package var refused = 0
        /// Those that the job itself could not change, or its rules refuse: they stay.
        package var passedOver = 0

        package init() {}
    }

    private let source: ReadOnlyClient
    private let target: Client
    private let keepsItems: @Sendable (_ source: String) -> Bool

    /// - Parameter keepsItems: whether no item of a table's target is replaced, as in the job
    ///   itself.
    package init(
        from source: ReadOnlyClient, to target: Client,
        keepsItems: @escaping @Sendable (_ source: String) -> Bool
    ) {
        self.source = source
        self.target = target
        self.keepsItems = keepsItems
    }

    /// - Throws: ``CopyRefusal`` when a side does not do its part; what has been done until then
    ///   stands. ``JobError`` when a process runs the job, or its state can't be kept.
    package func run(_ id: String, in folder: JobFolder) async throws -> Findings {
        guard let lock = try folder.lock(id) else {
            throw JobError("job \(id) is being run", hint: "dynaferry jobs stop \(id)")
        }
        defer { withExtendedLifetime(lock) {} }
        let file = try JobFile.open(folder.databasePath(id), readOnly: false)
        var findings = Findings()
        try checkTables(of: file)
        let identity = try file.job().identity
        for (number, table) in try file.tables().enumerated() {
            let pair = (
                source: SourceTable(name: table.source, reader: source),
                target: TargetTable(name: table.target, client: target)
            )
            let isChanged = JobIdentity.changesItems(identity, ofTable: number)
            for letter in try file.deadLetters(ofTable: number) {
                if letter.isUnchangeable {
                    findings.passedOver += 1
                    continue
                }
                switch try await outcome(
                    of: letter, isChanged: isChanged, pair, table.schema)
                {
                case .written:
                    try file.remove(letter, fromTable: number)
                    findings.written += 1
                case .kept:
                    try file.remove(letter, fromTable: number)
                    findings.kept += 1
                case .gone:
                    try file.remove(letter, fromTable: number)
                    findings.gone += 1
                case .refused(let again):
                    try file.replace(again, inTable: number)
                    findings.refused += 1
                }
            }
        }
        return findings
    }

    /// Refuses what can't be retried before anything is.
    private func checkTables(of file: JobFile) throws(JobError) {
        for (number, table) in try file.tables().enumerated() {
            if try file.deadLetters(ofTable: number).isEmpty { continue }
            if table.readsFiles {
                throw JobError(
                    "the dead letters of \(table.target) are lines of \(table.source), which say"
                        + " what they did",
                    hint: "put them right there, then copy the export again with --merge")
            }
        }
    }

    private typealias Pair = (source: SourceTable, target: TargetTable)

    private enum Outcome {
        case written
        case kept
        case gone
        case refused(DeadLetter)
    }

    /// - Parameter isChanged: the job changes items: the source does not hold what is to be
    ///   written.
    private func outcome(
        of letter: DeadLetter, isChanged: Bool, _ pair: Pair, _ schema: KeySchema
    ) async throws -> Outcome {
        let key = try JSON(parsing: letter.key)
        var item = try JSON(parsing: letter.item)
        if !isChanged {
            do throws(AWSError) {
                guard let found = try await pair.source.item(key) else { return .gone }
                item = found
            } catch {
                throw CopyRefusal(error, side: "source", source.endpoint)
            }
        }
        do throws(AWSError) {
            return try await put(item, key, pair, schema)
        } catch {
            guard error.remedy == .split else {
                throw CopyRefusal(error, side: "target", target.endpoint)
            }
            return .refused(
                DeadLetter(
                    code: error.code, reason: error.message, key: letter.key, item: item.bytes))
        }
    }
}

extension DeadLetterRetry {
    private func put(
        _ item: JSON, _ key: JSON, _ pair: Pair, _ schema: KeySchema
    ) async throws(AWSError) -> Outcome {
        guard keepsItems(pair.source.name) else {
            try await pair.target.put(item)
            return .written
        }
        do throws(AWSError) {
            try await pair.target.putIfAbsent(item, partitionKey: schema.partition.name)
            return .written
        } catch {
            guard error.isConditionFailure else { throw error }
            // A repetition may have found what the attempt before it had put.
            let there = try await pair.target.item(key)
            return there.map { ItemComparison.areEqual($0, item) } == true ? .written : .kept
        }
    }
}

extension DeadLetterRetry.Findings: CustomStringConvertible {
    package var description: String {
        "\(written.counted("dead letter")) written,"
            + " \(gone) dropped since the source no longer has them, \(refused) refused again"
            + (passedOver > 0
                ? ", \(passedOver) passed over, which can't be changed as asked: fix the cause,"
                    + " then copy again with --only-changed" : "")
            + (kept > 0 ? ", \(kept) dropped since the target has another item" : "")
    }
}
