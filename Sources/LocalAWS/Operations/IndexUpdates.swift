import DynamoModel
import JSON
import Pacing

/// The `GlobalSecondaryIndexUpdates` of an UpdateTable (API reference): any number of updates, one
/// creation or deletion.
struct IndexUpdates {
    private enum Update {
        case create(JSON)
        case update(JSON)
        case delete
    }

    private let updates: [(name: String, update: Update, path: String)]
    /// The attributes that come with a creation; nil when the request names none.
    private let attributes: [JSON]?

    /// Nil when the request has none.
    init?(_ request: Parameters) throws(ServiceError) {
        guard let elements = try request.json("GlobalSecondaryIndexUpdates")?.array else {
            return nil
        }
        guard !elements.isEmpty else {
            throw .invalid("List of GlobalSecondaryIndexUpdates is empty")
        }
        attributes = try request.json("AttributeDefinitions")?.array
        var updates: [(name: String, update: Update, path: String)] = []
        for (place, element) in elements.enumerated() {
            let member = "globalSecondaryIndexUpdates.\(place + 1).member"
            let kinds = ["Create", "Update", "Delete"].filter { element[$0]?.members != nil }
            guard let kind = kinds.first, let json = element[kind] else {
                throw .invalid(
                    "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                        + "GlobalSecondaryIndexUpdate.Delete must not be null")
            }
            guard kinds.count == 1 else {
                throw .invalid(
                    "Only one global secondary index action is allowed per "
                        + "GlobalSecondaryIndexUpdate object")
            }
            let path = "\(member).\(kind.lowerFirst)"
            let name = try KeySchemaCheck.name(json["IndexName"], at: "\(path).indexName")
            guard !updates.contains(where: { $0.name == name }) else {
                throw .invalid(
                    "Only one global secondary index update per index is allowed simultaneously. "
                        + "Index: \(name)")
            }
            let update: Update =
                switch kind {
                case "Create": .create(json)
                case "Update": .update(json)
                default: .delete
                }
            updates.append((name, update, path))
        }
        self.updates = updates
        guard reshaped.count <= 1 else { throw Self.oneAtATime }
    }

    /// The indexes that come or go.
    private var reshaped: [String] {
        updates.compactMap { entry in
            if case .update = entry.update { nil } else { entry.name }
        }
    }

    var reshapes: Bool { !reshaped.isEmpty }

    private static let oneAtATime = ServiceError(
        namespace: .service, name: "LimitExceededException",
        message: "Subscriber limit exceeded: Only 1 online index can be created or deleted "
            + "simultaneously per table")

    /// What must wait for an index that is on its way.
    func checkPhases(of state: TableState, at now: Instant) throws(ServiceError) {
        let table = state.definition.name
        for entry in updates {
            switch (entry.update, state.indexPhase(entry.name, at: now)) {
            case (.delete, .creating(let allocatedAt, _)?):
                guard now >= allocatedAt else {
                    throw .stillInUse(
                        "Index creation is in resource allocation phase. Retry deletion during "
                            + "backfilling phase or when the index is active. Table: \(table) "
                            + "Index: \(entry.name)")
                }
            case (.create, _), (_, nil): break
            case (_, let phase?):
                let participle = phase.status.lowercased().dropLast(3)
                throw .stillInUse(
                    "Index is being \(participle)ed. Table: \(table) Index: \(entry.name)")
            }
        }
        let isBusy = state.indexPhases.keys.contains { name in
            switch state.indexPhase(name, at: now) {
            case .creating, .deleting: !reshaped.contains(name)
            case .updating, nil: false
            }
        }
        guard !isBusy || !reshapes else { throw Self.oneAtATime }
    }

    func apply(to state: inout TableState, _ time: ChangeTime) throws(ServiceError) {
        for entry in updates {
            let place = state.definition.globalIndexes.firstIndex { $0.name == entry.name }
            if case .create(let json) = entry.update {
                let isKnown = state.definition.localIndexes.contains { $0.name == entry.name }
                guard place == nil, !isKnown else {
                    throw .validation("Attempting to create an index which already exists")
                }
                try create(json, at: entry.path, in: &state, time)
                continue
            }
            guard let place else { throw missing(entry.name, entry.update, in: state) }
            if case .update(let json) = entry.update {
                try update(place, json, at: entry.path, in: &state, time)
            } else {
                state.indexPhases[entry.name] = .deleting(until: time.end)
                state.phase = .updating(until: time.end)
            }
        }
    }

    private func missing(
        _ name: String, _ update: Update, in state: TableState
    ) -> ServiceError {
        guard !state.definition.localIndexes.contains(where: { $0.name == name }) else {
            let verb = if case .delete = update { "delete" } else { "update" }
            return .validation(
                "Cannot \(verb) an index that is not a GlobalSecondaryIndex: \(name)")
        }
        return ServiceError(
            namespace: .service, name: "ResourceNotFoundException",
            message: "Requested resource not found: Index \(name) for table "
                + state.definition.name)
    }

    // MARK: Creation

    /// Attributes that the index does not use are left out.
    private func create(
        _ json: JSON, at path: String, in state: inout TableState, _ time: ChangeTime
    ) throws(ServiceError) {
        let billing = state.definition.billing
        guard let attributes else {
            throw .invalid(
                "AttributeDefinitions is not specified for index: "
                    + (json["IndexName"]?.string ?? ""))
        }
        guard state.definition.globalIndexes.count < DefinitionCheck.globalIndexesMax else {
            throw ServiceError(
                namespace: .service, name: "LimitExceededException",
                message: "Subscriber limit exceeded: GlobalSecondaryIndex count exceeds the "
                    + "per-table limit of \(DefinitionCheck.globalIndexesMax)")
        }
        let known = state.definition.attributes
        let given = try KeySchemaCheck(attributes).attributes
        let check = IndexCheck(
            keySchemas: KeySchemaCheck(
                attributes: given + known.map(\.name).filter { !given.contains($0) }),
            isOnDemand: billing.isOnDemand)
        let index = try check.index(json, at: path, isLocal: false)
        try check.checkUnits(index)
        let asked = try definition(of: index, attributes, billing)
        for attribute in asked.attributes {
            if let earlier = known.first(where: { $0.name == attribute.name }) {
                guard earlier.type == attribute.type else {
                    throw .conflict(attribute, earlier, in: state.definition.name)
                }
            } else {
                state.definition.attributes.append(attribute)
            }
        }
        state.definition.globalIndexes += asked.globalIndexes
        state.features.indexWarm[index.name] = DelayedSetting(try check.warm(index))
        state.indexPhases[index.name] = .creating(allocatedAt: time.middle, builtAt: time.end)
        state.phase = .updating(until: time.middle)
    }

    /// A definition of this one index, and of the attributes that it uses.
    private func definition(
        of index: CheckedIndex, _ attributes: [JSON], _ billing: Billing
    ) throws(ServiceError) -> TableDefinition {
        let used = Set(index.keys.map(\.attribute))
        let json: JSON = [
            "TableName": .string(index.name), "KeySchema": index.keys.json,
            "AttributeDefinitions": .array(
                attributes.filter { used.contains($0["AttributeName"]?.string ?? "") }),
            "BillingMode": billing.isOnDemand ? "PAY_PER_REQUEST" : "PROVISIONED",
            "GlobalSecondaryIndexes": .array([index.json]),
        ]
        do { return try TableDefinition(json) } catch { throw .validation(error.description) }
    }

    // MARK: Updates

    /// The table stays ACTIVE: it is the index that is UPDATING.
    private func update(
        _ place: Int, _ json: JSON, at path: String, in state: inout TableState,
        _ time: ChangeTime
    ) throws(ServiceError) {
        let billing = state.definition.billing
        let index = state.definition.globalIndexes[place]
        if let units = json["ProvisionedThroughput"] {
            guard !billing.isOnDemand else {
                throw .invalid(
                    "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: "
                        + "\(index.name) when BillingMode is PAY_PER_REQUEST")
            }
            try ThroughputCheck.check(units, at: "\(path).provisionedThroughput")
            let throughput = Throughput(provisioned: units)
            guard throughput != index.throughput else {
                throw .unchangedUnits(
                    index.throughput, of: "the index \(index.name)", short: "index")
            }
            state.definition.globalIndexes[place].throughput = throughput
            state.indexPhases[index.name] = .updating(until: time.end)
        }
        if let maxima = json["OnDemandThroughput"] {
            try ThroughputCheck.checkMaxima(
                maxima, isOnDemand: billing.isOnDemand, mayClear: true,
                of: "index : \(index.name)")
            state.definition.globalIndexes[place].throughput = index.throughput.limited(by: maxima)
            state.indexPhases[index.name] = .updating(until: time.end)
        }
        if let asked = json["WarmThroughput"] {
            var warm = state.features.indexWarm[index.name] ?? DelayedSetting(nil)
            try warm.raise(
                asked, billing.with(state.definition.globalIndexes[place].throughput),
                of: "index \(index.name)", at: time)
            state.features.indexWarm[index.name] = warm
        }
    }
}

extension ServiceError {
    /// An attribute that an index would give another type than it has.
    fileprivate static func conflict(
        _ attribute: KeyAttribute, _ earlier: KeyAttribute, in table: String
    ) -> ServiceError {
        .invalid(
            "Attributes with conflicting types in AttributeDefinitions of table \(table): "
                + "\(attribute.name) is \(earlier.type.rawValue), not \(attribute.type.rawValue)")
    }
}
