import Arguments
import CommandLine
import Flow
import Glibc
import Jobs
import Status
import System
import Transfer

/// A job in words.
enum JobText {
    static func lines(_ view: JobView, now: Double) -> [String] {
        let process = view.isRunning ? " (process \(view.record.processID))" : ""
        let done = view.record.percent
        var lines = ["job \(view.id): \(view.state.rawValue)\(process), \(done) % done"]
        for (subject, fact) in facts(view, now) {
            let space = String(repeating: " ", count: 14 - subject.count)
            lines.append("  \(subject)\(space)\(fact)")
        }
        return lines
    }

    /// One line, for a log.
    static func line(_ view: JobView) -> String {
        let progress = view.record.progress
        let parts = [
            "\(view.record.percent) %: \(items(progress))", rate(progress), waiting(view),
            verified(progress).map { "\($0) verified" },
            view.deadLetters > 0 ? "\(view.deadLetters.grouped) dead letters" : nil,
            view.state == .running ? nil : view.state.rawValue,
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }

    private static func facts(_ view: JobView, _ now: Double) -> [(String, String)] {
        let progress = view.record.progress
        var facts: [(String, String)] = view.tables.map {
            (view.record.kind == .copy ? "copies" : "verifies", pair($0, view.record.kind))
        }
        facts.append(("items", items(progress)))
        if let verified = verified(progress) { facts.append(("verified", verified)) }
        if view.isRunning {
            facts.append(("speed", rate(progress)))
            facts.append(("read", units(progress.readUnitsPerSecond, progress.readLimit)))
            facts.append(("write", units(progress.writeUnitsPerSecond, progress.writeLimit)))
            if let waiting = waiting(view) { facts.append(("held back", waiting)) }
        }
        for table in view.tables {
            guard let boost = table.boost else { continue }
            let before = boost.table.writeUnits?.grouped ?? "?"
            facts.append(("raised units", "\(table.target), which had \(before) before"))
        }
        if let reason = view.record.reason { facts.append(("reason", reason)) }
        facts.append(("dead letters", view.deadLetters.grouped))
        let (leftOut, kept) = (progress.counters.itemsLeftOut, progress.counters.itemsKept)
        let changed = progress.counters.itemsRewritten
        if changed > 0 { facts.append(("changed", changed.grouped)) }
        if leftOut > 0 { facts.append(("left out", leftOut.grouped)) }
        if kept > 0 { facts.append(("kept", kept.grouped)) }
        facts += progress.counters.comparisons.map { ($0.subject, $0.count.grouped) }
        if let limits = view.record.throttle.description { facts.append(("throttle", limits)) }
        let runs = view.record.runs
        facts.append(
            (
                "begun",
                "\(date(view.record.created)), \(age(view.record.created, now)) ago; \(runs)"
                    + (runs == 1 ? " run" : " runs")
            ))
        facts.append(("last heard of", "\(age(view.record.updated, now)) ago"))
        facts.append(("command", view.record.command))
        return facts
    }

    private static func pair(_ table: JobTable, _ kind: JobRecord.Kind) -> String {
        let state =
            table.isFinished
            ? "done" : table.failure.map { "failed: \($0)" } ?? "\(table.segments.grouped) segments"
        let joint = kind == .copy ? "to" : "with"
        return "\(table.source) \(joint) \(table.target), \(state)"
    }

    static func items(_ progress: JobProgress) -> String {
        let total = progress.itemsEstimated.map {
            " of about \(max($0, progress.itemsDone).grouped)"
        }
        return "\(progress.itemsDone.grouped)\(total ?? "") items"
    }

    /// nil before anything has been verified.
    static func verified(_ progress: JobProgress) -> String? {
        let done = progress.itemsVerified
        guard done > 0 else { return nil }
        guard let total = progress.itemsToVerify.map({ max($0, done) }) else {
            return "\(done.grouped) items"
        }
        return "\(done.grouped) of about \(total.grouped) items, \(100 * done / total) %"
    }

    private static func rate(_ progress: JobProgress) -> String {
        "\(progress.itemsPerSecond.fixed(0)) items/s"
    }

    static func units(_ rate: Double, _ limit: Double?) -> String {
        "\(rate.fixed(0))\(limit.map { " of \($0.short)" } ?? "") units/s"
    }

    static func waiting(_ view: JobView) -> String? {
        guard view.isRunning, let hold = view.record.progress.hold else { return nil }
        return hold == .targetReplies ? nil : hold.rawValue
    }

    static func age(_ then: Double, _ now: Double) -> String {
        JobAge.spelled(max(0, now - then))
    }

    /// The local time, `2026-11-25 18:30:00`.
    private static func date(_ seconds: Double) -> String {
        CivilTime(local: Int(clamping: seconds))?.text ?? "at an unknown time"
    }
}

extension FlowCounters {
    /// What a copy of what differs has found besides, in words.
    var comparisons: [(subject: String, count: Int)] {
        [
            ("equal already", itemsEqual), ("changing", itemsChanging),
            ("target only", itemsOnlyInTarget),
        ].filter { $0.1 > 0 }
    }
}

/// Many jobs, a line each.
enum JobList {
    static func lines(_ views: [JobView], now: Double) -> [String] {
        let head = ["JOB", "STATE", "DONE", "ITEMS", "ITEMS/S", "DEAD", "HEARD OF", "TABLES"]
        return Columns.lines([head] + views.map { row($0, now) }, rightAligned: 2...5)
    }

    private static func row(_ view: JobView, _ now: Double) -> [String] {
        let progress = view.record.progress
        return [
            view.id, view.state.rawValue, "\(view.record.percent) %", progress.itemsDone.grouped,
            view.isRunning ? progress.itemsPerSecond.fixed(0) : "-", view.deadLetters.grouped,
            JobText.age(view.record.updated, now) + " ago",
            copies(view),
        ]
    }

    private static func copies(_ view: JobView) -> String {
        guard let first = view.tables.first else { return "-" }
        let others = view.tables.count - 1
        let joint = view.record.kind == .copy ? "to" : "with"
        return "\(first.source) \(joint) \(first.target)"
            + (others > 0 ? " and \(others) more" : "")
    }
}
