import DynamoModel
import Flow
import JSON

/// What the items of a page come to, made by ``DigestStage`` for ``DigestFold``; nil for one that
/// is no item that could be read, or that does not count.
struct PageDigests: Sendable {
    var digests: [ItemDigest?]
}

/// Makes the digest of each item that passes.
package final class DigestStage: PageStage, @unchecked Sendable {
    // @unchecked: its flow has one page seen at a time.
    private let digester: ItemDigester
    package let isHeavy = true

    package init(schema: KeySchema, key: DigestKey) {
        digester = ItemDigester(schema: schema, key: key)
    }

    package func growth(items: Int) -> Int { items * MemoryLayout<ItemDigest?>.stride }

    package func apply(to page: inout Page) throws(FlowFailure) {
        var digests: [ItemDigest?] = []
        digests.reserveCapacity(page.items.count)
        do throws(JSONError) {
            for item in page.items.indices {
                digests.append(
                    page.isNone(item)
                        ? nil : try digester.digest(page.written(item), in: page.buffer.bytes))
            }
        } catch {
            throw FlowFailure(malformed: error, "Scan")
        }
        page.made.append(PageDigests(digests: digests))
    }
}

/// The number of a partition among the parts that its side is read in; nil for none of them.
package typealias PartNumbers = @Sendable (Flow.Partition) -> Int?

/// What the items of one side add up to that have been read and settled: the sums go with the
/// flow's own cursors, so that both are kept together and go on together.
package final class DigestFold: SettledFold, @unchecked Sendable {
    // @unchecked: touched only on the flow's queue, before it has begun, and after it has ended.
    package private(set) var sums: TableSums
    private let number: PartNumbers
    /// Of units that are not sealed.
    private var pending: [UnitID: TableSums] = [:]

    /// Buckets are written with each of a copy's saves, several times a second.
    package static let bucketsMax = 4_096

    /// - Parameter number: of the parts that the sums have.
    package init(_ sums: TableSums, number: @escaping PartNumbers = ScanSource.segment) {
        self.sums = sums
        self.number = number
    }

    package func passed(_ items: Range<Int>, of page: Page, in unit: UnitID?) {
        guard let made = page.made(PageDigests.self),
            let segment = number(page.request.partition)
        else { preconditionFailure("a page without digests") }
        let digests = made.digests[items].lazy.compactMap(\.self)
        guard let unit else { return sums.add(digests, segment: segment) }
        pending[
            unit, default: TableSums(buckets: sums.buckets.count, segments: sums.segments.count)
        ]
        .add(digests, segment: segment)
    }

    package func sealed(_ unit: UnitID) {
        if let sealed = pending.removeValue(forKey: unit) { sums.add(sealed) }
    }

    /// A ``DigestState``.
    package func state(of partitions: [PartitionRecord]) -> any Sendable {
        DigestState(
            buckets: sums.buckets,
            segments: partitions.compactMap { record in
                number(record.partition).map {
                    SegmentDigest(
                        segment: $0, cursor: record.cursor?.bytes, sum: sums.segments[$0])
                }
            })
    }
}
