import DynamoModel
import JSON

/// What the items of a source add up to that a copy has read and settled: the sums go with the
/// copy's own cursors, so that both are kept together and go on together.
///
/// It belongs to the queue of the copy's driver until that has ended.
package final class CopyDigest: @unchecked Sendable {
    // @unchecked: touched only on the driver's queue, and before the driver has begun.
    package private(set) var sums: TableSums
    private let digester: ItemDigester

    /// Buckets are written with each of a copy's saves, several times a second.
    package static let bucketsMax = 4_096

    package init(schema: KeySchema, key: DigestKey, sums: TableSums) {
        self.sums = sums
        digester = ItemDigester(schema: schema, key: key)
    }

    /// - Parameter bytes: the page, followed by ``PageCutter/padding`` readable zero bytes.
    package func digests(
        of items: [ItemSlice], in bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> [ItemDigest] {
        var digests: [ItemDigest] = []
        digests.reserveCapacity(items.count)
        for slice in items { digests.append(try digester.digest(slice, in: bytes)) }
        return digests
    }

    /// Items that the copy's position in a segment passes.
    package func add(_ digests: ArraySlice<ItemDigest>, segment: Int) {
        sums.add(digests, segment: segment)
    }

    /// What is to be kept with these segments' positions.
    package func state(of segments: [SegmentRecord]) -> DigestState {
        DigestState(
            buckets: sums.buckets,
            segments: segments.map {
                SegmentDigest(
                    segment: $0.segment, cursor: $0.cursor, sum: sums.segments[$0.segment])
            })
    }
}
