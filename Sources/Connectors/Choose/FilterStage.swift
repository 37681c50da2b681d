import DynamoModel
import Flow
import JSON

/// Leaves out items that a condition does not want.
package final class FilterStage: PageStage {
    /// It decodes what the condition names.
    package let isHeavy = true
    private let transform: ItemTransform

    package init(_ transform: ItemTransform) { self.transform = transform }

    package func growth(items: Int) -> Int { items * MemoryLayout<Verdict>.stride }

    package func apply(to page: inout Page) throws(FlowFailure) {
        let bytes = page.buffer.bytes
        do throws(JSONError) {
            for (item, slice) in page.items.enumerated() where !page.isRefused(item) {
                if try !transform.wants(slice, in: bytes) { page.leaveOut(item, .unwanted) }
            }
        } catch {
            throw FlowFailure(malformed: error, "Scan")
        }
    }
}
