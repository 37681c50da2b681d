import DynamoModel
import Flow
import Pacing

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

    // MARK: Tables at a time

    /// Most tables at a time, where limits would otherwise not be used.
    package static let widthMax = 32

    /// How many of `tables` to work on at a time: so many that even those with the lowest
    /// limits of their own use what all may together; where nothing holds them together, what one
    /// new table on demand takes.
    /// - Parameters:
    ///   - tables: what each is held to by itself.
    ///   - usual: at least so many.
    func width(of tables: [UnitLimits], usual: Int) -> Int {
        let newRead = Double(ServiceLimits.onDemandReadUnits)
        let newWrite = Double(ServiceLimits.onDemandWriteUnits)
        let reads = tables.map { $0.read.unitsPerSecond ?? newRead }
        let writes = tables.map { $0.write.table ?? newWrite }
        let wanted = max(
            Self.count(of: reads, using: areNone ? newRead : read),
            Self.count(of: writes, using: areNone ? newWrite : write))
        return min(max(wanted, usual), Self.widthMax)
    }

    /// How many of the lowest `limits` come to `total`; 0 where there is none.
    private static func count(of limits: [Double], using total: Double?) -> Int {
        guard let total else { return 0 }
        var sum = 0.0
        let ample = limits.sorted().firstIndex { limit in
            sum += limit
            return sum >= total
        }
        return ample.map { $0 + 1 } ?? limits.count
    }
}

extension SharedLimits {
    init(_ totals: UnitTotals, time: any TimeSource) {
        self.init(read: totals.read, write: totals.write, time: time)
    }

    func set(_ totals: UnitTotals) { set(read: totals.read, write: totals.write) }
}
