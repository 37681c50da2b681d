import System

/// Distinguishes throttling from refusals that no slower pace would end, and finds the right pace.
///
/// A share of refused items is throttling only if it falls when the rate falls. So a share above
/// the background starts a *trial*: the pace is cut to a part of what was accepted over the last
/// second. When the share falls, the cut stands and the pace then probes up: slowly about the rate
/// at which it was cut last, quickly below and beyond. When it does not, every cut is undone and
/// the share becomes the background, above which alone later cuts are made.
///
/// A value with no clock; time comes with each event and must not run backwards.
package struct AdaptivePace: Sendable {
    /// Units a second to send at; nil while nothing has to be held back.
    package private(set) var pace: Double?
    /// The pace is never raised above this: provisioned units or a limit of the user's. Units a
    /// second.
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

    /// How a side is slowed down.
    package struct Policy: Sendable {
        /// Part of the accepted rate that a cut leaves.
        package var cutFactor: Double
        /// One refusal is enough for a cut while none is known to be background.
        package var cutsAtOnce: Bool
        /// How long a cut is tried before it is judged, and how long before that. Capacity may be
        /// given out by whole seconds: what is left of the one that was used up refuses everything,
        /// at any pace.
        package var trialMin: Duration
        package var settling: Duration
        /// So many refusals, met or to be expected, make a share worth judging.
        package var refusalsMin: Double

        /// A target is to be used in full: it is cut just below what it takes, and only when more
        /// is refused than chance would have it.
        package static let target = Policy(
            cutFactor: 0.9, cutsAtOnce: false, trialMin: .seconds(1),
            settling: windowMin, refusalsMin: 10)
        /// A source has users of its own: it is spared at its first word.
        package static let source = Policy(
            cutFactor: 0.5, cutsAtOnce: true, trialMin: windowMin, settling: .zero,
            refusalsMin: 0)
    }

    private struct Trial {
        var share: Double
        /// Of the requests, those of which something was refused.
        var refusedPart: Double
        /// Replies of requests sent before the cut are still on their way until then.
        var measuresFrom: Instant
    }

    /// Part of itself that the pace gains a second: as much as it is away from the rate that was
    /// accepted when it was cut last, as a part of that, between these bounds. Thus it dwells where
    /// most is written and little refused.
    private static let growthPerSecond = 0.01...0.05
    /// The same after a cut that was made on little, which may be far too deep.
    private static let regrowthPerSecond = 1.0
    /// A share that stays above this part of itself has not fallen: throttling all but ends when
    /// the rate is cut below what was accepted, chance goes on as before.
    private static let unchangedPart = 0.5
    /// A share that was taken of a few requests may be far too high; it is not believed beyond
    /// this.
    private static let shareOfFewMax = 0.1
    /// Refusals at less than this part of a rate that was accepted before are not explained by it.
    private static let explainedPart = 0.75
    private static let unexplainedMax = 2
    private static let windowMin = Duration.milliseconds(250)
    /// Refusals come by whole requests, so it is those that make a share worth judging; the most
    /// are enough however few of them were refused.
    private static let windowRequestsMin = 40.0
    private static let windowRequestsMax = 120.0
    /// A target that was not asked for so long has shown nothing of what it takes.
    private static let idleMin = Duration.seconds(1)
    private static let cutEvery = Duration.seconds(1)
    /// So many requests in a row that were refused whole say that what there was is used up; chance
    /// does not do that.
    private static let refusedWholeMax = 24

    private let policy: Policy
    private var trial: Trial?
    /// The last cut made the share of refused items fall.
    private var hasHelped = false
    /// The background as the last cut that was undone has shown it.
    private var backgroundFound = 0.0
    /// Requests that the background has been seen in.
    private var backgroundRequests = Double.infinity
    private var lastCut: Instant?
    /// What was accepted when the pace was cut last, and refusals since then that this does not
    /// explain; and all requests since the first cut of a row.
    private var acceptedAtCut = 0.0
    private var unexplained = 0
    private var requestsInRow = 0.0
    private var refusedInRow = 0.0
    private var refusedWhole = 0
    private var accepted: RateWindow
    /// The first reply since the target was idle, and the last one.
    private var resumed: Instant
    private var lastReply: Instant?
    /// Requests since it was idle of which something was accepted.
    private var takenSinceIdle = 0.0
    private var windowStart: Instant
    private var requests = 0.0
    /// Requests of which something was refused.
    private var refusals = 0.0
    private var sent = 0.0
    private var refused = 0.0
    private var grown: Instant
    /// The last cut was to what came of a few requests, or of a source, in less than a second.
    private var wasCutOnLittle = false

    package init(_ policy: Policy = .target, ceiling: Double?, at now: Instant) {
        self.policy = policy
        self.ceiling = ceiling
        pace = ceiling
        accepted = RateWindow(at: now)
        resumed = now
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
        if !policy.cutsAtOnce { resumeAfterIdling(roundTrip: roundTrip, at: now) }
        accepted.add(units, at: now)
        refusedWhole = refused == items ? refusedWhole + 1 : 0
        takenSinceIdle += refused == items ? 0 : 1
        if !policy.cutsAtOnce, refusedWhole > Self.refusedWholeMax {
            return exhausted(roundTrip: roundTrip, at: now)
        }
        if let trial, now < trial.measuresFrom { return nil }
        requests += 1
        sent += Double(items)
        self.refused += Double(refused)
        refusals += refused > 0 ? 1 : 0
        requestsInRow += 1
        refusedInRow += refused > 0 ? 1 : 0
        if trial == nil, policy.cutsAtOnce, background == 0, refused > 0 {
            if isUnexplained {
                return undo(background: refusedInRow / requestsInRow, at: now)
            }
            let share = min(self.refused / sent, Self.shareOfFewMax)
            return cut(
                to: accepted.perSecond(at: now), share: share, roundTrip: roundTrip, at: now)
        }
        let windowMin = trial == nil ? Self.windowMin : policy.trialMin
        let isLongEnough = now - windowStart >= windowMin
        guard isLongEnough, isWorthJudging, sent > 0 else { return nil }
        defer { beginWindow(at: now) }
        let share = self.refused / sent
        return trial == nil ? watch(share, roundTrip: roundTrip, at: now) : endTrial(share, at: now)
    }

    /// Lets the pace grow; call it a few times a second.
    package mutating func timePassed(at now: Instant) {
        defer { grown = now }
        guard isThrottled, trial == nil || wasCutOnLittle, let pace else { return }
        let growth = wasCutOnLittle ? Self.regrowthPerSecond : growthPerSecond(of: pace)
        self.pace = min(pace * (1 + growth * (now - grown).inSeconds), ceiling ?? .infinity)
    }

    private func growthPerSecond(of pace: Double) -> Double {
        let bounds = Self.growthPerSecond
        let distance = abs(pace / acceptedAtCut - 1)
        return max(bounds.lowerBound, min(distance, bounds.upperBound))
    }

    /// A rate over time in which nothing was asked for would be far below what the target takes: at
    /// the first reply after such a time all is counted anew.
    private mutating func resumeAfterIdling(roundTrip: Duration, at now: Instant) {
        defer { lastReply = now }
        if let lastReply {
            let idle = now - lastReply - roundTrip
            guard idle >= Self.idleMin else { return }
            // A slow pace makes pauses of its own.
            guard idle.inSeconds * (pace ?? .infinity) >= Self.windowRequestsMin else { return }
        }
        let sent = now + roundTrip * -1
        accepted = RateWindow(at: now)
        resumed = now
        takenSinceIdle = 0
        refusedWhole = 0
        if trial == nil { beginWindow(at: sent) }
    }

    /// A few refusals more or less come by chance. A trial counts those that there would be if the
    /// cut had changed nothing.
    private var isWorthJudging: Bool {
        guard requests < Self.windowRequestsMax else { return true }
        guard policy.refusalsMin > 0, let trial else {
            return requests >= Self.windowRequestsMin && refusals >= policy.refusalsMin
        }
        return requests * trial.refusedPart >= policy.refusalsMin
    }

    private mutating func watch(
        _ share: Double, roundTrip: Duration, at now: Instant
    ) -> Verdict? {
        // Three standard deviations of a share that really is the background, and 2 % besides.
        let likely = max(background, 0.02)
        // What was found to be the background is no surer than the requests that it was found by.
        let variance = likely * (1 - likely) * (1 / requests + 1 / backgroundRequests)
        let noise = 3 * variance.squareRoot()
        guard share > background + 0.02 + noise else {
            // It follows what it is found to be, but never so far up that throttling could hide in
            // it.
            background = min(background * 0.9 + share * 0.1, backgroundFound * 1.25)
            backgroundRequests += requests
            return nil
        }
        return cut(
            to: accepted.perSecond(at: now), share: share, roundTrip: roundTrip, at: now)
    }

    /// There is nothing left for now: what was accepted in the last second is taken for all that a
    /// second has, even if the run is younger than that. If that was a few requests only, it is
    /// waited a little for more, and then the pace soon goes up again. How many requests came too
    /// late says nothing, neither now nor in a trial.
    private mutating func exhausted(roundTrip: Duration, at now: Instant) -> Verdict? {
        let isLittle = takenSinceIdle < Self.windowRequestsMin && now - resumed < .seconds(1)
        guard !isLittle || now - resumed >= Self.windowMin else { return nil }
        let verdict = cut(
            to: accepted.lastSecond(at: now), share: Self.shareOfFewMax, roundTrip: roundTrip,
            at: now)
        if verdict != nil {
            trial?.share = 1
            trial?.refusedPart = 1
            wasCutOnLittle = isLittle
        }
        return verdict
    }

    private mutating func cut(
        to acceptedRate: Double, share: Double, roundTrip: Duration, at now: Instant
    ) -> Verdict? {
        if let lastCut, now - lastCut < Self.cutEvery { return nil }
        let rate = acceptedRate * policy.cutFactor
        // Where nothing was accepted there is no rate to go by: the requests' own backoff must do.
        guard rate > 0 else { return nil }
        lastCut = now
        if !isThrottled { (unexplained, requestsInRow, refusedInRow) = (0, 0, 0) }
        acceptedAtCut = acceptedRate
        trial = Trial(
            share: share, refusedPart: refusals / max(requests, 1),
            measuresFrom: now + max(roundTrip * 2, policy.settling))
        pace = min(rate, ceiling ?? .infinity)
        isThrottled = true
        wasCutOnLittle = policy.cutsAtOnce && now - resumed < .seconds(1)
        beginWindow(at: now)
        return .cut(share: share)
    }

    private mutating func endTrial(_ share: Double, at now: Instant) -> Verdict? {
        guard let ended = trial else { return nil }
        trial = nil
        grown = now
        let above = ended.share - background
        guard share - background >= above * Self.unchangedPart else {
            hasHelped = true
            return nil
        }
        // Where a cut has helped before, one that does not may have met a bad moment: the next one
        // decides. A policy that cuts at once recognises chance by itself.
        guard !hasHelped || policy.cutsAtOnce else {
            hasHelped = false
            return nil
        }
        return undo(background: share, at: now)
    }

    private mutating func undo(background share: Double, at now: Instant) -> Verdict {
        background = share
        backgroundFound = share
        backgroundRequests = max(requests, 1)
        pace = ceiling
        isThrottled = false
        hasHelped = false
        beginWindow(at: now)
        return .undone
    }

    /// Whether refusals come again and again although the pace is well below what was accepted
    /// before: a rate that is too high does not do that, chance does. Counts the refusal.
    private var isUnexplained: Bool {
        mutating get {
            guard isThrottled, let pace, pace < acceptedAtCut * Self.explainedPart else {
                unexplained = 0
                return false
            }
            unexplained += 1
            return unexplained > Self.unexplainedMax
        }
    }

    private mutating func beginWindow(at now: Instant) {
        windowStart = now
        requests = 0
        refusals = 0
        sent = 0
        refused = 0
    }
}
