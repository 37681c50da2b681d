import CommandLine

/// The live block for a terminal: a few lines that are drawn again in place.
package struct ProgressBlock: Sendable {
    /// Without Unicode the bar is drawn in ASCII.
    package let speaksUnicode: Bool

    package init(speaksUnicode: Bool) { self.speaksUnicode = speaksUnicode }

    /// Tables shown below the whole.
    private static let tablesMax = 8

    /// At most seven lines, and with several tables one for each that runs; none wider than
    /// `columns` less one: a terminal folds a full line.
    package func lines(
        _ snapshot: ProgressSnapshot, _ rates: ProgressRates, columns: Int
    ) -> [String] {
        let width = max(20, columns - 1)
        let facts = ProgressFacts(snapshot, rates)
        var lines = [
            cut(title(snapshot), to: width),
            bar(snapshot, facts.remaining, width: width),
            row([facts.items, facts.itemRate, facts.bytes, facts.byteRate], width: width),
            row([facts.read, facts.write, facts.segments], width: width),
            row(
                [
                    facts.inFlight, facts.throttles, facts.deadLetters, facts.leftOut, facts.kept,
                    facts.retried,
                ], width: width),
        ]
        if let waiting = snapshot.waiting { lines.append(cut(waiting, to: width)) }
        if !facts.verified.isEmpty { lines.append(row(facts.verified, width: width)) }
        return lines + tableLines(snapshot, width: width)
    }

    private func tableLines(_ snapshot: ProgressSnapshot, width: Int) -> [String] {
        guard let counts = snapshot.tableCounts else { return [] }
        let running = snapshot.status.tables.filter { $0.state == .running }
        return [cut(counts, to: width)]
            + running.prefix(Self.tablesMax).map { table in
                let percent = ProgressSnapshot.percent(table.progress.fraction, isDone: false)
                let padding = String(repeating: " ", count: 3 - String(percent).count)
                let items = table.progress.itemsDone.grouped
                return cut(
                    "  \(padding)\(percent) %  \(table.source)  \(items) items", to: width)
            }
    }

    private func title(_ snapshot: ProgressSnapshot) -> String {
        let arrow = speaksUnicode ? "→" : "->"
        let phase = snapshot.isUsual ? "" : "   \(snapshot.phase.rawValue)"
        return "\(snapshot.source) \(arrow) \(snapshot.target)\(phase)"
    }

    private func bar(_ snapshot: ProgressSnapshot, _ remaining: String?, width: Int) -> String {
        let (full, empty) = speaksUnicode ? ("█", "░") : ("#", ".")
        let percent = String(snapshot.percent)
        let padding = String(repeating: " ", count: 3 - percent.count)
        let caption = "\(padding)\(percent) %" + (remaining.map { "   \($0)" } ?? "")
        // As long as the longest caption leaves room for, so that the bar keeps its length.
        let length = min(60, width - 28)
        guard length >= 10 else { return cut(caption, to: width) }
        let done = length * snapshot.percent / 100
        return String(repeating: full, count: done) + String(repeating: empty, count: length - done)
            + " " + caption
    }

    /// As many of the facts, which are in the order of their weight, as fit.
    private func row(_ facts: [String?], width: Int) -> String {
        var line = ""
        for fact in facts.compactMap(\.self) {
            let longer = line.isEmpty ? fact : line + "   " + fact
            if longer.count > width { break }
            line = longer
        }
        return line
    }

    private func cut(_ text: String, to width: Int) -> String {
        guard text.count > width else { return text }
        let mark = speaksUnicode ? "…" : "..."
        return text.prefix(width - mark.count) + mark
    }
}
