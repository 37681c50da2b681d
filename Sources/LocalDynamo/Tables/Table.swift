import DynamoModel
import Pacing

/// One table: its definition, its items, its capacity.
///
/// Threads: `itemLock` guards the items and all that counts them, `accountLock` the units. They are
/// taken in this order and held for one batch or one page; nothing is waited for under either.
/// `definition` and `features` change under `itemLock`; the phase has a lock of its own, held for
/// no time.
final class Table: @unchecked Sendable {
    // @unchecked: every `var` is guarded by the lock that the comment above names.

    /// Where the table stands in its life; each lasts until an instant.
    enum Phase: Equatable, Sendable {
        case creating(until: Instant)
        case active
        case updating(until: Instant)
        case deleting(until: Instant)
    }

    /// What was counted at some time: the service refreshes it about every six hours.
    struct Census: Sendable {
        var count = 0
        var bytes = 0
        var indexCounts: [Int]
        var indexBytes: [Int]
    }

    let name: String
    let arn: String
    let identifier: String
    let createdAt: Double
    let layout: TableLayout
    let settings: TableSettings
    /// Whether units must be charged to the place in the hash space where they fall.
    let hasPartitions: Bool

    let itemLock = ReadWriteLock()
    var definition: TableDefinition
    var features: TableFeatures
    var store = ItemStore()
    var heap = RecordHeap()
    /// As it is now.
    var census: Census
    /// As it is told, and since when.
    var reported: Census
    var reportedAt: Instant
    /// When the table was switched to on-demand, in seconds since 1970.
    var onDemandSince: Double?

    private let phaseLock = Lock()
    private var phase: Phase

    let accountLock = Lock()
    var account: UnitAccount
    /// One for each of the layout's indexes; those of local ones stay empty.
    var indexAccounts: [UnitAccount]
    var traffic = Traffic()

    /// What was asked of the table, for the meter.
    struct Traffic: Sendable {
        var itemsWritten = 0
        /// Those of them whose reply a fault has kept from the client.
        var itemsUnanswered = 0
        var itemsDeleted = 0
        var itemsRead = 0
        var itemsRefused = 0
        /// Requests that would change items, refused ones included.
        var mutatingCalls = 0
    }

    init(
        definition: TableDefinition, schema: KeySchema, features: TableFeatures,
        identity: TableIdentity, settings: TableSettings, now: Instant, readyAt: Instant?
    ) {
        name = definition.name
        arn = identity.arn
        identifier = identity.identifier
        createdAt = identity.createdAt
        layout = TableLayout(definition, schema: schema)
        self.settings = settings
        hasPartitions = settings.capacity == .model || settings.partitions ?? 1 > 1
        self.definition = definition
        self.features = features
        phase = readyAt.map { .creating(until: $0) } ?? .active
        let none = Array(repeating: 0, count: layout.indexes.count)
        census = Census(indexCounts: none, indexBytes: none)
        reported = census
        reportedAt = now
        onDemandSince = definition.billing.isOnDemand ? identity.createdAt : nil
        account = settings.account(definition.billing, at: now)
        indexAccounts = layout.indexes.map { index in
            let throughput =
                definition.globalIndexes.first { $0.name == index.name }?.throughput
            return settings.account(
                definition.billing.with(throughput ?? Throughput()), at: now)
        }
    }

    func phase(at now: Instant) -> Phase {
        phaseLock.withLock {
            switch phase {
            case .creating(let until) where now >= until, .updating(let until) where now >= until:
                .active
            default: phase
            }
        }
    }

    func enter(_ phase: Phase) {
        phaseLock.withLock { self.phase = phase }
    }

    /// Whether items may be read and written: not before it is created, nor once it is deleted.
    func servesItems(at now: Instant) -> Bool {
        switch phase(at: now) {
        case .active, .updating: true
        case .creating, .deleting: false
        }
    }

    /// Takes the census for the time being, as the service does every six hours.
    func refreshReport(at now: Instant) {
        let isStale = now - reportedAt >= .seconds(6 * 3600)
        guard settings.liveCounts || isStale else { return }
        reported = census
        reportedAt = now
    }
}

/// What makes a table this one, apart from its definition.
struct TableIdentity: Sendable {
    var arn: String
    /// A UUID.
    var identifier: String
    /// Seconds since 1970.
    var createdAt: Double
}

/// What the server's options say about every table.
struct TableSettings: Sendable {
    var capacity: ServerOptions.Capacity = .unlimited
    var partitions: Int?
    var burstSeconds = 300.0
    var timeScale = 1.0
    var liveCounts = false

    func account(_ billing: Billing, at now: Instant) -> UnitAccount {
        var account = UnitAccount(
            model: nil, partitions: partitions ?? 1, timeScale: timeScale)
        account.replaceModel(model(billing, second: account.second(at: now)))
        return account
    }

    func model(_ billing: Billing, second: Int64) -> CapacityModel? {
        guard capacity == .model else { return nil }
        return CapacityModel(
            billing: billing, partitions: partitions, burstSeconds: burstSeconds, second: second)
    }
}

extension Billing {
    /// The same mode with other units.
    func with(_ throughput: Throughput) -> Billing {
        isOnDemand ? .onDemand(throughput) : .provisioned(throughput)
    }
}
