/// The two pools of bytes that bound a flow's memory, however much there is to move.
///
/// Batches come first: pages can wait, while a batch that can't be sent holds pages.
package struct MemoryBudget: Equatable, Sendable {
    package let pageBytes: Int
    /// 0 where nothing is written.
    package let batchBytes: Int

    package init(pageBytes: Int, batchBytes: Int = 0) {
        self.pageBytes = pageBytes
        self.batchBytes = batchBytes
    }

    /// Divides `total` bytes in half, with no pool less than one item of the largest size needs.
    /// - Returns: nil when `total` is less than ``totalMin(_:_:)``.
    package init?(total: Int, _ page: PageShape, _ batch: BatchShape) {
        guard total >= Self.totalMin(page, batch) else { return nil }
        batchBytes = max(total / 2, Self.batchMin(page, batch))
        pageBytes = total - batchBytes
    }

    /// The least that ``init(total:_:_:)`` takes: a page of one item, and a batch of it.
    package static func totalMin(_ page: PageShape, _ batch: BatchShape) -> Int {
        page.replyBytesMax(items: 1) + batchMin(page, batch)
    }

    private static func batchMin(_ page: PageShape, _ batch: BatchShape) -> Int {
        batchMin(page: page.replyBytesMax(items: 1), batch)
    }

    /// - Parameter bytes: of a page of one item.
    package static func batchMin(page bytes: Int, _ batch: BatchShape) -> Int {
        batch.memoryFactor * (bytes + batch.envelope)
    }
}
