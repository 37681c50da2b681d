import AWS
import DynamoDB
import DynamoModel
import JSON
import Jobs
import Schema

/// The tables of a command that has patterns, by their names at the source.
///
/// What a pattern selects is fixed with the job: the same command resumes with the tables that it
/// started with, whatever else matches by then. And a table that is the copy of another one, by the
/// same pattern, is no source of it.
package struct SelectedTables: Sendable {
    package private(set) var pairs: [TableSelection.Pair]
    /// What its user should know, in words.
    package private(set) var notes: [String] = []

    /// - Parameters:
    ///   - purpose: what the tables are for, in words that tell commands apart.
    ///   - id: the job, where it was named.
    ///   - target: nil: copies are files, and no table is the copy of another.
    /// - Throws: ``CopyRefusal``.
    package init(
        _ selection: TableSelection, purpose: String, jobs: JobFolder, id: String?,
        source: ReadOnlyClient, target: ReadOnlyClient? = nil
    ) async throws {
        guard selection.needsNames else {
            pairs = try selection.pairs(of: [])
            return
        }
        let names: [String]
        do throws(AWSError) {
            names = try await source.tableNames()
        } catch {
            throw CopyRefusal(error, side: "source", source.endpoint)
        }
        let looks = Looks(source: source, target: target ?? source)
        pairs = try selection.pairs(of: names)
        let copies =
            target == nil ? [:] : try await looks.copies(in: pairs, of: names, by: selection)
        pairs.removeAll { copies[$0] != nil }
        let text = selection.text(for: purpose)
        if let job = try await looks.job(chosenBy: text, in: jobs, id: id) {
            let others = pairs.filter { !job.pairs.contains($0) }.map(\.source)
            if !others.isEmpty {
                notes.append(
                    "left out, since job \(job.id) began without them:"
                        + " \(others.joined(separator: ", "))")
            }
            pairs = job.pairs
        }
        for (copy, original) in copies.sorted(by: { $0.key.source < $1.key.source }) {
            notes.append("left out: \(copy.source), which is the copy of \(original.source)")
        }
        notes.insert("selected \(pairs.count) of \(names.count.counted("table"))", at: 0)
    }

    /// Looks at tables to tell what they are.
    private struct Looks {
        let source: ReadOnlyClient
        let target: ReadOnlyClient

        /// Of each pair whose source is the target of another: that other.
        func copies(
            in pairs: [TableSelection.Pair], of names: [String], by selection: TableSelection
        ) async throws(CopyRefusal) -> [TableSelection.Pair: TableSelection.Pair] {
            var copies: [TableSelection.Pair: TableSelection.Pair] = [:]
            var waiting = selection.namedAsCopies(in: pairs, of: names)
            while !waiting.isEmpty {
                // A copy's own copy is one only where the first is a source after all. A round of
                // names that all wait for each other is looked at as it stands.
                let next = waiting.firstIndex { entry in
                    !waiting.contains { $0.pair == entry.of }
                }
                let (pair, original) = waiting.remove(at: next ?? 0)
                if copies[original] == nil, try await isSame(pair.source) {
                    copies[pair] = original
                }
            }
            return copies
        }

        /// Whether both sides mean the same table by a name.
        private func isSame(_ name: String) async throws(CopyRefusal) -> Bool {
            let here = SourceTable(name: name, reader: source)
            let there = SourceTable(name: name, reader: target)
            guard let one = try await describe(here, "source"),
                let other = try await describe(there, "target")
            else { return false }
            return SourceGuard.relation((here, one), (there, other)) == .same
        }

        /// The unfinished job that the same selection has begun, and its tables.
        func job(
            chosenBy selection: String, in jobs: JobFolder, id: String?
        ) async throws -> (id: String, pairs: [TableSelection.Pair])? {
            for record in jobs.unfinished(selection: selection) {
                guard id == nil || id == record.id, let tables = try? jobs.tables(of: record.id),
                    let first = tables.first
                else { continue }
                // The same names may be those of another account.
                let table = SourceTable(name: first.source, reader: source)
                guard let found = try await describe(table, "source"),
                    JobIdentity.firstSource(record.identity)
                        == found.arn ?? found.definition.name
                else { continue }
                return (record.id, tables.map { .init(source: $0.source, target: $0.target) })
            }
            return nil
        }

        private func describe(
            _ table: SourceTable, _ side: String
        ) async throws(CopyRefusal) -> TableDescription? {
            do {
                return try await table.describeIfExists()
            } catch {
                throw CopyRefusal(describing: table, side, error)
            }
        }
    }
}

extension TableSelection {
    /// What tells this selection from others, for the same purpose.
    package func text(for purpose: String) -> String {
        let json: JSON = [
            "for": .string(purpose),
            "rules": .array(rules.map { [.string($0.source.text), .string($0.target.text)] }),
            "excluded": .array(excluded.map { .string($0.text) }),
        ]
        return json.text
    }
}
