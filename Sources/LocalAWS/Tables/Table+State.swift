import DynamoModel
import Pacing

/// What UpdateTable changes, read and replaced as a whole. The caller holds `itemLock` for writing.
extension Table {
    func state(at now: Instant) -> TableState {
        var state = TableState(
            definition: definition, features: features, phase: phase(at: now),
            indexPhases: indexPhases, onDemandSince: onDemandSince)
        state.settle(at: now)
        return state
    }

    /// Forgets the indexes whose deletion is over.
    func settleIndexes(at now: Instant) {
        guard indexPhases.contains(where: { now >= $0.value.end }) else { return }
        adopt(state(at: now), at: now)
    }

    func adopt(_ state: TableState, at now: Instant) {
        let (oldDefinition, oldFeatures) = (definition, features)
        definition = state.definition
        features = state.features
        indexPhases = state.indexPhases
        onDemandSince = state.onDemandSince
        if state.phase != phase(at: now) { enter(state.phase) }
        let maintained = state.maintained
        let names = maintained.globalIndexes.map(\.name) + maintained.localIndexes.map(\.name)
        if names != layout.indexes.map(\.name) { reindex(maintained, at: now) }
        replaceModels(oldDefinition, oldFeatures, at: now)
    }

    /// Lets capacity follow the definition where that has changed; what has not keeps its savings.
    private func replaceModels(
        _ oldDefinition: TableDefinition, _ oldFeatures: TableFeatures, at now: Instant
    ) {
        let layout = layout
        accountLock.withLock {
            let second = account.second(at: now)
            let old = Units(of: nil, oldDefinition, oldFeatures)
            let new = Units(of: nil, definition, features)
            if new != old {
                account.replaceModel(
                    rules.model(new.billing, warm: new.warm, second: second))
            }
            for (position, index) in layout.indexes.enumerated() where index.isGlobal {
                let old = Units(of: index.name, oldDefinition, oldFeatures)
                let new = Units(of: index.name, definition, features)
                guard new != old else { continue }
                indexAccounts[position].replaceModel(
                    rules.model(new.billing, warm: new.warm, second: second))
            }
        }
    }

    /// What a table or one of its indexes may take.
    private struct Units: Equatable {
        let isThere: Bool
        let billing: Billing
        let warm: WarmUnits?

        /// - Parameter index: nil for the table itself.
        init(of index: String?, _ definition: TableDefinition, _ features: TableFeatures) {
            guard let index else {
                isThere = true
                billing = definition.billing
                warm = features.warm.target
                return
            }
            let throughput = definition.globalIndexes.first { $0.name == index }?.throughput
            isThere = throughput != nil
            billing = definition.billing.with(throughput ?? Throughput())
            warm = features.indexWarm[index]?.target ?? nil
        }
    }

    /// Gives the table other indexes and puts every item into those that it belongs to.
    private func reindex(_ maintained: TableDefinition, at now: Instant) {
        let old = layout
        let new = TableLayout(maintained, schema: old.schema, version: old.version + 1)
        let places = new.indexes.map { index in
            old.indexes.firstIndex { $0.name == index.name }
        }
        enterItems(into: new)
        // A new index is counted when it is built; the counts of the others are as old as before.
        reported.indexCounts = places.enumerated().map { position, place in
            place.map { reported.indexCounts[$0] } ?? census.indexCounts[position]
        }
        reported.indexBytes = places.enumerated().map { position, place in
            place.map { reported.indexBytes[$0] } ?? census.indexBytes[position]
        }
        accountLock.withLock {
            indexAccounts = places.map { place in
                place.map { indexAccounts[$0] }
                    ?? rules.account(definition.billing, warm: nil, at: now)
            }
            replaceLayout(new)
        }
    }
}
