import Flow
import Pacing
import System

/// Units a second of all tables of a job together; nil where there is no limit.
package struct UnitTotals: Equatable, Sendable {
    /// Of the source's side.
    package var read: Double?
    package var write: Double?

    package init(read: Double? = nil, write: Double? = nil) {
        self.read = read
        self.write = write
    }

    package var areNone: Bool { read == nil && write == nil }

    /// What all tables are held to, in words; nil when there is nothing.
    package var description: String? {
        let read = read.map { "at most \($0.unitText) read units" }
        let write = write.map { "at most \($0.unitText) write units" }
        let parts = [read, write].compactMap(\.self)
        guard !parts.isEmpty else { return nil }
        return "all tables together: \(parts.joined(separator: " and ")) a second"
    }
}

extension SharedLimits {
    package init(_ totals: UnitTotals, time: any TimeSource) {
        self.init(read: totals.read, write: totals.write, time: time)
    }

    package func set(_ totals: UnitTotals) { set(read: totals.read, write: totals.write) }
}

extension Double {
    /// Units a second in words: no fraction where there is none.
    package var unitText: String { rounded() == self ? String(Int(clamping: self)) : String(self) }
}
