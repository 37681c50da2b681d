import Pacing

/// One side of a flow.
package enum FlowSide: Sendable {
    case source
    case target
}

/// A flow's part in a limit that it shares with others: units are claimed for one request at a
/// time, when nothing else holds that request back.
struct UnitShare: Sendable {
    /// There is such a limit, and claims are answered.
    var isLimited: Bool
    private(set) var isClaimed = false
    private var granted: SharedBucket.Grant?

    init(isLimited: Bool) { self.isLimited = isLimited }

    /// Whether a request may be sent; else its units are to be claimed unless they are already.
    var isReady: Bool { !isLimited || granted != nil }

    mutating func claim() { isClaimed = true }

    mutating func grant(_ grant: SharedBucket.Grant) {
        isClaimed = false
        granted = grant
    }

    /// The grant, for the request that is sent or to be given back.
    mutating func take() -> SharedBucket.Grant? {
        guard isLimited else { return nil }
        defer { granted = nil }
        return granted
    }
}

/// Both sides' shares.
package struct UnitShares: Sendable {
    private var source: UnitShare
    private var target: UnitShare

    init(_ read: ReadLimit, _ write: WriteLimits) {
        source = UnitShare(isLimited: read.shared != nil)
        target = UnitShare(isLimited: write.shared != nil)
    }

    mutating func setLimits(_ read: ReadLimit, _ write: WriteLimits) {
        source.isLimited = read.shared != nil
        target.isLimited = write.shared != nil
    }

    /// Whether a request of so many units may be sent as far as the limit goes; else its units are
    /// claimed.
    mutating func isReady(
        _ side: FlowSide, units: Double, _ actions: inout [FlowAction]
    ) -> Bool {
        if self[side].isReady { return true }
        if !self[side].isClaimed {
            self[side].claim()
            actions.append(.claim(side, units: units))
        }
        return false
    }

    /// Reports to the limit what a grant has consumed.
    /// - Parameter consumed: nil when it is not known: then the estimate counts.
    static func settle(
        _ grant: SharedBucket.Grant?, on side: FlowSide, consumed: Double?,
        _ actions: inout [FlowAction]
    ) {
        guard let grant else { return }
        actions.append(
            .settle(side, grant, consumed: consumed ?? grant.reservation.estimate))
    }

    subscript(side: FlowSide) -> UnitShare {
        get { side == .source ? source : target }
        set { if side == .source { source = newValue } else { target = newValue } }
    }
}
