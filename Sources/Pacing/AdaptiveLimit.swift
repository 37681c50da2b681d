import System

/// How many requests to keep in flight, found by trying.
///
/// Starts small and doubles each window until the throughput flattens; then goes up by steps,
/// keeping a step only when it paid. Windows in which something else held the work back (a token
/// bucket, the source) say nothing about concurrency and are passed over.
///
/// | window | limit | throughput | what it decides |
/// |---|---|---|---|
/// | 1 | 4 | 100 | first: double |
/// | 2 | 8 | 190 | paid: double |
/// | 3 | 16 | 200 | flat: once more, to be sure |
/// | 4 | 16 | 198 | flat again: back to 8, steps from here |
///
/// A value with no clock; time comes with each event and must not run backwards.
package struct AdaptiveLimit: Sendable {
    /// Requests that may be in flight now.
    package private(set) var current: Int
    package let range: ClosedRange<Int>

    private enum Phase {
        case doubling(flatWindows: Int)
        /// Holding, until so many more windows have passed.
        case holding(windows: Int)
        /// Trying a step up from `from`, where the throughput was `base`.
        case stepping(from: Int, base: Double)
    }

    /// What a doubling must bring to count as paid, and what a step must.
    private static let doublingGain = 1.15
    private static let stepGain = 1.04
    /// A window lasts this long at least, and two round trips, or its throughput is noise.
    private static let windowMin = Duration.milliseconds(20)
    /// Round trips so many times the shortest there were say that requests wait in a queue, at the
    /// target or here: more of them would only wait longer, whatever a noisy throughput says.
    private static let queueingFactor = 4.0
    /// By so much the shortest is taken for longer with each window, so that a network that has
    /// become slower does not count as a queue for ever.
    private static let forgetting = 1.002
    private static let holdWindowsMin = 8
    private static let holdWindowsMax = 128

    private var phase = Phase.doubling(flatWindows: 0)
    private var best = 0.0
    private var holdWindows = holdWindowsMin
    private var windowStart: Instant
    private var work = 0.0
    private var completions = 0
    private var wasHeldBack = false
    private var roundTrip = Duration.zero
    private var roundTrips = Duration.zero
    /// Mean round trip of the fastest window, forgotten slowly.
    private var fastest: Duration?

    package init(range: ClosedRange<Int>, start: Int = 4, at now: Instant) {
        self.range = range
        current = min(max(start, range.lowerBound), range.upperBound)
        windowStart = now
    }

    /// One request came back.
    /// - Parameters:
    ///   - work: what it achieved, in any unit (items acknowledged).
    ///   - heldBack: something other than this limit kept further requests from being sent.
    package mutating func completed(
        work: Double, roundTrip latency: Duration, heldBack: Bool, at now: Instant
    ) {
        self.work += work
        completions += 1
        roundTrips += latency
        wasHeldBack = wasHeldBack || heldBack
        roundTrip = roundTrip == .zero ? latency : (roundTrip * 7 + latency) / 8
        let elapsed = now - windowStart
        guard completions >= current, elapsed >= max(Self.windowMin, roundTrip * 2) else { return }
        if !wasHeldBack { judge(throughput: self.work / elapsed.inSeconds) }
        beginWindow(at: now)
    }

    /// Goes down by a share (0...1) of what was refused; ends the doubling.
    package mutating func shrink(by share: Double, at now: Instant) {
        precondition((0...1).contains(share), "a share is in 0...1, not \(share)")
        current = max(
            range.lowerBound, Int(clamping: (Double(current) * (1 - share)).rounded(.down)))
        phase = .holding(windows: Self.holdWindowsMin)
        best = 0
        beginWindow(at: now)
    }

    /// Goes back to an earlier value, when a ``shrink(by:at:)`` turned out to be useless, and
    /// takes up the search that it had ended.
    package mutating func restore(_ value: Int, at now: Instant) {
        current = min(max(value, range.lowerBound), range.upperBound)
        phase = .doubling(flatWindows: 0)
        best = 0
        beginWindow(at: now)
    }

    private mutating func beginWindow(at now: Instant) {
        windowStart = now
        work = 0
        completions = 0
        roundTrips = .zero
        wasHeldBack = false
    }

    /// Whether this window's requests waited in a queue.
    private mutating func isQueueing() -> Bool {
        let mean = roundTrips / completions
        let shortest = min(mean, (fastest ?? mean) * Self.forgetting)
        fastest = shortest
        return mean > shortest * Self.queueingFactor
    }

    private mutating func judge(throughput: Double) {
        let isQueueing = isQueueing()
        switch phase {
        case .doubling(let flatWindows):
            if throughput > best * Self.doublingGain, !isQueueing {
                best = throughput
                double()
            } else if flatWindows == 0 {
                phase = .doubling(flatWindows: 1)
            } else {
                current = max(range.lowerBound, current / 2)
                phase = .holding(windows: holdWindows)
            }
        case .holding(let windows):
            best = best == 0 ? throughput : best * 0.75 + throughput * 0.25
            if windows > 1 {
                phase = .holding(windows: windows - 1)
            } else if current < range.upperBound, !isQueueing {
                phase = .stepping(from: current, base: best)
                current = min(range.upperBound, current + max(1, current / 4))
            }
        case .stepping(let from, let base):
            if throughput > base * Self.stepGain, !isQueueing {
                best = throughput
                holdWindows = Self.holdWindowsMin
                phase = .holding(windows: 1)
            } else {
                current = from
                holdWindows = min(holdWindows * 2, Self.holdWindowsMax)
                phase = .holding(windows: holdWindows)
            }
        }
    }

    private mutating func double() {
        phase = .doubling(flatWindows: 0)
        if current == range.upperBound { phase = .holding(windows: holdWindows) }
        current = min(range.upperBound, current * 2)
    }
}
