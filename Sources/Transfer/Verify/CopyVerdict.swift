import DynamoModel
import JSON

/// What the verification of a copy has come to.
package struct CopyVerdict: Equatable, Sendable {
    /// Nothing differs but what has changed since it was read, and what a merge has left.
    package var isEqual: Bool
    package var counters: VerifyCounters
    package var notes: [String]
    /// When the source was read that the target is compared with, from its first page to its last,
    /// in seconds since 1970; nil in files of older versions.
    package var sourceRead: ClosedRange<Double>?

    /// - Parameter isMerged: items that only the target has were there before.
    init(_ verdict: TableVerdict, isMerged: Bool, sourceRead: ClosedRange<Double>) {
        self.sourceRead = sourceRead
        counters = verdict.counters
        notes = verdict.notes
        if isMerged { counters.leaveOutCausesInTarget() }
        isEqual =
            counters.differencesLeft
            == (isMerged ? counters.onlyInTarget : 0) + counters.changedSinceLeft
    }

    package var json: JSON {
        var json: JSON = [
            "outcome": isEqual ? "equal" : "different", "counts": counters.json,
            "notes": .array(notes.map { .string($0) }),
        ]
        if let sourceRead {
            json["sourceReadFrom"] = JSON(sourceRead.lowerBound)
            json["sourceReadTo"] = JSON(sourceRead.upperBound)
        }
        return json
    }

    /// Reads what ``json`` wrote.
    package init?(json: JSON?) {
        guard let json, let outcome = json["outcome"]?.string, let counts = json["counts"] else {
            return nil
        }
        isEqual = outcome == "equal"
        counters = VerifyCounters(json: counts)
        notes = json["notes"]?.array?.compactMap(\.string) ?? []
        if let start = json["sourceReadFrom"]?.double(in: ServiceRanges.timestamps),
            let end = json["sourceReadTo"]?.double(in: ServiceRanges.timestamps), start <= end
        {
            sourceRead = start...end
        }
    }
}
