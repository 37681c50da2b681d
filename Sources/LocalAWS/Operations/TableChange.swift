import DynamoModel
import JSON
import Pacing

/// What an UpdateTable asks for, and what it makes of a table. The service takes one kind of change
/// a call, billing and throughput apart.
struct TableChange {
    private let isOnDemand: Bool?
    private let throughput: JSON?
    private let maxima: JSON?
    private let stream: StreamRequest?
    private let encryption: EncryptionRequest?
    /// Nil for the key that AWS owns.
    private let keyARN: String?
    private let tableClass: TableFeatures.TableClass?
    private let isDeletionProtected: Bool?
    private let warm: JSON?
    private let indexes: IndexUpdates?

    init(_ request: Parameters, in tables: Tables) throws(ServiceError) {
        isOnDemand = try BillingModeCheck.isOnDemand(request)
        throughput = try request.json("ProvisionedThroughput")
        if let throughput {
            try ThroughputCheck.check(throughput, at: "provisionedThroughput")
        }
        maxima = try request.json("OnDemandThroughput")
        let specification = try request.json("StreamSpecification")
        stream =
            if let specification { try StreamRequest(specification, isCreation: false) } else {
                nil
            }
        let key = try request.json("SSESpecification")
        encryption = if let key { try EncryptionRequest(key) } else { nil }
        keyARN = try encryption?.keyARN(in: tables)
        tableClass = try request.tableClass()
        isDeletionProtected = try request.bool("DeletionProtectionEnabled")
        warm = try request.json("WarmThroughput")
        indexes = try IndexUpdates(request)
        try checkCombination()
    }

    /// Which changes may share a call.
    private func checkCombination() throws(ServiceError) {
        let kinds = [
            isOnDemand != nil, throughput != nil, maxima != nil, stream != nil, encryption != nil,
            tableClass != nil, isDeletionProtected != nil, warm != nil, indexes != nil,
        ].filter { $0 }.count
        guard kinds > 0 else {
            throw .validation(
                "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
                    + "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, "
                    + "MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, "
                    + "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or "
                    + "TableClass is required")
        }
        let alone = "must be the only operation in the request"
        let reshapesIndexes = indexes?.reshapes ?? false
        let changesUnits = throughput != nil || isOnDemand == false
        let rules: [(Bool, String)] = [
            (encryption != nil && kinds > 1, "Server-Side Encryption modification \(alone)"),
            (tableClass != nil && kinds > 1, "TableClass modification \(alone)"),
            (
                isDeletionProtected != nil && kinds > 1,
                "DeletionProtection modification \(alone)"
            ),
            (
                warm != nil && reshapesIndexes,
                "Create global secondary index cannot be specified when updating WarmThroughput"
            ),
            (warm != nil && kinds > 1, "WarmThroughput \(alone)"),
            (
                maxima != nil && kinds > (isOnDemand == nil ? 1 : 2),
                "OnDemandThroughput can only be combined with BillingMode in an UpdateTable "
                    + "request"
            ),
            (
                stream != nil && changesUnits,
                "You cannot modify stream status while updating table IOPS"
            ),
            (
                throughput != nil && reshapesIndexes,
                "You cannot create or delete index while updating table IOPS"
            ),
            (
                stream != nil && reshapesIndexes,
                "You cannot create or delete index while changing stream status"
            ),
        ]
        for (isBroken, text) in rules where isBroken { throw .invalid(text) }
    }

    func apply(to state: inout TableState, _ time: ChangeTime) throws(ServiceError) {
        try indexes?.checkPhases(of: state, at: time.now)
        switch state.phase {
        case .active: break
        case .updating where isDeletionProtected != nil: break
        default: throw .busy(state.definition.name, state.phase)
        }
        try applyBilling(to: &state, time)
        if let maxima { try apply(maxima: maxima, to: &state) }
        try indexes?.apply(to: &state, time)
        try checkIndexUnits(state)
        try applyFeatures(to: &state, time)
    }

    // MARK: Billing

    private func applyBilling(
        to state: inout TableState, _ time: ChangeTime
    ) throws(ServiceError) {
        let old = state.definition.billing
        let becomesOnDemand = isOnDemand ?? old.isOnDemand
        if becomesOnDemand, throughput != nil {
            throw .invalid(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
                    + "BillingMode is PAY_PER_REQUEST")
        }
        if isOnDemand == false, throughput == nil {
            throw .invalid(
                "ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
        }
        if becomesOnDemand != old.isOnDemand {
            // Whatever was provisioned, and whatever maxima there were, go with the old mode.
            state.definition.billing = becomesOnDemand ? .onDemand(.init()) : .provisioned(.init())
            for index in state.definition.globalIndexes.indices {
                state.definition.globalIndexes[index].throughput = Throughput()
            }
            if becomesOnDemand { state.onDemandSince = time.today }
            state.phase = .updating(until: time.end)
        }
        guard let throughput else { return }
        let units = Throughput(provisioned: throughput)
        guard units != old.throughput || old.isOnDemand || indexes != nil else {
            throw .unchangedUnits(old.throughput, of: "the table", short: "table")
        }
        state.definition.billing = .provisioned(units)
        state.phase = .updating(until: time.end)
    }

    /// The table stays ACTIVE: maxima hold at once.
    private func apply(maxima: JSON, to state: inout TableState) throws(ServiceError) {
        let billing = state.definition.billing
        try ThroughputCheck.checkMaxima(
            maxima, isOnDemand: billing.isOnDemand, mayClear: true, of: "table")
        state.definition.billing = .onDemand(billing.throughput.limited(by: maxima))
    }

    /// A table that becomes provisioned needs units for each of its indexes.
    private func checkIndexUnits(_ state: TableState) throws(ServiceError) {
        guard !state.definition.billing.isOnDemand else { return }
        for index in state.definition.globalIndexes where index.throughput.readUnits == nil {
            throw .invalid("ProvisionedThroughput must be specified for index: \(index.name)")
        }
    }

    // MARK: Features

    private func applyFeatures(
        to state: inout TableState, _ time: ChangeTime
    ) throws(ServiceError) {
        let name = state.definition.name
        if let isDeletionProtected { state.features.isDeletionProtected = isDeletionProtected }
        if let stream {
            let isOn = state.features.stream.viewType != nil
            switch stream {
            case .enable(let viewType):
                guard !isOn else {
                    throw .validation("Table already has an enabled stream: TableName: \(name)")
                }
                state.features.stream.enable(viewType, secondsSinceEpoch: time.today)
            case .disable:
                guard isOn else {
                    throw .validation("Table has no stream to disable: TableName: \(name)")
                }
                state.features.stream.disable()
            }
            state.phase = .updating(until: time.end)
        }
        if let encryption { try apply(encryption, to: &state.features, time) }
        if let tableClass {
            let old = state.features.tableClass.target ?? .standard
            if tableClass != old {
                state.features.tableClass.change(
                    to: tableClass, at: time.now, settledAt: time.end)
                state.features.tableClassChangedAt = time.today
                state.phase = .updating(until: time.end)
            }
        }
        if let warm {
            try state.features.warm.raise(
                warm, state.definition.billing, of: "table", at: time)
        }
    }

    private func apply(
        _ encryption: EncryptionRequest, to features: inout TableFeatures, _ time: ChangeTime
    ) throws(ServiceError) {
        let old = features.encryptionKey.target
        guard old != nil || keyARN != nil else {
            throw .invalid("Table is already encrypted by default")
        }
        if case .kms(let keyID?) = encryption, keyID == old {
            throw .invalid(
                "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId "
                    + "parameter if you want to change Master Key")
        }
        features.encryptionKey.change(to: keyARN, at: time.now, settledAt: time.end)
    }
}

extension DelayedSetting<WarmUnits?> {
    /// Warm throughput is only ever raised (guide, "Warm throughput").
    mutating func raise(
        _ asked: JSON, _ billing: Billing, of owner: String, at time: ChangeTime
    ) throws(ServiceError) {
        let present = WarmUnits(billing, asked: target)
        let units = try WarmUnits(asked, over: present, of: owner) { _ in
            "current WarmThroughput, decreasing WarmThroughput is not supported"
        }
        guard units != present else { return }
        change(to: units, at: time.now, settledAt: time.end)
    }
}

extension ServiceError {
    /// Provisioned units that are what they were: the service takes that for a mistake.
    static func unchangedUnits(
        _ units: Throughput, of owner: String, short: String
    ) -> ServiceError {
        let values = [("Read", units.readUnits), ("Write", units.writeUnits)].map { name, units in
            "Current \(name)CapacityUnits provisioned for the \(short): \(units ?? 0). Requested "
                + "\(name)CapacityUnits: \(units ?? 0)."
        }
        return .validation(
            "The provisioned throughput for \(owner) will not change. The requested value equals "
                + "the current value. \(values.joined(separator: " ")) Refer to the Amazon "
                + "DynamoDB Developer Guide for current limits and how to request higher limits.")
    }
}

extension Throughput {
    /// With the maxima that are given; -1 removes one.
    func limited(by json: JSON) -> Throughput {
        func maximum(_ member: String, _ old: Int?) -> Int? {
            guard let value = json[member]?.int(in: .min ... .max) else { return old }
            return value > 0 ? value : nil
        }
        return Throughput(
            readUnits: maximum("MaxReadRequestUnits", readUnits),
            writeUnits: maximum("MaxWriteRequestUnits", writeUnits))
    }
}
