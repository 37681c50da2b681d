/// Whether a partition's items are refused much more often than the table's, and how many of them
/// may then be sent until the next look.
///
/// A hot partition of the target refuses the items of the partitions that it holds. Only those are
/// slowed; the table's pace is for what all partitions meet alike.
struct PartitionHeat: Sendable {
    private var acknowledged = 0
    private var refused = 0
    /// Items that may be taken until the next look; nil while the partition is not held back.
    private(set) var allowance: Int?
    private var spent = 0

    /// How far above the table's share a partition's must be.
    private static let shareAbove = 0.3
    private static let refusedMin = 8

    var isHeldBack: Bool { allowance != nil }

    /// Items that may still be taken before the next look.
    var left: Int { allowance.map { max(0, $0 - spent) } ?? .max }
    /// Whether none may.
    var isSpent: Bool { left == 0 }

    mutating func acknowledge() { acknowledged += 1 }
    mutating func refuse() { refused += 1 }
    mutating func spend(_ items: Int) { spent += items }

    /// Looks at what came back since the last look, and halves or raises the allowance.
    mutating func look(tableShare: Double) {
        defer { (acknowledged, refused, spent) = (0, 0, 0) }
        let total = acknowledged + refused
        guard total > 0 else { return }
        let share = Double(refused) / Double(total)
        if share > tableShare + Self.shareAbove, refused >= Self.refusedMin || isHeldBack {
            allowance = max(1, min(allowance ?? total, total) / 2)
        } else if let allowance {
            // Grows while it is used up; free again when it no longer binds.
            let grown = allowance + max(1, allowance / 4)
            self.allowance = spent < allowance && refused == 0 ? nil : grown
        }
    }
}
