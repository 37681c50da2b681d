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
            "\(view.record.percent) %: \(items(view))", rate(progress), waiting(view),
            verified(progress).map { "\($0) verified" },
            view.deadLetters > 0 ? "\(view.deadLetters.counted("dead letter"))" : nil,
            view.state == .running ? nil : view.state.rawValue,
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }

    private static func facts(_ view: JobView, _ now: Double) -> [(String, String)] {
        let progress = view.record.progress
        let subject = view.record.kind == .copy ? "copies" : "verifies"
        var facts: [(String, String)] = pairs(view).map { (subject, $0) }
        facts.append(("items", items(view)))
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
                "\(date(view.record.created)), \(age(view.record.created, now)) ago;"
                    + " \(runs.counted("run"))"
            ))
        facts.append(("last update", "\(age(view.record.updated, now)) ago"))
        facts.append(("command", view.record.command))
        return facts
    }

    /// A line a table, their parts below each other.
    private static func pairs(_ view: JobView) -> [String] {
        let joint = view.record.kind == .copy ? "to" : "with"
        let rows = view.tables.map { table in
            let state =
                table.isFinished
                ? "done"
                : table.failure.map { "failed: \($0)" } ?? table.segments.counted("segment")
            return [table.source, joint, table.target, state]
        }
        return Columns.lines(rows, rightAligned: 4...4)
    }

    /// What is done of the job; of a verification, of each side.
    static func items(_ view: JobView) -> String {
        let progress = view.record.progress
        if progress.itemsOfSource > 0 || progress.itemsOfTarget > 0 {
            return "\(progress.itemsOfSource.grouped) in the source,"
                + " \(progress.itemsOfTarget.grouped) in the target"
        }
        let total = progress.itemsEstimated.map { max($0, progress.itemsDone) }
        guard let total else { return progress.itemsDone.counted("item") }
        return "\(progress.itemsDone.grouped) of about \(total.counted("item"))"
    }

    /// nil before anything has been verified.
    static func verified(_ progress: JobProgress) -> String? {
        let done = progress.itemsVerified
        guard done > 0 else { return nil }
        guard let total = progress.itemsToVerify.map({ max($0, done) }) else {
            return done.counted("item")
        }
        return "\(done.grouped) of about \(total.counted("item")), \(100 * done / total) %"
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

    /// The local time and its zone, `2026-11-25 18:30:00 +01:00`.
    private static func date(_ seconds: Double) -> String {
        let seconds = Int(clamping: seconds)
        guard let time = CivilTime(local: seconds), let zone = CivilTime.zone(at: seconds) else {
            return "at an unknown time"
        }
        return "\(time.text) \(zone)"
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
