import Dispatch
import DynamoModel
import Flow
import JSON
import System

/// Leaves out of the second pass what the first has found equal: items of buckets whose sums agree.
package final class BucketStage: PageStage, @unchecked Sendable {
    // @unchecked: its flow has one page seen at a time.
    package let isHeavy = true
    private let digester: ItemDigester
    private let difference: SumDifference

    package init(_ difference: SumDifference, schema: KeySchema, key: DigestKey) {
        self.difference = difference
        digester = ItemDigester(schema: schema, key: key)
    }

    package func growth(items: Int) -> Int { items * MemoryLayout<Verdict>.stride }

    package func apply(to page: inout Page) throws(FlowFailure) {
        do throws(JSONError) {
            for item in page.items.indices {
                // What is not an item was reported by the first pass.
                guard !page.isNone(item) else {
                    page.leaveOut(item, .equal)
                    continue
                }
                let hash = try digester.keyHash(page.written(item), in: page.buffer.bytes)
                if !difference.concerns(hash) { page.leaveOut(item, .equal) }
            }
        } catch {
            throw FlowFailure(malformed: error, "Scan")
        }
    }
}

/// Keeps the keys of one side's items, and what they add up to, in a ``KeySpill``: on a queue of
/// its own, since a disk may be slow. What it has not taken yet holds the reading back.
package final class SpillSink: BatchSink, @unchecked Sendable {
    // @unchecked: what changes is touched only on `queue`, and after the flow has ended.
    package let shape = BatchShape.inPlace(itemsMax: 250)
    private let spill: KeySpill
    private let difference: SumDifference
    private let schema: KeySchema
    private let isTarget: Bool
    private let digester: ItemDigester
    private let queue = DispatchQueue(label: "verify.spill")
    /// What the items of each bucket that is looked at add up to this time.
    package private(set) var sums: [UInt128]

    /// Batches that wait for the disk at a time.
    package static let batchesMax = 2

    package init(
        _ spill: KeySpill, _ difference: SumDifference, isTarget: Bool, schema: KeySchema,
        key: DigestKey
    ) {
        self.spill = spill
        self.difference = difference
        self.isTarget = isTarget
        self.schema = schema
        digester = ItemDigester(schema: schema, key: key)
        sums = Array(repeating: 0, count: difference.excess.count)
    }

    package func write(_ batch: [BatchItem], _ done: @escaping Done<BatchReply>) {
        queue.async { [self] in
            do throws(FlowFailure) {
                try take(batch)
                done(.success(BatchReply(isCharged: false)))
            } catch {
                done(.failure(error))
            }
        }
    }

    private func take(_ batch: [BatchItem]) throws(FlowFailure) {
        var table = KeyTable()
        do throws(JSONError) {
            for item in batch {
                let bytes = item.page
                table.add(
                    try digester.digest(item.slice, in: bytes), isTarget: isTarget,
                    key: try item.slice.key(in: bytes, schema: schema))
            }
        } catch {
            throw FlowFailure(malformed: error, "Scan")
        }
        for entry in table.entries {
            sums[difference.bucket(of: entry.digest.key)] &+= entry.digest.item
        }
        try spill.add(table)
    }
}
