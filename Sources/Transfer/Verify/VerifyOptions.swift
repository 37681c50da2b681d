import Connectors
import DynamoModel
import Flow
import Schema
import Status

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
    package var limits = RequestedLimits()
    /// Bytes for the pages of both sides and for keys, of one table.
    package var memory = CopyOptions.memoryUsual
    package var isConsistentRead = false
    /// Which items are wanted, and what becomes of them on the way.
    package var transform = ItemTransform()
    package var giveUpAfter: Duration = .seconds(15 * 60)
    /// Which settings are compared; nil: none.
    package var settings: SettingChoice? = SettingChoice()
    /// Where keys are kept that memory does not hold.
    package var scratchFolder = "/tmp"

    package init() {}
}

/// How a table's verification divides its memory.
struct VerifyMemory: Equatable, Sendable {
    /// Of pages of each side, in the passes.
    let pageBytes: Int
    /// Of what looks at items by their keys, once the passes have ended.
    let look: MemoryBudget
    let keyBytes: Int

    private static let keyBytesMin = 1 << 20

    /// The least that ``init(total:repairs:)`` takes, in bytes: a page of the longest item there is
    /// on each side; and where it may have to be written, its request.
    static func totalMin(repairs: Bool) -> Int { keyBytesMin + lookMin(repairs) }

    private static func lookMin(_ repairs: Bool) -> Int {
        let least = MemoryBudget.pairMin
        return least.pageBytes + (repairs ? least.batchBytes : 0)
    }

    /// - Returns: nil when `total` is less than ``totalMin(repairs:)``.
    init?(total: Int, repairs: Bool) {
        let least = Self.lookMin(repairs)
        guard total >= Self.totalMin(repairs: repairs) else { return nil }
        keyBytes = max(Self.keyBytesMin, min(total / 3, total - least))
        let rest = total - keyBytes
        pageBytes = rest / 2
        let batchBytes = repairs ? max(MemoryBudget.pairMin.batchBytes, rest / 3) : 0
        look = MemoryBudget(pageBytes: rest - batchBytes, batchBytes: batchBytes)
    }
}
