import Connectors
import Flow
import JSON
import Schema

/// Where one table of a job stands, or what has become of it.
package struct TableStatus: Equatable, Sendable {
    package enum Stage: String, Sendable {
        case waiting
        /// Files are read before anything of them is written.
        case checking
        /// Its items are copied.
        case copying
        /// DynamoDB exports it by itself.
        case exporting
        /// DynamoDB imports it by itself.
        case importing
        /// Both tables, or what a copy has made, are read and added up.
        case summing
        /// Segments that differ are read again.
        case readingAgain
        /// Items that differ are read by their keys.
        case looking
        /// Items that differ are read by their keys and written.
        case repairing
        case ended
    }

    /// Where a table stands, in one word: the same for every kind of job.
    package enum State: String, Sendable {
        case waiting
        case running
        case done
        case failed
        case stopped
    }

    /// Bare names.
    package var source: String
    package var target: String
    /// Where each side is a table, and DynamoDB says its ARN; nil for files.
    package var sourceARN: String?
    package var targetARN: String?
    package var stage = Stage.waiting
    /// nil while it has not ended, or when it has not begun.
    package var outcome: FlowOutcome?
    /// What this run has done, and what earlier ones had settled.
    package var progress = FlowProgress()
    /// nil where nothing is compared.
    package var comparison: Comparison?
    package var settings = SettingsReport()
    /// Items that got the same key.
    package var collisions = KeyCollisions()
    /// What DynamoDB does for it by itself.
    package var requests: [ServiceRequest] = []
    /// What changes name and no item has had, as it was written.
    package var unmet: [String] = []

    package init(source: String, target: String) {
        self.source = source
        self.target = target
    }

    /// Nothing is under way any more.
    package mutating func end(_ outcome: FlowOutcome) {
        stage = .ended
        self.outcome = outcome
        progress.rest()
        if outcome == .completed { progress.fraction = 1 }
    }

    package var state: State {
        switch outcome {
        case .completed: .done
        case .failed: .failed
        case .stopped: .stopped
        case nil: stage == .waiting ? .waiting : .running
        }
    }

    /// Its outcome in one word: of a comparison, what it found.
    package var outcomeText: String {
        switch outcome {
        case .completed: comparison?.result?.rawValue ?? "complete"
        case .failed: "failed"
        case .stopped: "interrupted"
        case nil: "not begun"
        }
    }

    /// Why it failed.
    package var failure: FlowFailure? {
        if case .failed(let failure) = outcome { failure } else { nil }
    }

    /// Why it failed, in one line, beside its names; nil where it has not.
    package var failureCase: CauseGroups.Case? {
        failure.map { remark($0.headline, hint: $0.hint) }
    }

    /// What is said of it, beside its names.
    package func remark(_ text: String, hint: String? = nil) -> CauseGroups.Case {
        CauseGroups.Case(source: source, target: target, message: text, hint: hint)
    }

    /// Items that are in the target by all runs of the job.
    package var itemsInAll: Int {
        progress.itemsEarlier + progress.counters.itemsWritten + progress.counters.itemsEqual
    }

    /// For programs.
    package var json: JSON {
        var json = progress.json
        json["source"] = .string(source)
        json["target"] = .string(target)
        json["sourceArn"] = sourceARN.map { .string($0) } ?? .null
        json["targetArn"] = targetARN.map { .string($0) } ?? .null
        json["state"] = .string(state.rawValue)
        json["error"] = failure.map { .string($0.headline) } ?? .null
        json["itemsInAll"] = JSON(itemsInAll)
        if !requests.isEmpty { json["service"] = .array(requests.map(\.report)) }
        if !unmet.isEmpty { json["unmetPlaces"] = .array(unmet.map { .string($0) }) }
        if collisions.count > 0 {
            json["keyCollisions"] = JSON(collisions.count)
            json["keyCollisionExamples"] = .array(
                collisions.examples.map { .array($0.map { .string($0) }) })
        }
        return json
    }
}

extension FlowFailure {
    /// In one line.
    package var headline: String {
        let text = String(message.prefix { !$0.isNewline })
        // What dynaferry itself refuses has no name that anyone could look up.
        return code == Self.refusedCode ? text : "\(code): \(text)"
    }

    /// The code of what is refused before anything is done.
    package static let refusedCode = "Refused"
}
