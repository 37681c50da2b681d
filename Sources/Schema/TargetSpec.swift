import DynamoModel

/// A table as its copy is to be once everything is done, and what of it can't be.
package struct TargetSpec: Equatable, Sendable {
    package var definition: TableDefinition
    package var settings: TableSettings
    package var replicas: [String] = []
    package var notCarried: [NotCarried] = []

    /// Where a target stands, as far as it matters to what can be carried there.
    package struct Place: Equatable, Sendable {
        package var region: String
        /// It belongs to the same account as the source, as far as that is known.
        package var isSameAccount: Bool

        package init(region: String, isSameAccount: Bool) {
            self.region = region
            self.isSameAccount = isSameAccount
        }
    }

    package init(
        _ source: TableDescription, _ settings: TableSettings, as name: String, at place: Place,
        _ choice: SettingChoice
    ) {
        definition = source.definition
        definition.name = name
        self.settings = settings
        for setting in Setting.allCases {
            if let reason = settings.unread[setting] {
                notCarried.append(NotCarried(setting, setting.title, "not read: \(reason)"))
            }
        }
        notCarried += source.peculiarities.map { NotCarried(nil, $0.name, $0.reason) }
        for setting in choice.without { leaveOut(setting) }
        carryBilling(choice)
        let isNear = place.isSameAccount && place.region == source.region ?? place.region
        carryKey(choice, isNear)
        carryTags()
        carryReplicas(source, choice)
        carryKinesis(choice)
        carryPolicy(from: source, to: place, choice, isNear)
        carryScaling(from: source.definition.name)
    }

    private mutating func leaveOut(_ setting: Setting) {
        switch setting {
        case .tableClass: definition.tableClass = TableDefinition.standardClass
        case .encryption: definition.encryption = .owned
        case .maxima: dropMaxima()
        case .tags: settings.tags = []
        case .timeToLive: settings.timeToLive = nil
        case .recovery: settings.recovery = nil
        case .insights: settings.insights = []
        case .autoScaling: settings.scaling = []
        case .scheduledScaling: settings.scheduled = []
        case .stream: definition.stream = nil
        case .kinesis: settings.kinesis = []
        case .policy: settings.policy = nil
        case .protection: definition.isProtected = false
        // Of the source's nothing is carried; those asked for are.
        case .replicas: break
        }
        notCarried.removeAll { $0.setting == setting }
    }

    private mutating func dropMaxima() {
        guard definition.billing.isOnDemand else { return }
        definition.billing = .onDemand(Throughput())
        for index in definition.globalIndexes.indices {
            definition.globalIndexes[index].throughput = Throughput()
        }
    }

    private mutating func carryBilling(_ choice: SettingChoice) {
        let isOnDemand = definition.billing.isOnDemand
        guard choice.makesOnDemand(of: isOnDemand) else {
            guard let capacity = choice.capacity else { return }
            setUnits(.provisioned(capacity), capacity)
            return
        }
        guard !isOnDemand else { return }
        setUnits(.onDemand(Throughput()), Throughput())
        if !settings.scaling.isEmpty || !settings.scheduled.isEmpty {
            notCarried.append(
                NotCarried(.autoScaling, "auto scaling", "the copy is on demand"))
        }
        (settings.scaling, settings.scheduled) = ([], [])
    }

    /// A table that is there stays paid for as it is, and so do its indexes. Those that are to be
    /// made get its units where they are not the source's.
    /// - Parameter before: its units before they were raised for a while.
    package mutating func keepBilling(of table: TableDefinition, _ before: Throughput?) {
        let isOnDemand = table.billing.isOnDemand
        let own = before.map { Billing.provisioned($0) } ?? table.billing
        let isAnother = definition.billing != own
        let units = table.indexUnits
        definition.billing = table.billing
        for index in definition.globalIndexes.indices {
            if let kept = units[definition.globalIndexes[index].name] {
                definition.globalIndexes[index].throughput = kept
            } else if isAnother {
                definition.globalIndexes[index].throughput =
                    isOnDemand ? Throughput() : own.throughput
            }
        }
        if isOnDemand { (settings.scaling, settings.scheduled) = ([], []) }
    }

    private mutating func setUnits(_ billing: Billing, _ ofIndex: Throughput) {
        definition.billing = billing
        for index in definition.globalIndexes.indices {
            definition.globalIndexes[index].throughput = ofIndex
        }
    }

    /// A key belongs to an account and a region (API reference, SSESpecification).
    private mutating func carryKey(_ choice: SettingChoice, _ isNear: Bool) {
        if let given = choice.kmsKey, !choice.without.contains(.encryption) {
            definition.encryption = .kms(key: given)
            return
        }
        guard case .kms(let key?) = definition.encryption, !isNear else { return }
        definition.encryption = .kms(key: nil)
        notCarried.append(
            NotCarried(
                .encryption, "KMS key \(key)",
                "it belongs to another account or region: the copy is encrypted with aws/dynamodb"
                    + " unless --kms-key names one"))
    }

    private mutating func carryTags() {
        let reserved = settings.tags.filter(\.isReserved)
        settings.tags.removeAll(where: \.isReserved)
        guard !reserved.isEmpty else { return }
        notCarried.append(
            NotCarried(
                .tags, reserved.map(\.key).joined(separator: ", "), "AWS's own tags can't be set"))
    }

    private mutating func carryReplicas(_ source: TableDescription, _ choice: SettingChoice) {
        replicas = choice.replicas
        let lost = source.replicaRegions.filter { !replicas.contains($0) }
        guard !lost.isEmpty, !choice.without.contains(.replicas) else { return }
        notCarried.append(
            NotCarried(
                .replicas, "replicas in \(lost.joined(separator: ", "))",
                "a copy is a table of one region unless --replica names more"))
    }

    private mutating func carryKinesis(_ choice: SettingChoice) {
        let found = settings.kinesis
        guard !choice.without.contains(.kinesis) else { return }
        if let stream = choice.kinesisStream {
            settings.kinesis = [.init(streamARN: stream, precision: found.first?.precision)]
            return
        }
        settings.kinesis = []
        for destination in found {
            notCarried.append(
                NotCarried(
                    .kinesis, "Kinesis destination \(destination.streamARN)",
                    "the copy's changes would mix with the source's; --kinesis-stream names one"))
        }
    }

    /// A policy names the table that it is of; other accounts in it are not the copy's.
    private mutating func carryPolicy(
        from source: TableDescription, to place: Place, _ choice: SettingChoice, _ isNear: Bool
    ) {
        if let given = choice.policy, !choice.without.contains(.policy) {
            settings.policy = given
            return
        }
        guard let policy = settings.policy else { return }
        guard isNear, let arn = source.arn, let name = arn.lastIndex(of: "/") else {
            settings.policy = nil
            notCarried.append(
                NotCarried(
                    .policy, "resource policy",
                    "it names accounts and tables of the source's side; --policy-file gives one"))
            return
        }
        settings.policy = policy.replacing(arn, with: arn[...name] + definition.name)
    }

    /// Policies and scheduled actions are mostly named after their table.
    private mutating func carryScaling(from source: String) {
        for dimension in settings.scaling.indices {
            for policy in settings.scaling[dimension].policies.indices {
                let name = settings.scaling[dimension].policies[policy].name
                settings.scaling[dimension].policies[policy].name = name.replacing(
                    source, with: definition.name)
            }
        }
        for action in settings.scheduled.indices {
            settings.scheduled[action].name = settings.scheduled[action].name.replacing(
                source, with: definition.name)
        }
    }
}

/// Something of the source that its copy will not have, by name.
package struct NotCarried: Equatable, Sendable {
    /// nil: no setting that could be left out: an index, units.
    package var setting: Setting?
    package var name: String
    package var reason: String

    package init(_ setting: Setting?, _ name: String, _ reason: String) {
        self.setting = setting
        self.name = name
        self.reason = reason
    }

    package var text: String { "\(name): \(reason)" }
}
