import DynamoModel
import Pacing

/// All of a table that UpdateTable may change: requests decide on it as a value.
struct TableState: Sendable {
    var definition: TableDefinition
    var features: TableFeatures
    var phase: Table.Phase
    /// Of the global indexes that are on their way.
    var indexPhases: [String: IndexPhase]
    /// When the table was switched to on-demand, in seconds since 1970.
    var onDemandSince: Double?
}

/// Where a global index stands in its life when it is not simply there.
enum IndexPhase: Equatable, Sendable {
    /// First its resources are allocated, and the table is UPDATING; then the items that are there
    /// are put into it, and only the index tells that (guide, "Adding a global secondary index").
    case creating(allocatedAt: Instant, builtAt: Instant)
    case updating(until: Instant)
    case deleting(until: Instant)

    var end: Instant {
        switch self {
        case .creating(_, let end), .updating(let end), .deleting(let end): end
        }
    }

    var status: String {
        switch self {
        case .creating: "CREATING"
        case .updating: "UPDATING"
        case .deleting: "DELETING"
        }
    }

    /// Whether items must be kept in it.
    var isMaintained: Bool {
        if case .deleting = self { false } else { true }
    }
}

/// When a change is made, and when it will be over.
struct ChangeTime: Sendable {
    let now: Instant
    let end: Instant
    /// Half-way between both.
    let middle: Instant
    /// Seconds since 1970, in milliseconds.
    let today: Double

    init(now: Instant, duration: Duration, secondsSinceEpoch: Double) {
        self.now = now
        end = now + duration
        middle = now + duration / 2
        today = (secondsSinceEpoch * 1000).rounded() / 1000
    }
}

extension TableState {
    /// The phase of an index; nil when it is simply there.
    func indexPhase(_ name: String, at now: Instant) -> IndexPhase? {
        indexPhases[name].flatMap { now >= $0.end ? nil : $0 }
    }

    /// The definition with those global indexes only that items must be kept in.
    var maintained: TableDefinition {
        var maintained = definition
        maintained.globalIndexes.removeAll { indexPhases[$0.name]?.isMaintained == false }
        return maintained
    }

    /// Forgets the indexes whose deletion is over, and the attributes that no key uses any more.
    mutating func settle(at now: Instant) {
        let over = indexPhases.filter { now >= $0.value.end }
        guard !over.isEmpty else { return }
        for (name, phase) in over {
            indexPhases[name] = nil
            guard !phase.isMaintained else { continue }
            definition.globalIndexes.removeAll { $0.name == name }
            features.forget(index: name)
        }
        let keys =
            definition.keys
            + (definition.globalIndexes + definition.localIndexes).flatMap(\.keys)
        let used = Set(keys.map(\.attribute))
        definition.attributes.removeAll { !used.contains($0.name) }
    }
}
