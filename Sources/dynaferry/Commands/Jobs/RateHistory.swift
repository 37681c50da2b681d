import System

/// How fast a job was, as seen by who watches it.
struct RateHistory: Sendable {
    /// Seconds that it reaches back.
    static let span = 300.0
    /// Seconds that the present rate is over.
    static let window = 5.0

    /// Seconds since 1970, what was done by then, and the share of all that it was.
    private var samples: [(at: Double, done: Double, fraction: Double)] = []
    /// When what `fraction` is a share of was something else, as before a verification.
    private var fractionBegan = 0.0

    /// Times that run backwards, as after a clock was set, begin it again.
    mutating func add(done: Int, fraction: Double, at now: Double) {
        if let last = samples.last, last.at > now || last.done > Double(done) { samples = [] }
        if let last = samples.last, last.fraction > fraction { fractionBegan = now }
        samples.append((now, Double(done), fraction))
        // One from before the span stays, so that the span is covered.
        while samples.count > 2, samples[1].at <= now - Self.span { samples.removeFirst() }
    }

    /// What was done a second in the last seconds; nil while too little was seen.
    func rate(at now: Double) -> Double? { growth(\.done, from: now - Self.window, to: now) }

    /// Seconds until all is done at the pace of the last half minute; nil where that is not known.
    func secondsLeft(at now: Double) -> Double? {
        let start = max(now - 30, fractionBegan)
        guard let last = samples.last, last.fraction < 1,
            let growth = growth(\.fraction, from: start, to: now), growth > 0
        else { return nil }
        return min((1 - last.fraction) / growth, 366 * 86_400)
    }

    /// The rates of so many equal parts of the span, the oldest first; nil of those not seen.
    func rates(parts: Int, at now: Double) -> [Double?] {
        let length = Self.span / Double(max(1, parts))
        return (0..<max(0, parts)).map { part in
            let end = now - Double(parts - 1 - part) * length
            return growth(\.done, from: end - length, to: end)
        }
    }

    /// Growth a second between the samples about these times.
    private func growth(
        _ figure: KeyPath<(at: Double, done: Double, fraction: Double), Double>, from: Double,
        to: Double
    ) -> Double? {
        guard let first = samples.first, let last = samples.last, to > first.at, from < last.at
        else { return nil }
        let start = samples.last { $0.at <= from } ?? first
        let end = samples.last { $0.at <= to } ?? first
        guard end.at - start.at >= 0.5 else { return nil }
        return max(0, end[keyPath: figure] - start[keyPath: figure]) / (end.at - start.at)
    }
}
