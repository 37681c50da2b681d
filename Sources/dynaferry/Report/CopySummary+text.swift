import CommandLine
import Flow
import JSON
import Pacing
import Status
import System
import Transfer

extension CopySummary {
    var lines: [String] {
        let duration = Duration.milliseconds(Int64(clamping: status.elapsed.inSeconds * 1_000))
        var lines = [
            "\(verb) \(arguments.sourceText) to \(arguments.targetText) in \(duration.spelled)"
        ]
        for (subject, fact) in facts {
            let padding = String(repeating: " ", count: 14 - subject.count)
            lines.append("  \(subject)\(padding)\(fact)")
        }
        if status.tables.count > 1 { lines += [""] + CopiedTables.lines(status.tables) }
        return lines
    }

    private var verb: String {
        switch outcome {
        case .complete: "copied"
        case .deadLetters: "copied, but for dead letters,"
        case .collisions: "copied, but several items got the same key,"
        case .missing: "copied, but for keys that the source does not have,"
        case .unmet: "copied, but some paths were in no item,"
        case .different: "copied, with differences,"
        case .unlike: "copied, but for settings,"
        case .interrupted: "interrupted while copying"
        case .failed: "failed to copy"
        }
    }

    private var facts: [(subject: String, fact: String)] {
        guard status.tables.contains(where: \.requests.isEmpty) else { return serviceFacts }
        let (written, read) = (counters.itemsWritten.grouped, counters.itemsRead.grouped)
        var facts = [("items", "\(written) written of \(read) read\(notWritten)")]
        facts += status.deadLettersPaths.map { ("dead letters", $0) }
        if counters.itemsOnlyInTarget > 0 {
            let count = counters.itemsOnlyInTarget.counted("item")
            facts.append(("left alone", "\(count) only in target"))
        }
        if status.runs > 1 { facts.append(("in all", inAll)) }
        facts += effort
        if let cost = status.cost {
            facts.append(("cost", "about \(cost.dollars.inDollars), by the plan's prices"))
        }
        // Of several tables the lines below tell.
        guard status.tables.count == 1, let table = status.tables.first else { return facts }
        if exitCode == .success || exitCode == .differs, !table.settings.carried.isEmpty {
            facts.append(("settings", table.settings.carried.joined(separator: ", ")))
        }
        facts += table.settings.notCarried.map { ("not carried", $0) }
        facts += table.settings.differences.map { ("left as it is", $0) }
        return facts + (table.comparison?.lines ?? []).map { ("verification", $0) }
    }

    /// Of what DynamoDB has done by itself, which reports a count and nothing else.
    private var serviceFacts: [(subject: String, fact: String)] {
        let what = arguments.native.since == nil ? "items" : "changes"
        var facts = [(what, counters.itemsWritten.grouped)]
        if status.tables.count == 1, let table = status.tables.first {
            facts += table.requests.map { ("by DynamoDB", $0.title) }
            if !table.settings.carried.isEmpty, table.outcome == .completed {
                facts.append(("settings", table.settings.carried.joined(separator: ", ")))
            }
            facts += table.settings.notCarried.map { ("not carried", $0) }
            facts += (table.comparison?.lines ?? []).map { ("verification", $0) }
        }
        return facts
    }

    private var effort: [(subject: String, fact: String)] {
        let size = Double(counters.storedBytesWritten).inDecimalBytes
        let (received, sent) = (Double(counters.bytesRead), Double(counters.bytesSent))
        let (scans, writes) = (counters.scans.counted("scan"), counters.writes.counted("write"))
        return [
            (
                "size",
                "\(size) of items; \(received.inDecimalBytes) received,"
                    + " \(sent.inDecimalBytes) sent"
            ),
            ("speed", "\(itemsPerSecond.fixed(0)) items/s, \(bytesPerSecond.inDecimalBytes)/s"),
            ("read units", "\(counters.readUnits.fixed(1))\(there) in \(scans)"),
            ("write units", "\(counters.writeUnits.fixed(1)) in \(writes)"),
            (
                "throttles",
                "\(counters.scansThrottled.grouped) by the source,"
                    + " \(counters.writesThrottled.grouped) by the target"
            ),
            (
                "retries",
                "\(counters.itemsRetried.counted("item")) sent again,"
                    + " \(counters.requestsFailed.counted("request")) after errors"
            ),
            ("segments", progress.segments.grouped),
            (
                "cpu",
                "\(usage.cpuSeconds.fixed(2)) s, \(cpuMicrosecondsPerItem.fixed(2)) us an item"
            ),
            ("peak memory", Double(usage.peakMemoryBytes).inBinaryBytes),
        ]
    }

    /// What was read of the target to find what differs.
    private var there: String {
        let units = counters.readUnitsElsewhere
        return units > 0 ? " of the source and \(units.fixed(1)) of the target" : ""
    }

    private var inAll: String {
        let all = status.inAll
        return "\(all.itemsDone.counted("item")) in \(status.runs.counted("run")) of job"
            + " \(status.id ?? ""), \(all.crashes > 0 ? "at least " : "")"
            + "\(all.counters.itemsWritten.grouped) written"
    }

    private var notWritten: String {
        let counts = [
            (counters.itemsDeleted, "deleted"), (counters.itemsRewritten, "changed"),
            (counters.itemsKept, "kept as the target has them"),
            (counters.itemsLeftOut - counters.itemsMissing, "left out"),
            (counters.itemsMissing, "not in the source"), (counters.itemsEqual, "equal already"),
            (counters.itemsChanging, "changing"),
        ]
        return ", \(counters.deadLetters.counted("dead letter"))"
            + counts.filter { $0.0 > 0 }.map { ", \($0.0.grouped) \($0.1)" }.joined()
    }
}

extension ServiceRequest {
    /// In one line: what it is, and of which time.
    var title: String {
        let work = arn ?? "not asked for yet"
        func time(_ json: JSON?) -> String? {
            json?.int(in: 0...Int(Int32.max) * 4).map {
                UTCTime(secondsSinceEpoch: $0).description
            }
        }
        if let at = time(body["ExportTime"]) { return "\(work), as it was at \(at)" }
        let window = body["IncrementalExportSpecification"]
        guard let from = time(window?["ExportFromTime"]), let to = time(window?["ExportToTime"])
        else { return work }
        return "\(work), changes from \(from) to \(to)"
    }
}

/// Several tables that were copied, a line each.
private enum CopiedTables {
    /// A table of tables, the largest first, with what went wrong below it.
    static func lines(_ tables: [TableStatus]) -> [String] {
        let head = ["table", "copy", "items", "size", "seconds", "dead", "settings", "outcome"]
        let sorted = tables.sorted { $0.itemsInAll > $1.itemsInAll }
        let rows = sorted.map { table in
            let counters = table.progress.counters
            return [
                table.source, table.target, table.itemsInAll.grouped,
                // What DynamoDB has loaded by itself it does not say.
                table.requests.isEmpty ? Double(counters.storedBytesWritten).inDecimalBytes : "-",
                table.progress.elapsed.inSeconds.fixed(2), counters.deadLetters.grouped,
                table.settings.carried.count.grouped, table.copyOutcomeText,
            ]
        }
        return (Columns.lines([head] + rows, rightAligned: 2...6) + remarks(sorted)).map {
            "  " + $0
        }
    }

    /// What went wrong, what was verified, what was not carried and what a target lacked before.
    private static func remarks(_ tables: [TableStatus]) -> [String] {
        let kinds: [(TableStatus) -> [String]] = [
            { $0.failure.map { [$0.headline] } ?? [] },
            { $0.comparison?.lines ?? [] },
            { $0.settings.notCarried.map { "not carried: \($0)" } },
            { $0.settings.differences.map { "left as it is: \($0)" } },
        ]
        return kinds.flatMap { texts in
            CauseGroups(tables.flatMap { table in texts(table).map { table.remark($0) } }).lines
        }
    }
}

extension Comparison {
    /// Of a copy, for people.
    var lines: [String] {
        guard let result else { return [] }
        let text =
            result == .equal
            ? "verified: "
                + counters.equal.counted(
                    "item of the target is as it was", "items of the target are as they were")
                + " read from the source\(when)"
            : "differs: \(counters.different.grouped) different,"
                + " \(counters.onlyInSource.grouped) only in source,"
                + " \(counters.onlyInTarget.grouped) only in target,"
                + " \(counters.changing.grouped) changing"
        let causes = counters.causes.text(changedSince: "changed since they were read")
        return [text] + (causes.map { ["of what differs: \($0)"] } ?? []) + notes
    }

    /// What was written at the source since is not compared.
    private var when: String {
        guard let sourceRead else { return "" }
        let times = [sourceRead.lowerBound, sourceRead.upperBound].map {
            UTCTime(secondsSinceEpoch: $0).description
        }
        return ", \(times[0]) to \(times[1])"
    }
}

extension VerifyCauses {
    /// nil where nothing differs for any.
    func text(changedSince words: String) -> String? {
        let parts = [
            (differedAtFirstRead, "differed at the first read"), (changedSince, words),
            (unknown, "since an unknown time"),
        ].filter { $0.0 > 0 }
        guard !parts.isEmpty else { return nil }
        return parts.map { "\($0.0.grouped) \($0.1)" }.joined(separator: ", ")
    }
}
