/// Tells throttling from refusals that no slowing down would end, and finds the pace to go on at.
///
/// A share of refused items is throttling only if it falls when the rate falls. So a share above
/// the background starts a *trial*: the pace is cut to 0.9 of what was accepted over the last
/// second. When the share falls, the cut stands and the pace then probes up by 5 % a second. When
/// it does not, the cut is undone and the share becomes the background, above which alone later
/// cuts are made.
///
/// A value with no clock; time comes with each event and must not run backwards.
package struct AdaptivePace: Sendable {
    /// Units a second to send at; nil while nothing has to be held back.
    package private(set) var pace: Double?
    /// The pace is never raised above this: provisioned units or a limit of the user's. Units a second.
    package private(set) var ceiling: Double?
    /// Share of items refused whatever the rate.
    package private(set) var background = 0.0
    /// Whether throttling has been met, rather than a ceiling set.
    package private(set) var isThrottled = false

    package enum Verdict: Equatable, Sendable {
        /// The pace was cut because this share of items was refused.
        case cut(share: Double)
        /// The cut did not help: it is undone.
        case undone
    }

    private struct Trial {
        var share: Double
        var paceBefore: Double?
        var throttledBefore: Bool
        /// Replies of requests sent before the cut are still on their way until then.
        var measuresFrom: Instant
    }

    private static let cutFactor = 0.9
    private static let growthPerSecond = 1.05
    /// A share that stays above this part of itself has not fallen.
    private static let unchangedPart = 0.7
    private static let windowMin = Duration.milliseconds(250)
    private static let windowItemsMin = 100.0
    private static let paceMin = 1.0

    private var trial: Trial?
    private var accepted: RateWindow
    private var windowStart: Instant
    private var sent = 0.0
    private var refused = 0.0
    private var grown: Instant

    package init(ceiling: Double?, at now: Instant) {
        self.ceiling = ceiling
        pace = ceiling
        accepted = RateWindow(at: now)
        windowStart = now
        grown = now
    }

    package mutating func setCeiling(_ ceiling: Double?, at now: Instant) {
        self.ceiling = ceiling
        pace = isThrottled ? min(pace ?? .infinity, ceiling ?? .infinity) : ceiling
        if pace == .infinity { pace = nil }
    }

    /// One request came back: how many items it held, how many were refused, what the rest cost.
    package mutating func observed(
        items: Int, refused: Int, units: Double, roundTrip: Duration, at now: Instant
    ) -> Verdict? {
        accepted.add(units, at: now)
        if let trial, now < trial.measuresFrom { return nil }
        sent += Double(items)
        self.refused += Double(refused)
        guard now - windowStart >= Self.windowMin, sent >= Self.windowItemsMin else { return nil }
        defer { beginWindow(at: now) }
        let share = self.refused / sent
        return trial == nil ? watch(share, roundTrip: roundTrip, at: now) : endTrial(share, at: now)
    }

    /// Lets the pace grow; call it a few times a second.
    package mutating func timePassed(at now: Instant) {
        defer { grown = now }
        guard isThrottled, trial == nil, let pace else { return }
        let factor = 1 + (Self.growthPerSecond - 1) * (now - grown).inSeconds
        self.pace = min(pace * factor, ceiling ?? .infinity)
    }

    private mutating func watch(
        _ share: Double, roundTrip: Duration, at now: Instant
    ) -> Verdict? {
        // Three standard deviations of a share that really is the background, and 2 % besides.
        let noise = 3 * (max(background, 0.02) / sent).squareRoot()
        guard share > background + 0.02 + noise else {
            background = min(background, background * 0.9 + share * 0.1)
            return nil
        }
        let rate = max(accepted.perSecond(at: now) * Self.cutFactor, Self.paceMin)
        trial = Trial(
            share: share, paceBefore: pace, throttledBefore: isThrottled,
            measuresFrom: now + roundTrip * 2)
        pace = min(rate, ceiling ?? .infinity)
        isThrottled = true
        return .cut(share: share)
    }

    private mutating func endTrial(_ share: Double, at now: Instant) -> Verdict? {
        guard let ended = trial else { return nil }
        trial = nil
        grown = now
        let above = ended.share - background
        guard share - background >= above * Self.unchangedPart else { return nil }
        background = share
        pace = ended.paceBefore
        isThrottled = ended.throttledBefore
        return .undone
    }

    private mutating func beginWindow(at now: Instant) {
        windowStart = now
        sent = 0
        refused = 0
    }
}
