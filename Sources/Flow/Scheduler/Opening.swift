import Pacing

/// When a source is asked what there is to read: at first, and after a failure once more.
struct Opening: Sendable {
    /// nil while it is being asked, and once it has answered.
    private var askAt: Instant?
    private var failures = 0

    init(at now: Instant) { askAt = now }

    /// Whether it is to be asked now; it is then. Else `wake` is no later than when it is.
    mutating func ask(at now: Instant, _ wake: inout Instant) -> Bool {
        guard let askAt else { return false }
        guard askAt <= now else {
            wake = min(wake, askAt)
            return false
        }
        self.askAt = nil
        return true
    }

    mutating func failed(using generator: inout SeededGenerator, at now: Instant) {
        askAt = now + FlowScheduler.retryBackoff.delay(attempt: failures, using: &generator)
        failures += 1
    }
}
