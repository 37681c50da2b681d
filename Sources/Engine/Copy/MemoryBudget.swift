import DynamoModel

/// The two pools of bytes that bound a copy's memory, whatever the table's size.
///
/// Batches come first: pages can wait, while a batch that can't be sent holds pages. A batch needs
/// its body twice, since its reply may bring back every item.
package struct MemoryBudget: Equatable, Sendable {
    package let pageBytes: Int
    package let batchBytes: Int

    /// JSON of one page that holds a single item of the service's largest size.
    package static let pageMin =
        ServiceLimits.itemBytesMax * ServiceLimits.replyBytesPerStoredByteMax + pageEnvelope
    /// The same item in a batch of one, body and reply.
    static let batchMin = 2 * (pageMin + batchEnvelope)

    /// What surrounds the items in a page: counts, capacity, and a `LastEvaluatedKey`, whose 3 KB
    /// of key and 510 bytes of names may be escaped six to one.
    static let pageEnvelope = 24 * 1024
    /// What surrounds the items in a batch, and the consumed capacity in its reply.
    static let batchEnvelope = 4 * 1024

    /// The least that ``init(total:)`` takes, in bytes.
    package static let totalMin = pageMin + batchMin

    /// Divides `total` bytes in half, with no pool less than one item needs.
    /// - Returns: nil when `total` is less than ``totalMin``.
    package init?(total: Int) {
        guard total >= Self.totalMin else { return nil }
        batchBytes = max(total / 2, Self.batchMin)
        pageBytes = total - batchBytes
    }
}
