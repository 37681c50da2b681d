/// A request of a source or a sink that failed, or a flow: what happened, in the service's words,
/// and what to do. Made in one place a connector; the flow switches over ``remedy``.
package struct FlowFailure: Error, CustomStringConvertible, Equatable, Sendable {
    package enum Remedy: Equatable, Sendable {
        /// The same again, after a while.
        case retry
        /// The same, at a lower rate.
        case slowDown
        /// Less at a time: half of the items. An item alone is refused for good.
        case split
        /// Repeating it is of no use.
        case giveUp
    }

    package var remedy: Remedy
    /// The service's name of it: `ValidationException`.
    package var code: String
    package var message: String
    package var hint: String?
    /// nil: the request was not executed, and is not charged. Else it may have been, or be so
    /// within this time.
    package var mayLandWithin: Duration?
    /// Of a reply that was longer than what was set aside for it: its bytes.
    package var replyBytes: Int?
    /// Asked again, the same is mostly said: it is not waited out as long as a fault that passes.
    package var isLikelyToStay = false

    package init(
        _ remedy: Remedy, code: String, message: String, hint: String? = nil,
        mayLandWithin: Duration? = nil
    ) {
        self.remedy = remedy
        self.code = code
        self.message = message
        self.hint = hint
        self.mayLandWithin = mayLandWithin
    }

    /// The request may have been executed all the same.
    package var isOutcomeUnknown: Bool { mayLandWithin != nil }

    package var description: String { message }
}
