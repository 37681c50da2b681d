import Pacing

/// What the scheduler and its four values agree on.
extension CopyScheduler {
    /// Things that need a look at regular times are looked at this often.
    static let tick = Duration.milliseconds(100)
    /// Items refused one by one before any was accepted: the fault is not theirs.
    static let refusedAloneMax = 100
    /// Before one request, or some items, are sent again; paces and ``SideHealth`` do the rest.
    package static let retryBackoff = Backoff(base: .milliseconds(25), cap: .seconds(1))
    /// Before a side that does not answer at all is asked again.
    static let faultBackoff = Backoff(base: .milliseconds(25), cap: .seconds(20))
}

/// Where a copy stands as a whole.
enum CopyPhase: Equatable {
    case running
    /// Waits for what is in flight, then ends so.
    case ending(CopyOutcome, deadline: Instant)
    case ended
}
