import Arguments
import CommandLine
import Flow
import Jobs
import Pacing
import Status
import System

/// A job on a whole terminal, for `jobs status --watch`.
struct JobScreen {
    let drawing: Drawing
    /// What the clock on the wall says so many seconds after 1970 began.
    var clock: @Sendable (Int) -> CivilTime? = { CivilTime(local: $0) }

    /// What fills a terminal of this size: at most `rows` lines, none wider than `columns` less
    /// one.
    /// - Parameter now: in seconds since 1970.
    func lines(
        _ view: JobView, _ history: RateHistory, columns: Int, rows: Int, at now: Double
    ) -> [StyledText] {
        let width = max(1, columns - 1)
        var above = head(view, history, width, now).flatMap { fold($0, width) }
        above.append("")
        let foot = fold([StyledText("q closes this; the job continues", .quiet)], width)
        let room = max(0, rows - above.count - foot.count)
        let tables = tables(view, width, rows: room)
        let lines = above + tables + foot
        return Array(lines.prefix(max(1, rows)))
    }

    private func fold(_ facts: [StyledText], _ width: Int) -> [StyledText] {
        StyledText.folded(facts, toColumns: width, mark: drawing.cutMark)
    }

    private func head(
        _ view: JobView, _ history: RateHistory, _ width: Int, _ now: Double
    ) -> [[StyledText]] {
        let progress = view.record.progress
        let counts = [view.count(.done), view.count(.running), view.count(.failed)]
        return [
            [
                StyledText("job \(view.id)"), StyledText(view.state.rawValue, view.state.meaning),
                StyledText(view.isRunning ? "process \(view.record.processID)" : "", .quiet),
                StyledText(clock(Int(clamping: now))?.text ?? "", .quiet),
            ],
            [drawing.bar(percent: percent(view), columns: width, view.isHeld ? .waiting : .good)],
            times(view, history, now),
            [StyledText(JobText.items(view))] + speed(history, width, now),
            units(progress) + [StyledText(segments(progress))],
            troubles(view),
            JobText.verified(progress).map { [StyledText("verified \($0)")] } ?? [],
            view.tables.count > 1
                ? [
                    StyledText(
                        "\(counts[0].grouped) of \(view.tables.count.counted("table")) done",
                        counts[0] > 0 ? .good : .plain),
                    StyledText(counts[1] > 0 ? "\(counts[1].grouped) running" : ""),
                    StyledText(counts[2] > 0 ? "\(counts[2].grouped) failed" : "", .bad),
                ] : [],
        ]
    }

    /// Of what is under way: of a copy whose items have all arrived that is its verification.
    private func percent(_ view: JobView) -> Int {
        guard view.verifiesOnly else { return view.record.percent }
        return ProgressSnapshot.percent(view.fraction, isDone: true)
    }

    private func times(_ view: JobView, _ history: RateHistory, _ now: Double) -> [StyledText] {
        let elapsed = Int(clamping: view.record.progress.seconds)
        let left = view.state == .running ? history.secondsLeft(at: now) : nil
        let end = left.flatMap { ProgressFacts.end(after: .seconds($0), at: now, clock) }
        let runs = view.record.runs
        return [
            StyledText(
                "elapsed \(Duration.seconds(elapsed).rough)"
                    + (runs > 1 ? " in " + runs.counted("run") : "")),
            StyledText(left.map { ProgressFacts.left(.seconds($0)) } ?? ""),
            StyledText(end ?? ""),
            StyledText("updated \(JobText.age(view.record.updated, now)) ago", .quiet),
        ]
    }

    /// The rate now, and as a line over the last minutes.
    private func speed(_ history: RateHistory, _ width: Int, _ now: Double) -> [StyledText] {
        let parts = min(60, width - 14)
        let rate = StyledText(history.rate(at: now).map { "\($0.fixed(0)) items/s" } ?? "")
        guard parts >= 10 else { return [rate] }
        let line = drawing.sparkline(history.rates(parts: parts, at: now))
        let minutes = Int(clamping: RateHistory.span / 60)
        return [rate, StyledText(line) + StyledText(" last \(minutes) min", .quiet)]
    }

    private func units(_ progress: JobProgress) -> [StyledText] {
        [
            StyledText("read \(JobText.units(progress.readUnitsPerSecond, progress.readLimit))"),
            StyledText("write \(JobText.units(progress.writeUnitsPerSecond, progress.writeLimit))"),
        ]
    }

    private func segments(_ progress: JobProgress) -> String {
        progress.segments > 0
            ? "segments \(progress.counters.segmentsFinished.grouped)/\(progress.segments.grouped)"
            : ""
    }

    private func troubles(_ view: JobView) -> [StyledText] {
        let counters = view.record.progress.counters
        let throttled = counters.scansThrottled + counters.writesThrottled
        return [
            StyledText(JobText.waiting(view).map { "held back: \($0)" } ?? "", .waiting),
            StyledText(
                "throttled \(counters.scansThrottled.grouped) source,"
                    + " \(counters.writesThrottled.grouped) target",
                throttled > 0 ? .waiting : .plain),
            StyledText(
                view.deadLetters > 0 ? "dead letters \(view.deadLetters.grouped)" : "", .bad),
            StyledText(view.record.reason ?? "", .bad),
        ]
    }

    // MARK: Tables

    private func tables(_ view: JobView, _ width: Int, rows: Int) -> [StyledText] {
        let sorted = JobView.TableState.allCases.flatMap { state in
            view.tables.filter { view.state(of: $0) == state }
        }
        let fits = sorted.count + 1 <= rows
        let shown = fits ? sorted : Array(sorted.prefix(max(0, rows - 2)))
        let head = ["DONE", "TABLE", view.record.kind == .copy ? "TO" : "WITH"]
        let cells = [head + ["ITEMS", "SEGMENTS", "STATE"]] + shown.map { row($0, view) }
        let lines = zip(
            Columns.lines(cells, rightAligned: 3...3), [nil] + shown.map { $0 as JobTable? }
        )
        .map { line, table in
            StyledText(line, table.map { view.state(of: $0).meaning } ?? .quiet)
                .cut(toColumns: width, mark: drawing.cutMark)
        }
        guard !fits, rows > 0 else { return Array(lines.prefix(rows)) }
        let more = sorted.dropFirst(shown.count).count
        let rest = StyledText("and \(more.counted("more table"))", .quiet)
        return Array(lines.prefix(rows - 1)) + fold([rest], width).prefix(1)
    }

    private func row(_ table: JobTable, _ view: JobView) -> [String] {
        let (progress, state) = (table.progress, view.state(of: table))
        let percent =
            state == .done ? 100 : ProgressSnapshot.percent(progress.fraction, isDone: false)
        let segments =
            table.segments > 0
            ? "\(progress.counters.segmentsFinished.grouped)/\(table.segments.grouped)" : ""
        let padding = String(repeating: " ", count: 3 - String(percent).count)
        return [
            "\(padding)\(percent)%", table.source, table.target, progress.itemsDone.grouped,
            segments,
            table.failure.map { state == .failed ? "failed: \($0)" : state.rawValue }
                ?? state.rawValue,
        ]
    }
}

extension JobView {
    /// Nothing moves by itself.
    fileprivate var isHeld: Bool { state != .running && state != .finished }

    /// Of a copy, that all its items have arrived and are compared.
    var verifiesOnly: Bool {
        let progress = record.progress
        guard isRunning, progress.itemsVerified > 0, let total = progress.itemsEstimated else {
            return false
        }
        return progress.itemsDone >= total
    }

    /// The share that is done of what is under way, 0 to 1.
    var fraction: Double {
        let progress = record.progress
        guard verifiesOnly else { return progress.fraction }
        let total = max(progress.itemsToVerify ?? 0, progress.itemsVerified, 1)
        return Double(progress.itemsVerified) / Double(total)
    }

    /// Items that were copied, or verified.
    var itemsHandled: Int {
        record.progress.itemsDone.addingClamped(record.progress.itemsVerified)
    }

    /// How a table of it stands, those first that its user should look at first.
    enum TableState: String, CaseIterable {
        case failed
        case running
        case waiting
        case done

        var meaning: Meaning {
            switch self {
            case .failed: .bad
            case .running: .plain
            case .waiting: .quiet
            case .done: .good
            }
        }
    }

    func state(of table: JobTable) -> TableState {
        if table.isFinished { return .done }
        if table.failure != nil { return .failed }
        let hasBegun = table.progress.itemsDone > 0 || table.progress.counters.scans > 0
        return isRunning && hasBegun ? .running : .waiting
    }

    func count(_ state: TableState) -> Int { tables.count { self.state(of: $0) == state } }
}

extension JobView.State {
    var meaning: Meaning {
        switch self {
        case .running: .plain
        case .paused: .waiting
        case .stopped, .failed, .crashed: .bad
        case .finished: .good
        }
    }
}
