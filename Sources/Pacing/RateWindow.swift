import System

/// How much of something there was over the last second, in ten slots of 100 ms.
///
/// A value with no clock: time comes with each call, and must not run backwards.
package struct RateWindow: Sendable {
    private static let slotNanoseconds: Int64 = 100_000_000
    private var slots = [Double](repeating: 0, count: 10)
    private var newest: Int64
    private let started: Instant

    package init(at now: Instant) {
        newest = now.nanoseconds / Self.slotNanoseconds
        started = now
    }

    package mutating func add(_ amount: Double, at now: Instant) {
        advance(to: now)
        slots[Int(newest % 10)] += amount
    }

    /// Amount per second over the last second, or over the time since the start while that is
    /// shorter.
    package mutating func perSecond(at now: Instant) -> Double {
        advance(to: now)
        // The newest slot has only begun: ten slots span between 0.9 and 1 s.
        let slotStart = Instant(nanoseconds: newest * Self.slotNanoseconds)
        let span = min(0.9 + (now - slotStart).inSeconds, max(0.1, (now - started).inSeconds))
        return slots.reduce(0, +) / span
    }

    /// Amount of the last second, of which the newest slot's tenth may have only begun.
    package mutating func lastSecond(at now: Instant) -> Double {
        advance(to: now)
        return slots.reduce(0, +)
    }

    private mutating func advance(to now: Instant) {
        let slot = now.nanoseconds / Self.slotNanoseconds
        guard slot > newest else { return }
        for passed in (newest + 1)...min(slot, newest + 10) { slots[Int(passed % 10)] = 0 }
        if slot > newest + 10 { slots = [Double](repeating: 0, count: 10) }
        newest = slot
    }
}
