import CommandLine
import Status
import System
import Transfer

/// The live block for a terminal: a few lines that are drawn again in place.
package struct ProgressBlock: Sendable {
    let drawing: Drawing
    /// What the clock on the wall says so many seconds after 1970 began.
    let clock: @Sendable (Int) -> CivilTime?

    package init(
        speaksUnicode: Bool,
        clock: @escaping @Sendable (Int) -> CivilTime? = { CivilTime(local: $0) }
    ) {
        drawing = Drawing(speaksUnicode: speaksUnicode)
        self.clock = clock
    }

    /// Tables shown below the whole: those that run, and those that failed.
    private static let runningMax = 8
    private static let failedMax = 3

    /// Some lines, the weightiest first; none wider than `columns` less one: a terminal folds a
    /// full line.
    /// - Parameter now: in seconds since 1970.
    package func lines(
        _ snapshot: ProgressSnapshot, _ rates: ProgressRates, columns: Int, at now: Double
    ) -> [StyledText] {
        let width = max(1, columns - 1)
        let facts = ProgressFacts(snapshot, rates)
        let head = title(snapshot, width)
        let waiting = [snapshot.waiting.map { StyledText($0, .waiting) } ?? ""]
        // How far DynamoDB has come with what it does by itself, it does not say.
        let rows =
            snapshot.worksElsewhere
            ? [head, times(snapshot, rates, now), waiting, besides(snapshot, facts)]
            : [
                head, [bar(snapshot, width)], times(snapshot, rates, now),
                amounts(snapshot, facts), [facts.read, facts.write, facts.segments].texts,
                troubles(snapshot, facts), waiting, besides(snapshot, facts),
            ]
        return (rows + tables(snapshot)).flatMap {
            StyledText.folded($0, toColumns: width, mark: drawing.cutMark)
        }
    }

    private func title(_ snapshot: ProgressSnapshot, _ width: Int) -> [StyledText] {
        let (phase, meaning) = (snapshot.phase.rawValue, snapshot.phase.meaning)
        let (source, target) = (snapshot.source, "\(drawing.arrow) \(snapshot.target)")
        let pair = "\(source) \(target)"
        return (pair.columns <= width ? [pair] : [source, target]).texts + [
            StyledText(snapshot.status.id.map { "job \($0)" } ?? "", .quiet),
            StyledText(snapshot.isUsual ? "" : phase, meaning),
        ]
    }

    /// Of what is under way: of a copy whose items have all arrived that is its verification.
    private func bar(_ snapshot: ProgressSnapshot, _ width: Int) -> StyledText {
        switch snapshot.phase {
        case .finishing: return StyledText("all items are copied; the target is being finished")
        case .verifying:
            guard let verifying = snapshot.verifying else { break }
            let percent = ProgressSnapshot.percent(verifying.fraction, isDone: true)
            return drawing.bar(percent: percent, columns: width)
        case .copying, .paused, .stopping, .stopped, .finished: break
        }
        let isHeld = snapshot.phase != .copying && snapshot.phase != .finished
        let meaning = isHeld && !snapshot.isUsual ? Meaning.waiting : .good
        return drawing.bar(percent: snapshot.percent, columns: width, meaning)
    }

    private func times(
        _ snapshot: ProgressSnapshot, _ rates: ProgressRates, _ now: Double
    ) -> [StyledText] {
        let elapsed = Int(clamping: snapshot.status.elapsed.inSeconds)
        let left = snapshot.verifiesOnly ? rates.verificationRemaining : rates.remaining
        return [
            StyledText("elapsed \(Duration.seconds(elapsed).rough)"),
            StyledText(left.map { ProgressFacts.left($0) } ?? ""),
            StyledText(left.flatMap { ProgressFacts.end(after: $0, at: now, clock) } ?? ""),
        ]
    }

    private func amounts(_ snapshot: ProgressSnapshot, _ facts: ProgressFacts) -> [StyledText] {
        guard snapshot.verifiesOnly else {
            return [facts.items, facts.itemRate, facts.bytes, facts.byteRate].texts
        }
        let verified = [facts.verifiedItems, facts.verifiedRate].texts
        return verified + [StyledText("copied \(snapshot.items.counted("item"))", .good)]
    }

    private func troubles(_ snapshot: ProgressSnapshot, _ facts: ProgressFacts) -> [StyledText] {
        let counters = snapshot.progress.counters
        let isThrottled = counters.scansThrottled + counters.writesThrottled > 0
        return [
            StyledText(facts.inFlight),
            StyledText(facts.throttles, isThrottled ? .waiting : .plain),
            StyledText(facts.deadLetters ?? "", .bad),
        ] + [facts.leftOut, facts.kept, facts.retried].texts
    }

    /// The verification of tables that have been copied, while others are.
    private func besides(_ snapshot: ProgressSnapshot, _ facts: ProgressFacts) -> [StyledText] {
        snapshot.verifiesOnly ? [] : facts.verified.texts
    }

    private func tables(_ snapshot: ProgressSnapshot) -> [[StyledText]] {
        guard let counts = snapshot.tableCounts else { return [] }
        let all = snapshot.status.tables
        let running = all.filter { $0.state == .running }
        let failed = all.filter { $0.state == .failed }
        var rows = [[counts.done, counts.running, counts.failed].compactMap(\.self)]
        rows += running.prefix(Self.runningMax).map { [row($0)] }
        if running.count > Self.runningMax {
            rows.append([StyledText("  and \(running.count - Self.runningMax) more run", .quiet)])
        }
        rows += failed.prefix(Self.failedMax).map { table in
            let reason = table.failure.map { ": \($0.headline)" } ?? ""
            return [StyledText("  failed  \(table.source)\(reason)", .bad)]
        }
        if failed.count > Self.failedMax {
            rows.append([StyledText("  and \(failed.count - Self.failedMax) more failed", .bad)])
        }
        return rows
    }

    private func row(_ table: TableStatus) -> StyledText {
        let progress = table.progress
        guard table.requests.isEmpty else { return StyledText("  \(table.source)") }
        let percent = String(ProgressSnapshot.percent(progress.fraction, isDone: false))
        let padding = String(repeating: " ", count: 3 - percent.count)
        let (done, all) = (progress.counters.segmentsFinished, progress.segments)
        let segments = all > 0 ? "  segments \(done.grouped)/\(all.grouped)" : ""
        let hold = progress.hold?.text.map { "  \($0)" } ?? ""
        return StyledText(
            "  \(padding)\(percent) %  \(table.source)  \(progress.itemsDone.counted("item"))"
                + segments) + StyledText(hold, .waiting)
    }
}

extension ProgressSnapshot.Phase {
    var meaning: Meaning {
        switch self {
        case .copying, .verifying, .finishing: .plain
        case .paused, .stopping: .waiting
        case .stopped: .bad
        case .finished: .good
        }
    }
}

extension [String] {
    fileprivate var texts: [StyledText] { map { StyledText($0) } }
}

extension [String?] {
    fileprivate var texts: [StyledText] { compactMap(\.self).texts }
}
