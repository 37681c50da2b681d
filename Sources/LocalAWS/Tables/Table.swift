import Pacing
import System

/// One table: its items, its capacity.
///
/// Threads: `itemLock` guards the items and all that counts them, `accountLock` the units. They are
/// taken in this order and held for one batch or one page; nothing is waited for under either.
/// `layout` changes under `itemLock`; the phase and the reference to the layout have a lock of
/// their own, held for no time.
package final class Table: @unchecked Sendable {
    // @unchecked: every `var` is guarded by the lock that the comment above names.

    /// Where the table stands in its life; each lasts until an instant.
    package enum Phase: Equatable, Sendable {
        case creating(until: Instant)
        case active
        case updating(until: Instant)
        case deleting(until: Instant)
    }

    /// What was counted at some time.
    package struct Census: Sendable {
        package var count = 0
        package var bytes = 0
        package var indexCounts: [Int]
        package var indexBytes: [Int]

        /// Of an empty table with this many indexes.
        package init(indexes: Int) {
            indexCounts = Array(repeating: 0, count: indexes)
            indexBytes = indexCounts
        }
    }

    package let name: String
    package let arn: String
    package let rules: TableRules
    /// Whether units must be charged to the place in the hash space where they fall.
    let hasPartitions: Bool
    /// What is known of the table apart from its items.
    let details: TableDetails

    package let itemLock = ReadWriteLock()
    package var store = ItemStore()
    var heap = RecordHeap()
    /// The entries of those of the layout's indexes that have been read; empty when none has.
    var indexStores: [IndexStore?] = []
    /// As it is now.
    package var census: Census
    /// Nil while point-in-time recovery is off: then no change is kept.
    var history: TableHistory?

    private let phaseLock = Lock()
    private var phase: Phase
    private var currentLayout: TableLayout

    package let accountLock = Lock()
    package var account: UnitAccount
    /// One for each of the layout's indexes; those of local ones stay empty.
    package var indexAccounts: [UnitAccount]
    package var traffic = Traffic()

    /// What was asked of the table, for the meter.
    package struct Traffic: Sendable {
        package var itemsWritten = 0
        /// Those of them whose reply a fault has kept from the client.
        package var itemsUnanswered = 0
        package var itemsDeleted = 0
        package var itemsRead = 0
        package var itemsRefused = 0
        /// Requests that would change items, refused ones included.
        package var mutatingCalls = 0
    }

    /// - Parameters:
    ///   - account: the table's own.
    ///   - indexAccounts: one for each of the layout's indexes.
    init(
        name: String, arn: String, layout: TableLayout, account: UnitAccount,
        indexAccounts: [UnitAccount], rules: TableRules, phase: Phase,
        details: TableDetails
    ) {
        self.name = name
        self.arn = arn
        self.rules = rules
        hasPartitions = rules.isLimited || rules.partitions ?? 1 > 1
        self.details = details
        self.phase = phase
        currentLayout = layout
        census = Census(indexes: layout.indexes.count)
        self.account = account
        self.indexAccounts = indexAccounts
    }

    /// It stays as it is for those who hold `itemLock`. Who does not must expect that it is another
    /// when the lock is held: items remember the version that they were read for.
    package var layout: TableLayout { phaseLock.withLock { currentLayout } }

    /// The caller holds `itemLock` for writing, and `accountLock`.
    package func replaceLayout(_ layout: TableLayout) {
        phaseLock.withLock { currentLayout = layout }
    }

    package func phase(at now: Instant) -> Phase {
        phaseLock.withLock {
            switch phase {
            case .creating(let until) where now >= until, .updating(let until) where now >= until:
                .active
            default: phase
            }
        }
    }

    package func enter(_ phase: Phase) {
        phaseLock.withLock { self.phase = phase }
    }

    /// Whether items may be read and written: not before it is created, nor once it is deleted.
    package func servesItems(at now: Instant) -> Bool {
        switch phase(at: now) {
        case .active, .updating: true
        case .creating, .deleting: false
        }
    }
}

/// What the server's options say about every table.
package struct TableRules: Sendable {
    /// Whether capacity is charged and refused by the service's rules.
    package var isLimited: Bool
    package var partitions: Int?
    package var burstSeconds: Double
    package var timeScale: Double
    package var liveCounts: Bool

    package init(
        isLimited: Bool, partitions: Int?, burstSeconds: Double, timeScale: Double,
        liveCounts: Bool
    ) {
        self.isLimited = isLimited
        self.partitions = partitions
        self.burstSeconds = burstSeconds
        self.timeScale = timeScale
        self.liveCounts = liveCounts
    }
}
