/// Units that may be spent in the running second, plus those saved in earlier ones.
///
/// At the start of each second `rate` units come in; what the second before left over is kept, up
/// to `savedMax`. A request bigger than a second's units passes when a whole second's are there,
/// and
/// the debt is paid by the seconds after. A value: whoever owns it passes the time.
package struct UnitBucket: Sendable {
    /// Units a second.
    package private(set) var rate: Double
    /// Unused units that are kept at most.
    private let savedMax: Double
    private var balance: Double
    private var second: Int64

    package init(rate: Double, burstSeconds: Double, second: Int64) {
        precondition(rate > 0, "rate must be positive, not \(rate)")
        precondition(burstSeconds >= 0, "burst must not be negative, not \(burstSeconds)")
        self.rate = rate
        savedMax = rate * burstSeconds
        balance = rate
        self.second = second
    }

    /// Whether `units` may be spent in this second.
    package mutating func admits(_ units: Double, second: Int64) -> Bool {
        advance(to: second)
        return units <= balance || (units > rate && balance >= rate)
    }

    /// Whether anything may be spent: for reads, whose cost is known only afterwards.
    package mutating func admitsAnything(second: Int64) -> Bool {
        advance(to: second)
        return balance > 0
    }

    /// Takes units out, into debt if need be.
    package mutating func spend(_ units: Double, second: Int64) {
        advance(to: second)
        balance -= units
    }

    private mutating func advance(to now: Int64) {
        guard now > second else { return }
        let elapsed = Double(now - second)
        second = now
        balance = min(min(balance, savedMax) + rate, savedMax + rate)
        // The seconds in between were not used at all.
        balance = min(balance + rate * (elapsed - 1), savedMax + rate)
    }
}
