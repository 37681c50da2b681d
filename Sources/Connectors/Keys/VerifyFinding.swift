import DynamoModel
import JSON

/// An item in which two tables differ.
package struct VerifyFinding: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case different
        case onlyInSource
        case onlyInTarget
        /// On one side only, where it is past the time to live: the service will delete it, or has
        /// done so on the other side.
        case pastTTL
        /// Three looks found it otherwise each time.
        case changing
    }

    /// Since when an item differs. "First" is what sums were made of: for the source of a copy
    /// that verifies itself the copy's own scan.
    package enum Cause: String, CaseIterable, Sendable {
        /// The source still has what it had when it was read first; the target does not have that,
        /// and did not have it when it was read first.
        case differedAtFirstRead
        /// The target had what the source had when each was read first; one has changed since.
        case changedSince
        /// It is unknown, or both.
        case unknown
    }

    package var kind: Kind
    package var cause = Cause.unknown
    /// `{"id":{"S":"..."}}`.
    package var key: [UInt8]
    /// The item as JSON, as it was read last; nil where there is none.
    package var source: [UInt8]?
    package var target: [UInt8]?
    /// nil when nothing was done about it.
    package var repair: Repair?

    /// What a repair has come to.
    package enum Repair: Equatable, Sendable {
        /// The target has what the source had.
        case written
        /// The target does not have it any more.
        case deleted
        /// The target refused it for good.
        case refused(DeadLetter)
    }

    package init(kind: Kind, key: [UInt8], source: [UInt8]? = nil, target: [UInt8]? = nil) {
        self.kind = kind
        self.key = key
        self.source = source
        self.target = target
    }

    /// One attribute of an item that is on both sides.
    package struct Attribute: Equatable, Sendable {
        package var name: String
        /// nil where the item does not have it.
        package var source: JSON?
        package var target: JSON?
    }

    /// The attributes that differ, by name. Empty unless the item is on both sides.
    package var attributes: [Attribute] {
        guard let source, let target else { return [] }
        return ItemDifference.attributes(source, target)
    }
}

extension VerifyFinding.Cause {
    /// - Parameter now: digests of both sides as they were read last, by key.
    package init(_ difference: KeyDifference, now: (source: UInt128?, target: UInt128?)) {
        let first = difference.source?.item
        switch difference.hasStood {
        case nil: self = .unknown
        case false?: self = .changedSince
        case true? where now.source == first: self = .differedAtFirstRead
        // The target has come to hold what was read, and then the source was changed.
        case true? where now.target == first: self = .changedSince
        case true?: self = .unknown
        }
    }
}
