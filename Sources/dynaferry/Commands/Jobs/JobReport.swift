import Arguments
import CommandLine
import JSON
import Jobs
import Status
import System

/// What a job has done, table by table, over all its runs.
struct JobReport {
    let view: JobView

    private static let head = [
        "table", "copy", "items", "size", "read units", "write units", "throttles", "dead",
        "outcome",
    ]

    func text(_ format: JobReportArguments.Format) -> String {
        switch format {
        case .text:
            (title + [""] + Columns.lines(rows, rightAligned: 2...7) + remarks + [""] + next)
                .joined(separator: "\n")
        case .md:
            (["# " + title[0], ""] + title.dropFirst().map { "- " + $0 } + [""] + markdown
                + (remarks.isEmpty ? [] : [""] + remarks.dropFirst().map { "- " + $0 }) + [""]
                + next.map { "- " + $0 }).joined(separator: "\n")
        case .json: json.prettyText
        }
    }

    private var title: [String] {
        let progress = view.record.progress
        let counters = progress.counters
        let duration = Duration.milliseconds(Int64(clamping: progress.seconds * 1_000)).spelled
        let speed = progress.seconds > 0 ? Double(counters.itemsWritten) / progress.seconds : 0
        let size = Double(counters.storedBytesWritten).inDecimalBytes
        let runs = view.record.runs.counted("run")
        let atLeast = progress.crashes > 0 ? "at least " : ""
        return [
            "job \(view.id): \(view.state.rawValue), \(view.record.percent) % done",
            "\(JobText.items(view)), \(atLeast)\(counters.itemsWritten.grouped) written in"
                + " \(runs) of \(duration)",
            "\(size) of items, \(speed.fixed(0)) items/s",
            "\(counters.itemsRetried.counted("item")) sent again,"
                + " \(counters.requestsFailed.counted("request")) after errors",
        ] + leftOut + (view.record.reason.map { ["reason: \($0)"] } ?? [])
    }

    private var leftOut: [String] {
        let counters = view.record.progress.counters
        let (leftOut, kept) = (counters.itemsLeftOut, counters.itemsKept)
        let changed = counters.itemsRewritten
        return (changed > 0 ? ["\(changed.grouped) changed on the way"] : [])
            + (leftOut > 0 ? ["\(leftOut.grouped) left out"] : [])
            + (kept > 0 ? ["\(kept.grouped) kept as the target has them"] : [])
            + counters.comparisons.map { "\($0.subject): \($0.count.counted("item"))" }
    }

    private var rows: [[String]] {
        [Self.head]
            + view.tables.map { table in
                let counters = table.progress.counters
                return [
                    table.source, table.target, table.progress.itemsOnce.grouped,
                    Double(counters.storedBytesWritten).inDecimalBytes,
                    (counters.readUnits + counters.readUnitsElsewhere).fixed(1),
                    counters.writeUnits.fixed(1),
                    (counters.scansThrottled + counters.writesThrottled).grouped,
                    counters.deadLetters.grouped, outcome(table),
                ]
            }
    }

    private func outcome(_ table: JobTable) -> String {
        if table.isFinished {
            guard let result = table.comparison?.result else { return "complete" }
            return result == .equal ? "complete, verified" : "complete, different"
        }
        return table.failure.map { "failed: \($0)" } ?? "not done"
    }

    /// Line by line, after an empty one; nothing where there is nothing to say.
    private var remarks: [String] {
        var remarks: [CauseGroups.Case] = []
        for table in view.tables {
            let report = table.settings
            if !report.carried.isEmpty {
                remarks.append(table.remark(report.carried.joined(separator: ", ")))
            }
            for text in report.notCarried.map({ "not carried: \($0)" })
                + report.differences.map({ "left as it is: \($0)" })
                + (table.comparison?.lines ?? [])
            {
                remarks.append(table.remark(text))
            }
        }
        let lines = CauseGroups(remarks).lines
        return lines.isEmpty ? [] : [""] + lines
    }

    private var markdown: [String] {
        func line(_ cells: [String]) -> String {
            "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }
        let rule = Self.head.indices.map { (2...7).contains($0) ? "---:" : "---" }
        return [line(rows[0]), line(rule)] + rows.dropFirst().map(line)
    }

    /// Commands, each with what it is for.
    private var next: [String] {
        var lines: [String] = []
        if !view.record.state.isOver, !view.isRunning {
            lines.append("to resume: \(view.record.command)")
        }
        if view.record.state.isOver, let words = VerifyArguments.words(afterCopy: view.record.words)
        {
            lines.append("to verify: \(ShellWords.command(words))")
        }
        if view.deadLetters > 0 {
            lines.append(
                "\(view.deadLetters.counted("dead letter")); to try them again:"
                    + " dynaferry jobs retry \(view.id)")
        }
        return lines
    }

    private var json: JSON {
        var json = view.json
        json["tables"] = .array(
            view.tables.map { table in
                var entry = table.progress.json
                entry["source"] = .string(table.source)
                entry["target"] = .string(table.target)
                entry["outcome"] = .string(table.isFinished ? "complete" : "incomplete")
                entry["failure"] = table.failure.map { .string($0) } ?? .null
                entry["settings"] = table.settings.json
                entry["verification"] = table.comparison?.json ?? .null
                return entry
            })
        return json
    }
}

extension JobTable {
    /// What is said of it: it is called by its target's name.
    fileprivate func remark(_ text: String) -> CauseGroups.Case {
        CauseGroups.Case(source: target, target: source, message: text)
    }
}
