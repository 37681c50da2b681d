import Flow
import JSON

/// A job as it looks from outside, read without disturbing the process that runs it.
package struct JobView: Equatable, Sendable {
    package enum State: String, Sendable {
        case running
        case paused
        /// Ended early, by its user; it can be resumed.
        case stopped
        case failed
        case finished
        /// Its process ended without a word; it can be resumed.
        case crashed
    }

    package var record: JobRecord
    package var tables: [JobTable]
    package var deadLetters: Int
    package var isRunning: Bool

    package var id: String { record.id }

    package var state: State {
        switch record.state {
        case .running: isRunning ? .running : .crashed
        case .paused: isRunning ? .paused : .crashed
        case .stopped: .stopped
        case .failed: .failed
        case .finished: .finished
        }
    }

    /// Seconds after which rates that were saved say nothing of now.
    private static let silenceMax = 5.0

    /// As it stands at a time, in seconds since 1970: what is paused, or has saved nothing for some
    /// seconds, is at rest, whatever its rate was when it was saved last.
    package func asOf(_ now: Double) -> JobView {
        guard state != .running || now - record.updated > Self.silenceMax else { return self }
        var view = self
        view.record.progress.stand()
        return view
    }

    /// For programs. Times are seconds since 1970.
    package var json: JSON {
        var json: JSON = [
            "id": .string(id), "kind": .string(record.kind.rawValue),
            "state": .string(state.rawValue),
            "percent": JSON(record.percent), "created": JSON(record.created),
            "updated": JSON(record.updated), "runs": JSON(record.runs),
            "process": isRunning ? JSON(record.processID) : .null,
            "reason": record.reason.map { .string($0) } ?? .null,
            "command": .string(record.command), "deadLetters": JSON(deadLetters),
            "throttle": record.throttle.json, "progress": record.progress.json,
        ]
        json["tables"] = .array(
            tables.map { table in
                [
                    "source": .string(table.source), "target": .string(table.target),
                    "targetWas": .string(table.targetWas.rawValue),
                    "segments": JSON(table.segments), "isFinished": .bool(table.isFinished),
                ]
            })
        return json
    }
}

extension JobFolder {
    package func view(_ id: String) throws(JobError) -> JobView {
        guard has(id) else {
            throw JobError(
                "there is no job \(id) in \(path)", hint: "dynaferry jobs lists all jobs")
        }
        // Asked first: a job that ends meanwhile has then said how, before it let go of its lock.
        let isRunning = isRunning(id)
        let file = try JobFile.open(databasePath(id), readOnly: true)
        return JobView(
            record: try file.job(), tables: try file.tables(),
            deadLetters: try file.deadLetterCount(), isRunning: isRunning)
    }

    /// Lets `body` change a job that no process runs.
    /// - Throws: ``JobError``, also when one does.
    package func withIdleJob<Value>(
        _ id: String, _ body: (JobFile) throws(JobError) -> Value
    ) throws(JobError) -> Value {
        guard let lock = try lock(id) else {
            throw JobError("job \(id) is being run", hint: "dynaferry jobs stop \(id)")
        }
        defer { withExtendedLifetime(lock) {} }
        return try body(try JobFile.open(databasePath(id), readOnly: false))
    }
}
