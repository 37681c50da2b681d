import DynamoModel
import Flow
import JSON

/// Leaves out items whose partition keys are not in a fraction of all.
package final class FractionStage: PageStage {
    package let isHeavy = true
    private let fraction: KeyFraction

    package init(_ fraction: KeyFraction) { self.fraction = fraction }

    package func growth(items: Int) -> Int { items * MemoryLayout<Verdict>.stride }

    package func apply(to page: inout Page) throws(FlowFailure) {
        let bytes = page.buffer.bytes
        do throws(JSONError) {
            for (item, slice) in page.items.enumerated() where page.isToBeWritten(item) {
                if try !fraction.wants(slice, in: bytes) { page.leaveOut(item, .unwanted) }
            }
        } catch {
            throw FlowFailure(malformed: error, "Scan")
        }
    }
}
