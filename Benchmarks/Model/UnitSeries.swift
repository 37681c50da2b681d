import Pacing
import System

/// Units consumed over virtual time, in slots of equal length from the start.
package struct UnitSeries: Sendable {
    package let slot: Duration
    package private(set) var slots: [Double] = []
    package private(set) var total = 0.0

    package init(slot: Duration, lasting duration: Duration = .zero) {
        self.slot = slot
        slots = Array(repeating: 0, count: Int(clamping: duration / slot))
    }

    package mutating func add(_ units: Double, at now: Instant) {
        let index = Int(now.nanoseconds / slot.inNanoseconds)
        while slots.count <= index { slots.append(0) }
        slots[index] += units
        total += units
    }

    /// Adds another series with slots of the same length.
    mutating func add(_ other: UnitSeries) {
        precondition(slot == other.slot, "slots of \(slot) and of \(other.slot)")
        while slots.count < other.slots.count { slots.append(0) }
        for index in other.slots.indices { slots[index] += other.slots[index] }
        total += other.total
    }

    /// The least and the most of any window of `length` that begins at `start` or later and ends
    /// at `end` or before; nil when none does.
    package func windows(
        of length: Duration, from start: Duration, to end: Duration
    ) -> ClosedRange<Double>? {
        let width = Int(clamping: length / slot)
        let first = Int(clamping: start / slot)
        let last = Int(clamping: end / slot) - width
        guard last >= first else { return nil }
        func units(_ index: Int) -> Double { index < slots.count ? slots[index] : 0 }
        var sum = (first..<first + width).reduce(0) { $0 + units($1) }
        var (least, most) = (sum, sum)
        for index in first..<last {
            sum += units(index + width) - units(index)
            (least, most) = (min(least, sum), max(most, sum))
        }
        return least...most
    }

    /// Units a second between two times.
    package func perSecond(from start: Duration, to end: Duration) -> Double {
        let range = Int(clamping: start / slot)..<Int(clamping: end / slot)
        let sum = range.reduce(0) { $0 + ($1 < slots.count ? slots[$1] : 0) }
        return sum / (end - start).inSeconds
    }
}
