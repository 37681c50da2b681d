import System

/// What a copy costs, by what is paid for, in US dollars; nil where that is not known.
package struct CostParts: Equatable, Sendable {
    package var reads: Double?
    package var writes: Double?
    /// Of global indexes.
    package var indexWrites: Double?
    /// Bytes that leave a region.
    package var transfer: Double?
    /// Units that are raised, or bought warm, for the copy.
    package var boost: Double?
    /// A month of the target's items and their index entries. It is not part of ``once``.
    package var storageMonth: Double?

    package init() {}

    /// What the copy itself costs: the sum of what is known, or nil where it is not known how much
    /// is read or written. ``unknown`` names what is left out.
    package var once: Double? {
        guard let reads, let writes, let indexWrites else { return nil }
        return reads + writes + indexWrites + (transfer ?? 0) + (boost ?? 0)
    }

    /// What is not in ``once``: its price is not known.
    package var unknown: [String] {
        [("data transfer", transfer), (Self.boostTitle, boost)].filter { $0.1 == nil }.map(\.0)
    }

    package static let boostTitle = "the boost"

    /// Each part is unknown where it is unknown of one of them.
    package static func sum(_ all: [CostParts]) -> CostParts {
        var sum = CostParts()
        for part in [
            \CostParts.reads, \.writes, \.indexWrites, \.transfer, \.boost, \.storageMonth,
        ] as [WritableKeyPath<CostParts, Double?>] {
            sum[keyPath: part] = all.reduce(0.0 as Double?) { sum, cost in
                guard let sum, let more = cost[keyPath: part] else { return nil }
                return sum + more
            }
        }
        return sum
    }
}

/// Where the bytes of a copy go.
package enum TransferPath: String, Equatable, Sendable {
    /// They stay in one region, where nothing is charged for them.
    case none
    case betweenRegions
    /// From one partition of AWS to another, as from or to China.
    case internet
    /// To or from files, or of a table that does not say where it is.
    case unknown
}
