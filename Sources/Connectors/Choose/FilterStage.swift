import DynamoModel
import Flow
import JSON

/// Leaves out items that a condition does not want. A change that makes one of a wanted item is a
/// delete.
package final class FilterStage: PageStage {
    /// It decodes what the condition names.
    package let isHeavy = true
    private let transform: ItemTransform

    package init(_ transform: ItemTransform) { self.transform = transform }

    package func growth(items: Int) -> Int { items * MemoryLayout<Verdict>.stride }

    package func apply(to page: inout Page) throws(FlowFailure) {
        let bytes = page.buffer.bytes
        do throws(JSONError) {
            if let changes = page.made(PageChanges.self) { return try apply(to: &page, changes) }
            for (item, slice) in page.items.enumerated() where !page.isRefused(item) {
                if try !transform.wants(slice, in: bytes) { page.leaveOut(item, .unwanted) }
            }
        } catch {
            throw FlowFailure(malformed: error, "Scan")
        }
    }

    private func apply(to page: inout Page, _ changes: PageChanges) throws(JSONError) {
        let bytes = page.buffer.bytes
        for item in page.items.indices where page.isToBeWritten(item) {
            if !page.isDelete(item), try transform.wants(page.items[item], in: bytes) { continue }
            if try mayBeInTarget(item, of: page, changes) {
                page.drop(item, of: changes, .unwanted)
            } else {
                page.leaveOut(item, .unwanted)
            }
        }
    }

    /// Whether the target may hold what an item was before.
    private func mayBeInTarget(
        _ item: Int, of page: Page, _ changes: PageChanges
    ) throws(JSONError) -> Bool {
        let bytes = page.buffer.bytes
        guard try transform.wantsKey(page.items[item], in: bytes) else { return false }
        guard changes.followsTarget, changes.showsOldImages else { return true }
        // Nothing was there before what was inserted.
        guard let old = changes.old[item] else { return page.isDelete(item) }
        return try transform.wants(old, in: bytes)
    }
}
