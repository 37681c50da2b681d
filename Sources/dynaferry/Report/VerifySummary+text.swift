import Arguments
import CommandLine
import Connectors
import JSON
import Status
import System
import Transfer

extension VerifySummary {
    /// The report for people, a fact a line.
    var lines: [String] {
        let duration = Duration.milliseconds(
            Int64(clamping: status.elapsed.inSeconds * 1_000)
        ).spelled
        let (source, target) = (arguments.copy.sourceText, arguments.copy.targetText)
        var lines = ["\(source) and \(target) \(verb), found in \(duration)"]
        for (subject, fact) in facts {
            let padding = String(repeating: " ", count: max(1, 14 - subject.count))
            lines.append("  \(subject)\(padding)\(fact)")
        }
        if tables.count > 1 { lines += [""] + tableLines }
        return lines + shownLines
    }

    private var verb: String {
        switch exitCode {
        case .success:
            arguments.count
                ? "have as many items"
                : outcome == "repaired" ? "are equal after a repair" : "are equal"
        case .differs: "differ"
        case .interrupted: "were not compared to the end"
        case .failure, .usage: "could not be compared"
        }
    }

    private var facts: [(subject: String, fact: String)] {
        let found = found
        var facts: [(subject: String, fact: String)] = []
        if inconclusive.count < tables.count {
            facts.append(
                (
                    "items",
                    "\(found.itemsInSource.grouped) in the source,"
                        + " \(found.itemsInTarget.grouped) in the target"
                ))
            if !arguments.count { facts.append(("found", text(found))) }
            if let causes = found.causes.text(changedSince: "have changed since") {
                facts.append(("of these", causes))
            }
        }
        if !isConclusive { facts += unfinished }
        if arguments.repair { facts.append(("repaired", repaired(met))) }
        facts += remarks("schema", \.schemaDifferences)
        facts += remarks("settings", \.settingDifferences)
        facts += remarks("note", \.notes)
        facts += again
        facts += [
            (
                "read units",
                "\(counters.readUnits.fixed(1)) source,"
                    + " \(counters.readUnitsElsewhere.fixed(1)) target"
            ),
            (
                "cpu",
                "\(usage.cpuSeconds.fixed(2)) s, \(cpuMicrosecondsPerItem.fixed(2)) us an item read"
            ),
            ("peak memory", Double(usage.peakMemoryBytes).inBinaryBytes),
        ]
        facts += limits.enumerated().map { ($0 == 0 ? "not seen" : "", $1) }
        facts += status.deadLettersPaths.map {
            ("refused", "items that the target refused are in \($0)")
        }
        if let outputFile { facts.append(("all in", outputFile)) }
        return facts
    }

    /// What holds for many tables alike is said once.
    private func remarks(
        _ subject: String, _ texts: (Comparison) -> [String]
    ) -> [(subject: String, fact: String)] {
        guard tables.count > 1 else {
            return tables.compactMap(\.comparison).flatMap(texts).map { (subject, $0) }
        }
        let remarks = tables.flatMap { table in
            (table.comparison.map(texts) ?? []).map { table.remark($0) }
        }
        return CauseGroups(remarks).lines.map { (subject, $0) }
    }

    /// What is known of tables that were not compared to their end: what was read, and differences
    /// that were met. How many items are equal is not.
    private var unfinished: [(subject: String, fact: String)] {
        let tables = inconclusive.compactMap(\.comparison)
        let (source, target, differences) = tables.reduce((0, 0, 0)) {
            (
                $0.0 + $1.source.counters.itemsRead, $0.1 + $1.target.counters.itemsRead,
                $0.2 + $1.counters.differences
            )
        }
        let whose =
            self.tables.count > 1 ? " of \(inconclusive.count.counted("table"))" : ""
        let again = tables.contains { $0.segmentsReadAgain > 0 } ? ", some twice" : ""
        return [
            (
                "not finished",
                "\(source.counted("item")) of the source and \(target.grouped) of the target were"
                    + " read\(again)\(whose)"
            ),
            (
                "",
                differences > 0
                    ? "at least \(differences.grouped) differ; how many are equal is not known"
                    : "how many differ, or are equal, is not known"
            ),
        ]
    }

    private func text(_ counters: VerifyCounters) -> String {
        let parts = [
            (counters.equal, "equal"), (counters.different, "different"),
            (counters.onlyInSource, "only in source"),
            (counters.onlyInTarget, "only in target"),
            (counters.changing, "changing"), (counters.pastTTL, "past their time to live"),
            (counters.unchangeable, "left out, since they can't be changed as asked"),
        ]
        return parts.filter { $0.0 > 0 || $0.1 == "equal" }
            .map { "\($0.0.grouped) \($0.1)" }.joined(separator: ", ")
    }

    private func repaired(_ counters: VerifyCounters) -> String {
        let parts = [
            (counters.repaired, "written"), (counters.deleted, "deleted"),
            (counters.deadLetters, "dead letters"), (counters.differencesLeft, "left as they are"),
        ]
        let text = parts.filter { $0.0 > 0 || $0.1 == "written" }
            .map { "\($0.0.grouped) \($0.1)" }.joined(separator: ", ")
        return "\(text); \(self.counters.writeUnits.fixed(1)) write units"
    }

    /// What was read a second time, and by key.
    private var again: [(subject: String, fact: String)] {
        let (segments, held, looked, runs) = tables.compactMap(\.comparison).reduce((0, 0, 0, 0)) {
            (
                $0.0 + $1.segmentsReadAgain, $0.1 + $1.segmentsHeld,
                $0.2 + $1.looks.counters.itemsRead, $0.3 + $1.runsSpilled
            )
        }
        guard segments > 0 else { return [] }
        var fact =
            "\(segments.grouped) of \(held.counted("segment")), \(looked.counted("item")) by key"
        if runs > 0 { fact += "; \(runs.counted("file")) of keys" }
        // Where keys lie in other segments on each side, there is nothing but reading all again.
        if held > 1, segments >= held { fact += "; no segment is equal: do keys lie elsewhere?" }
        return [("read again", fact)]
    }

    private var tableLines: [String] {
        let head = [
            "table", "with", "items", "different", "only in source", "only in target",
            "changed since", "seconds",
            "outcome",
        ]
        let rows = tables.map { table in
            let counters = table.comparison?.counters ?? VerifyCounters()
            let figures = [
                counters.itemsInSource, counters.different + counters.changing,
                counters.onlyInSource, counters.onlyInTarget, counters.causes.changedSince,
            ].map { table.comparison?.result == nil ? "-" : $0.grouped }
            return [table.source, table.target] + figures + [
                table.progress.elapsed.inSeconds.fixed(2), table.outcomeText,
            ]
        }
        return Columns.lines([head] + rows, rightAligned: 2...7).map { "  " + $0 }
    }

    private var shownLines: [String] {
        guard !shown.isEmpty else { return [] }
        let all = met.differences + met.pastTTL
        let head = shown.count < all ? "\(shown.count.grouped) of them:" : "these are:"
        return ["", "  " + head]
            + shown.flatMap { item -> [String] in
                let table = tables.count > 1 ? "\(item.source)  " : ""
                let names = item.attributes.map(\.name).joined(separator: ", ")
                let remarks = [item.cause.text, item.repair?.word].compactMap(\.self)
                let line =
                    "  \(item.kind.text)  \(table)\(item.key.text)"
                    + (names.isEmpty ? "" : "  \(names)")
                    + (remarks.isEmpty ? "" : "  (\(remarks.joined(separator: ", ")))")
                guard arguments.values else { return [line] }
                return [line]
                    + item.attributes.map { attribute in
                        let (one, other) = (attribute.source?.text, attribute.target?.text)
                        return "    \(attribute.name): \(one ?? "absent") | \(other ?? "absent")"
                    }
            }
    }
}

extension VerifyFinding.Cause {
    /// nil where there is nothing to say.
    fileprivate var text: String? {
        switch self {
        case .differedAtFirstRead: "differed at the first read"
        case .changedSince: "changed since"
        case .unknown: nil
        }
    }
}

extension VerifyFinding.Kind {
    fileprivate var text: String {
        switch self {
        case .different: "different"
        case .onlyInSource: "only in source"
        case .onlyInTarget: "only in target"
        case .pastTTL: "past its time"
        case .changing: "changing"
        }
    }
}
