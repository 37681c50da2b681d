import DynamoModel
import Flow

extension PageShape {
    /// What surrounds the items in a page: counts, capacity, and a `LastEvaluatedKey`, whose 3 KB
    /// of key and 510 bytes of names may be escaped six to one.
    private static let scanEnvelope = 24 * 1024

    /// Pages of a Scan (API reference, Scan; guide, "Read and write operations").
    package static func scan(isConsistent: Bool = false) -> PageShape {
        PageShape(
            itemBytesMax: ServiceLimits.itemBytesMax, pageBytesMax: ServiceLimits.pageBytesMax,
            replyBytesPerByteMax: ServiceLimits.replyBytesPerStoredByteMax,
            envelope: scanEnvelope, unitBytes: ServiceLimits.readUnitBytes,
            unit: isConsistent ? 1 : 0.5)
    }
}

extension BatchShape {
    /// What surrounds the items in a batch, and the consumed capacity in its reply: of a table and
    /// at most 25 indexes, whose names have 255 letters.
    private static let envelope = 12 * 1024

    /// BatchWriteItem, whose reply may bring every item back (API reference, BatchWriteItem).
    package static let puts = BatchShape(
        itemsMax: ServiceLimits.batchItemsMax, bytesMax: ServiceLimits.requestBytesMax,
        itemOverhead: BatchWriteRequest.itemEnvelope, envelope: envelope, memoryFactor: 2,
        unitBytes: ServiceLimits.writeUnitBytes)

    /// PutItem: an item a request.
    package static let conditionalPuts = BatchShape(
        itemsMax: 1, bytesMax: ServiceLimits.requestBytesMax,
        itemOverhead: BatchWriteRequest.itemEnvelope, envelope: envelope, memoryFactor: 2,
        unitBytes: ServiceLimits.writeUnitBytes)

    /// Of what looks at items where they lie: nothing is sent, and nothing is charged for.
    package static func inPlace(itemsMax: Int) -> BatchShape {
        BatchShape(
            itemsMax: itemsMax, bytesMax: 1 << 40, itemOverhead: 0, envelope: 0, memoryFactor: 0,
            unitBytes: 1 << 40)
    }
}

extension MemoryBudget {
    /// Of a copy from table to table.
    /// - Returns: nil when `total` is less than ``totalMin``.
    package init?(total: Int) { self.init(total: total, .scan(), .puts) }

    /// The least that ``init(total:)`` takes, in bytes.
    package static var totalMin: Int { totalMin(.scan(), .puts) }

    /// The least that a flow of pairs takes: an item of both sides, and its write.
    package static var pairMin: MemoryBudget {
        let (page, batch) = (PageShape.keys, BatchShape.conditionalPuts)
        return MemoryBudget(
            pageBytes: page.replyBytesMax(items: 1), batchBytes: batchMin(page: pageMin, batch))
    }

    /// A page that holds one item of the service's largest size, in bytes of JSON.
    package static var pageMin: Int { PageShape.scan().replyBytesMax(items: 1) }
}
