import DynamoModel
import Flow
import JSON
import Pacing
import System

/// Leaves out items whose time to live has passed when they come; a change that brings one is a
/// delete.
package struct ExpiryStage: PageStage {
    private let rule: ExpiryRule
    private let time: any TimeSource

    package init(_ rule: ExpiryRule, time: any TimeSource) {
        self.rule = rule
        self.time = time
    }

    package func growth(items: Int) -> Int { 0 }

    package func apply(to page: inout Page) throws(FlowFailure) {
        do throws(JSONError) {
            // A line of a file that is no item has no time to live.
            let looked = page.items.indices.filter { !page.isRefused($0) }
            let expired = try rule.expired(
                looked.map { page.items[$0] }, in: page.buffer.bytes,
                at: Int(clamping: time.secondsSinceEpoch))
            let changes = page.made(PageChanges.self)
            for place in expired { page.drop(looked[place], of: changes, .expired) }
        } catch {
            throw FlowFailure(malformed: error, "Scan")
        }
    }
}
