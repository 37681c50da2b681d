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

    private let source: SourceTable
    private let target: TargetTable

    package init(from source: SourceTable, to target: TargetTable) {
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
        for letter in try file.deadLetters(ofTable: 0) {
            switch try await outcome(of: letter) {
            case .written:
                try file.remove(letter, fromTable: 0)
                findings.written += 1
            case .gone:
                try file.remove(letter, fromTable: 0)
                findings.gone += 1
            case .refused(let again):
                try file.replace(again, inTable: 0)
                findings.refused += 1
            }
        }
        return findings
    }

    private enum Outcome {
        case written
        case gone
        case refused(DeadLetter)
    }

    private func outcome(of letter: DeadLetter) async throws -> Outcome {
        let key = try JSON(parsing: letter.key)
        let item: JSON
        do throws(AWSError) {
            guard let found = try await source.item(key) else { return .gone }
            item = found
        } catch {
            throw CopyRefusal(error, side: "source", source.reader.endpoint)
        }
        do throws(AWSError) {
            try await target.put(item)
            return .written
        } catch {
            guard error.remedy == .split else {
                throw CopyRefusal(error, side: "target", target.reader.endpoint)
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
