import CommandLine
import System
import Transfer

extension CopySummary {
    /// The report for people, a fact a line.
    package var lines: [String] {
        let duration = Duration.milliseconds(Int64(clamping: seconds * 1_000)).spelled
        var lines = ["\(verb) \(source) to \(target) in \(duration)"]
        for (subject, fact) in facts {
            let padding = String(repeating: " ", count: 14 - subject.count)
            lines.append("  \(subject)\(padding)\(fact)")
        }
        if !tables.isEmpty { lines += [""] + TableSummary.lines(tables) }
        return lines
    }

    private var verb: String {
        switch outcome {
        case .complete: "copied"
        case .deadLetters: "copied, but for dead letters,"
        case .different: "copied, with differences,"
        case .unlike: "copied, but for settings,"
        case .interrupted: "interrupted while copying"
        case .failed: "failed to copy"
        }
    }

    private var facts: [(subject: String, fact: String)] {
        var facts: [(subject: String, fact: String)] = [
            ("items", "\(itemsWritten.grouped) written of \(itemsRead.grouped) read\(notWritten)"),
            (
                "size",
                """
                \(Double(bytes).inDecimalBytes) of items; \(Double(bytesReceived).inDecimalBytes) \
                received, \(Double(bytesSent).inDecimalBytes) sent
                """
            ),
            ("speed", "\(itemsPerSecond.fixed(0)) items/s, \(bytesPerSecond.inDecimalBytes)/s"),
            ("read units", "\(readUnits.fixed(1)) in \(scanRequests.grouped) scans"),
            ("write units", "\(writeUnits.fixed(1)) in \(writeRequests.grouped) writes"),
            (
                "throttles",
                "\(sourceThrottles.grouped) by the source, \(targetThrottles.grouped) by the target"
            ),
            (
                "retries",
                """
                \(itemsRetried.grouped) items sent again, \
                \(requestsRetried.grouped) requests after errors
                """
            ),
            ("segments", segments.grouped),
            (
                "cpu",
                "\(usage.cpuSeconds.fixed(2)) s, \(cpuMicrosecondsPerItem.fixed(2)) us an item"
            ),
            ("peak memory", Double(usage.peakMemoryBytes).inBinaryBytes),
        ]
        if runs > 1 {
            facts.insert(
                (
                    "in all",
                    """
                    \(itemsInAll.grouped) items in \(runs.grouped) runs of job \(job), \
                    \(crashes > 0 ? "at least " : "")\(itemsWrittenInAll.grouped) written
                    """
                ), at: 1)
        }
        if let dollars {
            facts.append(("cost", "about \(dollars.inDollars), by the plan's prices"))
        }
        if exitsWell, !settings.carried.isEmpty {
            facts.append(("settings", settings.carried.joined(separator: ", ")))
        }
        facts += settings.notCarried.map { ("not carried", $0) }
        facts += settings.differences.map { ("left as it is", $0) }
        facts += (verdict?.lines ?? []).map { ("verification", $0) }
        if itemsOnlyInTarget > 0 {
            facts.insert(
                ("left alone", "\(itemsOnlyInTarget.grouped) items only in the target"), at: 1)
        }
        if let deadLettersFile { facts.insert(("dead letters", deadLettersFile), at: 1) }
        return facts
    }

    /// What was to be set has been.
    private var exitsWell: Bool { outcome.exitCode == .success || outcome.exitCode == .differs }

    private var notWritten: String {
        var text = ", \(deadLetters.grouped) dead letters"
        if itemsKept > 0 { text += ", \(itemsKept.grouped) kept as the target has them" }
        if itemsLeftOut > 0 { text += ", \(itemsLeftOut.grouped) left out" }
        if itemsEqual > 0 { text += ", \(itemsEqual.grouped) equal already" }
        if itemsChanging > 0 { text += ", \(itemsChanging.grouped) changing" }
        return text
    }
}
