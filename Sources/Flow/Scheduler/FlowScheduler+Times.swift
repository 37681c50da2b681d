import Pacing

/// What the scheduler and its four values agree on.
extension FlowScheduler {
    /// Things that need a look at regular times are looked at this often.
    static let tick = Duration.milliseconds(100)
    /// Items refused one by one before any was accepted: the fault is not theirs.
    static let refusedAloneMax = 100
    /// Before one request, or some items, are sent again; paces and `CircuitBreaker` do the rest.
    package static let retryBackoff = Backoff(base: .milliseconds(25), cap: .seconds(1))
    /// Before a side that does not answer at all is asked again.
    static let faultBackoff = Backoff(base: .milliseconds(25), cap: .seconds(20))
}

/// Where a flow stands as a whole.
enum FlowPhase: Equatable {
    /// Waits for the source to say which partitions there are.
    case opening
    case running
    /// Waits for what is in flight, then ends so.
    case ending(FlowOutcome, deadline: Instant)
    case ended

    /// It was asked to stop, or failed, and waits for what is in flight.
    var isEnding: Bool { if case .ending = self { true } else { false } }

    mutating func end(_ outcome: FlowOutcome, by deadline: Instant) {
        switch self {
        case .opening, .running: self = .ending(outcome, deadline: deadline)
        case .ending(.failed, _), .ended: break
        case .ending(_, let deadline):
            // A failure while ending must be reported.
            if case .failed = outcome { self = .ending(outcome, deadline: deadline) }
        }
    }
}

extension FlowOutcome {
    /// Every item read must have arrived somewhere; the partitions' ends alone do not show it.
    init(of counters: FlowCounters) {
        self =
            counters.itemsRead == counters.itemsSettled
            ? .completed
            : .failed(FlowFailure(read: counters.itemsRead, settled: counters.itemsSettled))
    }
}

extension WaitReason {
    /// Why nothing is there to be written.
    init(_ reader: PartitionReader, _ shares: UnitShares, at now: Instant) {
        if reader.isPaused(at: now) {
            self = .sourceUnreachable
        } else if reader.isThrottled {
            self = .sourceThrottled
        } else if reader.readsInFlight == 0, shares[.source].isClaimed {
            self = .sharedReadLimit
        } else {
            self = reader.readsInFlight == 0 && reader.rate != nil ? .readLimit : .sourcePages
        }
    }
}
