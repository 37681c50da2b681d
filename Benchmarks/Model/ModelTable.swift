import DynamoModel
import System

/// The source's items, all alike: so many in each segment, lying evenly over its hash range.
package struct ModelTable: Sendable {
    package var itemBytes: Int
    package var segments: Int
    package var itemsPerSegment: Int
    /// One huge item collection: further items of one segment, all of one partition key.
    package var collection: (segment: Int, items: Int)?

    /// JSON bytes of a stored byte, as `transactions` has it.
    package static let jsonPerStoredByte = 1.8

    package init(itemBytes: Int, segments: Int, itemsPerSegment: Int) {
        self.itemBytes = itemBytes
        self.segments = segments
        self.itemsPerSegment = itemsPerSegment
    }

    var jsonBytes: Int { Int(clamping: Double(itemBytes) * Self.jsonPerStoredByte) }
    var writeUnits: Double { Double(CapacityUnits.write(bytes: itemBytes)) }

    package func items(inSegment segment: Int) -> Int {
        guard let collection, collection.segment == segment else { return itemsPerSegment }
        return itemsPerSegment + collection.items
    }

    package var items: Int { segments * itemsPerSegment + (collection?.items ?? 0) }

    /// Where an item lies in the hash space, 0 ..< 1. A collection's lie at its segment's middle.
    func place(segment: Int, ordinal: Int) -> Double {
        var ordinal = ordinal
        if let collection, collection.segment == segment, ordinal >= itemsPerSegment / 2 {
            let middle = itemsPerSegment / 2
            ordinal = ordinal < middle + collection.items ? middle : ordinal - collection.items
        }
        let within = Double(ordinal) / Double(max(itemsPerSegment, 1))
        return (Double(segment) + within) / Double(segments)
    }

    func isOfCollection(segment: Int, ordinal: Int) -> Bool {
        guard let collection, collection.segment == segment else { return false }
        let middle = itemsPerSegment / 2
        return (middle..<middle + collection.items).contains(ordinal)
    }

    /// What a page of so many items looks like to the scheduler.
    func slices(_ count: Int) -> [ItemSlice] {
        let slice = ItemSlice(
            offset: 0, length: UInt32(jsonBytes), size: UInt32(itemBytes))
        return Array(repeating: slice, count: count)
    }
}
