/// Failures of a flow as a whole, not of one request.
extension FlowFailure {
    /// Too many items were refused for good.
    /// - Parameter deadLetters: the number that was allowed; nil where none was accepted at all.
    init(systemic last: FlowFailure, after deadLetters: Int?) {
        self = last
        message =
            deadLetters.map {
                "refused more than \($0.counted("item")), the last with: \(last.message)"
            } ?? "the target refuses every item: \(last.message)"
        hint = last.hint ?? "fix the cause, or raise --max-dead-letters"
    }

    /// Not every item that was read has arrived somewhere.
    init(read: Int, settled: Int) {
        self.init(
            .giveUp, code: "ItemsUnaccounted",
            message: "read \(read.counted("item")), but accounted for \(settled)",
            hint: "this is a bug in dynaferry; the target is not a full copy")
    }
}
