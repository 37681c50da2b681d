import Flow

/// Ends the flow at what its source could not read: a comparison without it would say that
/// everything is equal.
package final class ReadableStage: PageStage {
    package init() {}

    package func growth(items: Int) -> Int { 0 }

    package func apply(to page: inout Page) throws(FlowFailure) {
        for verdict in page.verdicts {
            if case .refuse(let failure) = verdict { throw failure }
        }
    }
}
