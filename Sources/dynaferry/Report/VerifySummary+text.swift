import CommandLine
import Connectors
import JSON
import System
import Transfer

extension VerifySummary {
    /// The report for people, a fact a line.
    var lines: [String] {
        let duration = Duration.milliseconds(Int64(clamping: seconds * 1_000)).spelled
        var lines = ["\(source) and \(target) \(verb), found in \(duration)"]
        for (subject, fact) in facts {
            let padding = String(repeating: " ", count: max(1, 14 - subject.count))
            lines.append("  \(subject)\(padding)\(fact)")
        }
        if verdicts.count > 1 { lines += [""] + tableLines }
        return lines + shownLines
    }

    private var verb: String {
        switch exitCode {
        case .success:
            isCountOnly
                ? "have as many items"
                : outcome == "repaired" ? "are equal after a repair" : "are equal"
        case .differs: "differ"
        case .interrupted: "were not compared to the end"
        case .failure, .usage: "could not be compared"
        }
    }

    private var facts: [(subject: String, fact: String)] {
        let counters = counters
        var facts: [(subject: String, fact: String)] = []
        if inconclusive.count < verdicts.count {
            facts.append(
                (
                    "items",
                    "\(counters.itemsInSource.grouped) in the source,"
                        + " \(counters.itemsInTarget.grouped) in the target"
                ))
            if !isCountOnly { facts.append(("found", found(counters))) }
            if counters.causes.sum > 0 { facts.append(("of these", counters.causes.text)) }
        }
        if !isConclusive { facts += unfinished }
        if isRepair { facts.append(("repaired", repaired(met))) }
        for verdict in verdicts {
            let name = verdicts.count > 1 ? "\(verdict.source): " : ""
            for difference in verdict.schemaDifferences {
                facts.append(("schema", name + difference))
            }
            for difference in verdict.settingDifferences {
                facts.append(("settings", name + difference))
            }
            for note in verdict.notes { facts.append(("note", name + note)) }
        }
        facts += again
        let units = readUnits
        facts += [
            ("read units", "\(units.source.fixed(1)) source, \(units.target.fixed(1)) target"),
            (
                "cpu",
                "\(usage.cpuSeconds.fixed(2)) s, \(cpuMicrosecondsPerItem.fixed(2)) us an item read"
            ),
            ("peak memory", Double(usage.peakMemoryBytes).inBinaryBytes),
        ]
        facts += limits.enumerated().map { ($0 == 0 ? "not seen" : "", $1) }
        facts += deadLettersPaths.map { ("refused", "items that the target refused are in \($0)") }
        if let outputFile { facts.append(("all in", outputFile)) }
        return facts
    }

    /// Of all tables, whether they were compared to their end or not: differences and repairs that
    /// were met.
    private var met: VerifyCounters {
        verdicts.reduce(VerifyCounters()) { $0 + $1.counters }
    }

    /// What is known of tables that were not compared to their end: what was read, and differences
    /// that were met. How many items are equal is not.
    private var unfinished: [(subject: String, fact: String)] {
        let tables = inconclusive
        let (source, target, differences) = tables.reduce((0, 0, 0)) {
            (
                $0.0 + $1.progress.source.counters.itemsRead,
                $0.1 + $1.progress.target.counters.itemsRead, $0.2 + $1.counters.differences
            )
        }
        let whose = verdicts.count > 1 ? " of \(tables.count.grouped) tables" : ""
        let again = tables.contains { $0.progress.segmentsReadAgain > 0 } ? ", some twice" : ""
        return [
            (
                "not finished",
                "\(source.grouped) items of the source and \(target.grouped) of the target were"
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

    private func found(_ counters: VerifyCounters) -> String {
        let parts = [
            (counters.equal, "equal"), (counters.different, "different"),
            (counters.onlyInSource, "only in the source"),
            (counters.onlyInTarget, "only in the target"),
            (counters.changing, "changing"), (counters.pastTTL, "past their time to live"),
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
        return "\(text); \(writeUnits.fixed(1)) write units"
    }

    /// What was read a second time, and by key.
    private var again: [(subject: String, fact: String)] {
        let (segments, held, looked, runs) = verdicts.reduce((0, 0, 0, 0)) {
            (
                $0.0 + $1.progress.segmentsReadAgain, $0.1 + $1.progress.segmentsHeld,
                $0.2 + $1.progress.itemsLookedAt, $0.3 + $1.progress.runsSpilled
            )
        }
        guard segments > 0 else { return [] }
        var fact = "\(segments.grouped) of \(held.grouped) segments, \(looked.grouped) items by key"
        if runs > 0 { fact += "; \(runs.grouped) files of keys" }
        // Where keys lie in other segments on each side, there is nothing but reading all again.
        if held > 1, segments >= held { fact += "; no segment is equal: do keys lie elsewhere?" }
        return [("read again", fact)]
    }

    private var tableLines: [String] {
        let head = [
            "table", "with", "items", "different", "missing", "extra", "changed since", "seconds",
            "outcome",
        ]
        let rows = verdicts.map { verdict in
            let counters = verdict.counters
            let figures = [
                counters.itemsInSource, counters.different + counters.changing,
                counters.onlyInSource, counters.onlyInTarget, counters.causes.changedSince,
            ].map { verdict.isConclusive ? $0.grouped : "-" }
            return [verdict.source, verdict.target] + figures + [
                verdict.progress.elapsed.inSeconds.fixed(2), verdict.outcomeText,
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
                let table = verdicts.count > 1 ? "\(item.source)  " : ""
                let names = item.attributes.map(\.name).joined(separator: ", ")
                let remarks = [item.cause.text, item.repair?.word].compactMap(\.self)
                let line =
                    "  \(item.kind.text)  \(table)\(item.key.text)"
                    + (names.isEmpty ? "" : "  \(names)")
                    + (remarks.isEmpty ? "" : "  (\(remarks.joined(separator: ", ")))")
                guard showsValues else { return [line] }
                return [line]
                    + item.attributes.map { attribute in
                        let (one, other) = (attribute.source?.text, attribute.target?.text)
                        return "    \(attribute.name): \(one ?? "absent") | \(other ?? "absent")"
                    }
            }
    }
}

extension TableVerdict {
    var outcomeText: String {
        switch outcome {
        case .equal: "equal"
        case .repaired: "repaired"
        case .different: "different"
        case .failed: "failed"
        case .stopped: "interrupted"
        case nil: "not begun"
        }
    }
}

extension VerifyCauses {
    fileprivate var text: String {
        let parts = [
            (differedAtFirstRead, "differed at the first read"),
            (changedSince, "have changed since"), (unknown, "can't be told since when"),
        ]
        return parts.filter { $0.0 > 0 }.map { "\($0.0.grouped) \($0.1)" }
            .joined(separator: ", ")
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
