import DynamoModel
import JSON

/// What the items of a source add up to that a copy has read and settled: the sums go with the
/// copy's own cursors, so that both are kept together and go on together.
///
/// It belongs to the queue of the copy's driver until that has ended.
package final class CopyDigest: @unchecked Sendable {
    // @unchecked: touched only on the driver's queue, and before the driver has begun.
    private(set) var sums: TableSums
    private let digester: ItemDigester

    /// Buckets are written with each of a copy's saves, several times a second.
    static let bucketsMax = 4_096

    init(schema: KeySchema, key: DigestKey, sums: TableSums) {
        self.sums = sums
        digester = ItemDigester(schema: schema, key: key)
    }

    /// - Parameter bytes: the page, followed by ``PageCutter/padding`` readable zero bytes.
    func digests(
        of items: [ItemSlice], in bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> [ItemDigest] {
        var digests: [ItemDigest] = []
        digests.reserveCapacity(items.count)
        for slice in items { digests.append(try digester.digest(slice, in: bytes)) }
        return digests
    }

    /// Items that the copy's position in a segment passes.
    func add(_ digests: ArraySlice<ItemDigest>, segment: Int) {
        sums.add(digests, segment: segment)
    }

    /// What is to be kept with these segments' positions.
    func state(of segments: [SegmentRecord]) -> DigestState {
        DigestState(
            buckets: sums.buckets,
            segments: segments.map {
                SegmentDigest(
                    segment: $0.segment, cursor: $0.cursor, sum: sums.segments[$0.segment])
            })
    }
}

/// What the verification of a copy has come to.
package struct CopyVerdict: Equatable, Sendable {
    /// Nothing differs but what has changed since it was read, and what a merge has left.
    package var isEqual: Bool
    package var counters: VerifyCounters
    package var notes: [String]

    /// - Parameter isMerged: items that only the target has were there before.
    init(_ verdict: TableVerdict, isMerged: Bool) {
        counters = verdict.counters
        notes = verdict.notes
        if isMerged { counters.leaveOutCausesInTarget() }
        isEqual =
            counters.differencesLeft
            == (isMerged ? counters.onlyInTarget : 0) + counters.changedSinceLeft
    }

    package var json: JSON {
        [
            "outcome": isEqual ? "equal" : "different", "counts": counters.json,
            "notes": .array(notes.map { .string($0) }),
        ]
    }

    /// Reads what ``json`` wrote.
    package init?(json: JSON?) {
        guard let json, let outcome = json["outcome"]?.string, let counts = json["counts"] else {
            return nil
        }
        isEqual = outcome == "equal"
        counters = VerifyCounters(json: counts)
        notes = json["notes"]?.array?.compactMap(\.string) ?? []
    }
}
