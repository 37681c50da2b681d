import Connectors
import DynamoModel
import Flow
import Pacing
import System

/// Where a job stands, and what it comes to.
extension CopyJob {
    /// Where each table stands, in the job's order.
    package var progress: [TableReport] {
        let (running, ended) = state.withLock { ($0.running, $0.ended) }
        return tables.indices.map { number in
            if let report = ended[number] { return report }
            let table = tables[number]
            return TableReport(
                source: table.name, target: table.subject.target.definition.name,
                outcome: table.open.record.isFinished ? .completed : nil,
                progress: running[number]?.progress ?? idleProgress(of: number),
                settings: settingsReport(of: number), verdict: verdict(of: number))
        }
    }

    /// Since the run began.
    package var elapsed: Duration { time.now - started }

    /// Of a table that no copy moves now: it waits, or an earlier run has finished it.
    func idleProgress(of number: Int) -> FlowProgress {
        let table = tables[number].open
        var progress = FlowProgress(segments: table.record.segments)
        if table.isCopiedByDifferences(state.withLock { $0.options[number] }) {
            progress.take(table.record)
            return progress
        }
        progress.itemsEarlier = table.segments.lazy.map(\.items).clampedSum
        progress.bytesEarlier = table.segments.lazy.map(\.bytes).clampedSum
        progress.counters.segmentsFinished = table.segments.count { $0.isFinished }
        progress.hasEnded = table.record.isFinished
        let reported = tables[number].subject.source.itemCount
        progress.itemsEstimated =
            table.record.isFinished
            ? progress.itemsEarlier : max(progress.itemsEarlier, reported)
        return progress
    }

    /// Keeps the job's end, and says what it came to.
    func end() -> CopyReport {
        let reports = progress
        let outcome = outcome(reports)
        let paths = exportDeadLetters(reports)
        let inAll = store.saved.job
        do {
            switch outcome {
            case .completed: try store.end(.finished)
            case .stopped: try store.end(.stopped)
            case .failed(let failure): try store.end(.failed, reason: failure.message)
            }
        } catch {
            note("\(error.message); the job's last state is not kept")
        }
        let cost = maxCost.map { limit in
            let dollars = dollarsSpent(limit.prices)
            return (dollars: dollars, isReached: dollars >= limit.dollars)
        }
        return CopyReport(
            outcome: outcome, tables: reports, elapsed: elapsed, jobID: id, runs: runs,
            inAll: inAll, cost: cost, deadLettersPaths: paths)
    }

    private func outcome(_ reports: [TableReport]) -> FlowOutcome {
        let failures = reports.compactMap { report -> FlowFailure? in
            if case .failed(let failure) = report.outcome { failure } else { nil }
        }
        if let first = failures.first {
            guard reports.count > 1 else { return .failed(first) }
            var failure = first
            failure.message = "\(failures.count) of \(reports.count) tables: \(first.message)"
            return .failed(failure)
        }
        return reports.allSatisfy { $0.outcome == .completed } ? .completed : .stopped
    }

    /// The job's rows are the record of dead letters; the files are for their user to read. While a
    /// table may go on by itself it has none yet.
    private func exportDeadLetters(_ reports: [TableReport]) -> [String] {
        let options = state.withLock { $0.options }
        var files: [String: DeadLetterFile] = [:]
        var paths: [String] = []
        for (number, report) in reports.enumerated() {
            guard let outcome = report.outcome, outcome != .stopped else { continue }
            let wanted =
                options[number].deadLettersPath
                ?? DeadLetterFile.defaultPath(table: report.target)
            let file = files[wanted] ?? DeadLetterFile(path: wanted)
            files[wanted] = file
            do {
                for letter in try store.deadLetters(ofTable: number) {
                    try file.append(letter, table: report.target)
                }
                try file.sync()
            } catch let failure as FlowFailure {
                note("\(failure.message); they stand in job \(id)")
            } catch {
                note("dead letters can't be read: \(error)")
            }
            if let path = file.path, !paths.contains(path) { paths.append(path) }
        }
        return paths
    }
}
