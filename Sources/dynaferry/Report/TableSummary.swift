import CommandLine
import JSON
import System
import Transfer

/// What there is to say about one of several tables.
package struct TableSummary: Equatable, Sendable {
    package var source: String
    package var target: String
    /// `complete`, `interrupted`, `failed` or `waiting`.
    package var outcome: String
    package var error: String?
    /// Items that are in the target by all runs of the job, and those that this run has written.
    package var itemsInAll = 0
    package var itemsWritten = 0
    package var itemsLeftOut = 0
    /// Items that were not put, since the target has one of the same key that was to stay.
    package var itemsKept = 0
    /// Of a copy of what differs: items that were equal, that changed too often to be written, and
    /// that only the target has.
    package var itemsEqual = 0
    package var itemsChanging = 0
    package var itemsOnlyInTarget = 0
    package var deadLetters = 0
    package var bytes = 0
    package var seconds = 0.0
    package var readUnits = 0.0
    package var writeUnits = 0.0
    package var throttles = 0
    package var settings = SettingsReport()
    /// nil unless it has been verified.
    package var verdict: CopyVerdict?

    package init(source: String, target: String, outcome: String) {
        self.source = source
        self.target = target
        self.outcome = outcome
    }

    package var json: JSON {
        [
            "source": .string(source), "target": .string(target), "outcome": .string(outcome),
            "error": error.map { .string($0) } ?? nil, "itemsInAll": JSON(itemsInAll),
            "itemsWritten": JSON(itemsWritten), "itemsLeftOut": JSON(itemsLeftOut),
            "itemsKept": JSON(itemsKept), "itemsEqual": JSON(itemsEqual),
            "itemsChanging": JSON(itemsChanging), "itemsOnlyInTarget": JSON(itemsOnlyInTarget),
            "deadLetters": JSON(deadLetters),
            "bytes": JSON(bytes), "seconds": JSON(seconds), "readUnits": JSON(readUnits),
            "writeUnits": JSON(writeUnits), "throttles": JSON(throttles),
            "settings": settings.json, "verification": verdict?.json ?? nil,
        ]
    }

    /// What was not carried, and what a target lacked before, once for all tables that it holds
    /// for.
    private static func notCarried(_ tables: [TableSummary]) -> [String] {
        var names: [(text: String, tables: [String])] = []
        for table in tables {
            let texts =
                table.settings.notCarried.map { "not carried: \($0)" }
                + table.settings.differences.map { "left as it is: \($0)" }
            for text in texts {
                if let known = names.firstIndex(where: { $0.text == text }) {
                    names[known].tables.append(table.source)
                } else {
                    names.append((text, [table.source]))
                }
            }
        }
        return names.map { text, tables in
            "  \(tables.count == 1 ? tables[0] : "\(tables.count) tables"): \(text)"
        }
    }

    /// A table of tables, the largest first, with what went wrong below it.
    static func lines(_ tables: [TableSummary]) -> [String] {
        let head = ["table", "copy", "items", "size", "seconds", "dead", "settings", "outcome"]
        let sorted = tables.sorted { $0.itemsInAll > $1.itemsInAll }
        let rows =
            [head]
            + sorted.map { table in
                [
                    table.source, table.target, table.itemsInAll.grouped,
                    Double(table.bytes).inDecimalBytes, table.seconds.fixed(2),
                    table.deadLetters.grouped, table.settings.carried.count.grouped, table.outcome,
                ]
            }
        let errors = sorted.compactMap { table in
            table.error.map { "  \(table.source): \($0)" }
        }
        let verdicts = sorted.flatMap { table in
            (table.verdict?.lines ?? []).map { "  \(table.source): \($0)" }
        }
        return Columns.lines(rows, rightAligned: 2...6).map { "  " + $0 } + errors + verdicts
            + notCarried(sorted)
    }
}

extension CopyVerdict {
    /// For people.
    var lines: [String] {
        let text =
            isEqual
            ? "verified: \(counters.equal.grouped) items of the target are as they were read from"
                + " the source\(when)"
            : "differs: \(counters.different.grouped) different,"
                + " \(counters.onlyInSource.grouped) missing,"
                + " \(counters.onlyInTarget.grouped) extra, \(counters.changing.grouped) changing"
        return [text] + causes + notes
    }

    /// What was written at the source since is not compared.
    private var when: String {
        guard let sourceRead else { return "" }
        let times = [sourceRead.lowerBound, sourceRead.upperBound].map {
            UTCTime(secondsSinceEpoch: $0).description
        }
        return ", \(times[0]) to \(times[1])"
    }

    private var causes: [String] {
        let causes = counters.causes
        guard causes.sum > 0 else { return [] }
        let parts = [
            (causes.differedAtFirstRead, "differed at the first read"),
            (causes.changedSince, "changed since they were read"),
            (causes.unknown, "can't be told which"),
        ]
        let text = parts.filter { $0.0 > 0 }.map { "\($0.0.grouped) \($0.1)" }
        return ["of what differs: " + text.joined(separator: ", ")]
    }
}
