import AWS
import DynamoDB
import JSON

/// Tries the dead letters of a job again, one by one: what stands at the source now is what is
/// written.
package struct DeadLetterRetry: Sendable {
    package struct Findings: Equatable, Sendable {
        /// Dead letters that are in the target now.
        package var written = 0
        /// Those that the source no longer has.
        package var gone = 0
        /// Those that the target refused again: they stay.
        package var refused = 0

        package init() {}
    }

    private let source: ReadOnlyClient
    private let target: Client

    package init(from source: ReadOnlyClient, to target: Client) {
        self.source = source
        self.target = target
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
        for (number, table) in try file.tables().enumerated() {
            let pair = (
                source: SourceTable(name: table.source, reader: source),
                target: TargetTable(name: table.target, client: target)
            )
            for letter in try file.deadLetters(ofTable: number) {
                switch try await outcome(of: letter, pair) {
                case .written:
                    try file.remove(letter, fromTable: number)
                    findings.written += 1
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

    private enum Outcome {
        case written
        case gone
        case refused(DeadLetter)
    }

    private func outcome(
        of letter: DeadLetter, _ pair: CopyJob.Pair
    ) async throws -> Outcome {
        let key = try JSON(parsing: letter.key)
        let item: JSON
        do throws(AWSError) {
            guard let found = try await pair.source.item(key) else { return .gone }
            item = found
        } catch {
            throw CopyRefusal(error, side: "source", source.endpoint)
        }
        do throws(AWSError) {
            try await pair.target.put(item)
            return .written
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

extension DeadLetterRetry.Findings: CustomStringConvertible {
    package var description: String {
        "\(written) dead letters written, \(gone) dropped since the source no longer has them,"
            + " \(refused) refused again"
    }
}
