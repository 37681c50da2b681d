import Connectors
import Flow

/// What the user asked for of a verification.
package struct VerifyOptions: Equatable, Sendable {
    package enum Mode: Equatable, Sendable {
        /// Every item.
        case all
        /// The items of a share of the segments, drawn by chance: 0 to 1.
        case sample(Double)
        /// How many items there are, and nothing else.
        case count
    }

    package var mode = Mode.all
    /// nil: by the larger table's size.
    package var segments: Int?
    /// Scans in flight on each side.
    package var scansMax = 16
    package var limits = AskedLimits()
    /// Bytes for the pages of both sides and for keys, of one table.
    package var memory = 24 << 20
    package var isConsistentRead = false
    package var giveUpAfter: Duration = .seconds(15 * 60)
    /// Which settings are compared; nil: none.
    package var settings: SettingChoice? = SettingChoice()
    /// Where keys are kept that memory does not hold.
    package var scratchFolder = "/tmp"

    package init() {}

    func throttled(by limits: AskedLimits) -> VerifyOptions {
        var options = self
        options.limits = self.limits.updated(by: limits)
        return options
    }
}

/// How a table's verification divides its memory.
struct VerifyMemory: Equatable, Sendable {
    /// Of each side.
    let pageBytes: Int
    let keyBytes: Int

    private static let keyBytesMin = 1 << 20

    /// The least that ``init(total:)`` takes, in bytes.
    static let totalMin = 2 * MemoryBudget.pageMin + keyBytesMin

    /// - Returns: nil when `total` does not hold a page of the longest item there is on each side.
    init?(total: Int) {
        guard total >= Self.totalMin else { return nil }
        keyBytes = max(Self.keyBytesMin, min(total / 3, total - 2 * MemoryBudget.pageMin))
        pageBytes = (total - keyBytes) / 2
    }
}
