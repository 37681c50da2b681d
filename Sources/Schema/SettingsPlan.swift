import DynamoModel

/// What a copy makes of a table's definition and settings: all decided before anything is
/// changed, by comparing how the copy is to be with how it is.
package struct SettingsPlan: Equatable, Sendable {
    /// What a target that is not there is created as.
    package var creation: TableDefinition
    package var creationTags: [TableSettings.Tag]
    /// What is set once the items are there, in this order.
    package var steps: [SettingStep]
    /// What the copy has of the source's settings once all is done, in words.
    package var carried: [String]
    package var notCarried: [NotCarried]
    /// Of a target that was there before: where it differs and is left as it is.
    package var differences: [String]

    /// Nothing is set, nothing is compared.
    package init(itemsOnly source: TableDefinition) {
        (creation, creationTags) = (source, [])
        (steps, carried, notCarried, differences) = ([], [], [], [])
    }

    /// - Parameter current: the target as it is; nil: it is to be created.
    /// - Parameter isOwn: the job has made the target: it is finished without being asked for.
    package init(
        _ wanted: TargetSpec, current: (TableDescription, TableSettings)?, isOwn: Bool,
        _ choice: SettingChoice, indexes: IndexTiming
    ) {
        creation = wanted.definition
        if indexes == .after { creation.removeGlobalIndexes() }
        creation.stream = nil
        creation.isProtected = false
        creationTags = wanted.settings.tags
        notCarried = wanted.notCarried
        differences = []
        var made = TableSettings()
        made.tags = creationTags
        let bare = SettingDifference(of: wanted.with(creation, made), from: wanted)
        carried = Self.createdTitles(wanted) + bare.steps.map(\.title)
        guard let (table, settings) = current else {
            steps = bare.steps
            return
        }
        let difference = SettingDifference(
            of: wanted.with(table.definition, settings, table.replicaRegions), from: wanted)
        steps = difference.steps
        guard !isOwn else { return }
        differences = difference.others
        carried = steps.map(\.title)
        guard !choice.appliesToExisting else { return }
        differences = steps.map { $0.difference(from: settings) } + differences
        (steps, carried) = ([], [])
    }

    /// Of a table that ImportTable makes: what that can't make of it is set afterwards. (API
    /// reference, TableCreationParameters.)
    package init(importing wanted: TargetSpec) {
        creation = wanted.definition
        creation.stream = nil
        creation.isProtected = false
        creation.tableClass = TableDefinition.standardClass
        creationTags = []
        notCarried = wanted.notCarried
        differences = []
        steps = SettingDifference(of: wanted.with(creation, TableSettings()), from: wanted).steps
        carried = Self.createdTitles(wanted) + steps.map(\.title)
        carried = carried.enumerated().filter { carried.firstIndex(of: $1) == $0 }.map(\.element)
    }

    private static func createdTitles(_ wanted: TargetSpec) -> [String] {
        let definition = wanted.definition
        var titles: [String] = []
        if !wanted.settings.tags.isEmpty {
            titles.append(SettingStep.tags(wanted.settings.tags).title)
        }
        if definition.tableClass != TableDefinition.standardClass {
            titles.append(SettingStep.tableClass(definition.tableClass).title)
        }
        if definition.encryption != .owned {
            titles.append(SettingStep.encryption(definition.encryption).title)
        }
        if definition.billing.isOnDemand, definition.billing.throughput != Throughput() {
            titles.append(Setting.maxima.title)
        }
        return titles
    }
}

extension TargetSpec {
    /// The same, as a table stands now.
    fileprivate func with(
        _ definition: TableDefinition, _ settings: TableSettings,
        _ replicas: [String] = []
    ) -> TargetSpec {
        var table = self
        table.definition = definition
        table.settings = settings
        table.replicas = replicas
        return table
    }
}

/// What would make one table's settings another's, and what only its owner could change.
package struct SettingDifference {
    private(set) var steps: [SettingStep] = []
    /// Not for us to change: to do so takes something away, or a new table.
    private(set) var others: [String] = []

    package init(of table: TargetSpec, from wanted: TargetSpec) {
        addDefinition(table.definition, wanted.definition)
        addSettings(table.settings, wanted.settings)
        addLast(table, wanted)
    }

    private mutating func addDefinition(_ table: TableDefinition, _ wanted: TableDefinition) {
        addIndexes(table, wanted)
        let indexes = wanted.indexUnits.filter { name, _ in table.indexUnits[name] != nil }
        let isSame =
            table.billing == wanted.billing
            && indexes.allSatisfy { table.indexUnits[$0.key] == $0.value }
        if !isSame { steps.append(.capacity(wanted.billing, indexes: indexes)) }
        if table.tableClass != wanted.tableClass { steps.append(.tableClass(wanted.tableClass)) }
        if !table.encryption.isAs(wanted.encryption) {
            steps.append(.encryption(wanted.encryption))
        }
    }

    private mutating func addIndexes(_ table: TableDefinition, _ wanted: TableDefinition) {
        for index in wanted.globalIndexes {
            guard let found = table.globalIndexes.first(where: { $0.name == index.name }) else {
                let names = Set(index.keys.map(\.attribute) + wanted.keys.map(\.attribute))
                let attributes = wanted.attributes.filter { names.contains($0.name) }
                steps.append(.index(index, attributes, wanted.billing))
                continue
            }
            if found.keys != index.keys || found.projection != index.projection {
                others.append("index \(index.name) has other keys or another projection")
            }
        }
        for index in table.globalIndexes + table.localIndexes
        where !(wanted.globalIndexes + wanted.localIndexes).contains(where: {
            $0.name == index.name
        }) {
            others.append("index \(index.name) is not the source's")
        }
        for index in wanted.localIndexes where !table.localIndexes.contains(index) {
            others.append("local index \(index.name) is missing: only a new table can have it")
        }
    }

    private mutating func addSettings(_ table: TableSettings, _ wanted: TableSettings) {
        let tags = wanted.tags.filter { !table.tags.contains($0) }
        if !tags.isEmpty { steps.append(.tags(tags)) }
        for tag in table.tags where !tag.isReserved {
            guard !wanted.tags.contains(where: { $0.key == tag.key }) else { continue }
            others.append("tag \(tag.key) is not the source's")
        }
        switch (table.timeToLive, wanted.timeToLive) {
        case (nil, let attribute?): steps.append(.timeToLive(attribute))
        case (let found?, let attribute) where found != attribute:
            others.append(
                "TTL is on \(found), the source's " + (attribute.map { "on \($0)" } ?? "off"))
        default: break
        }
        if let recovery = wanted.recovery, table.recovery?.isAs(recovery) != true {
            steps.append(.recovery(recovery))
        } else if wanted.recovery == nil, table.recovery != nil {
            others.append("point-in-time recovery is on, the source's off")
        }
        steps += wanted.insights.filter { !table.insights.contains($0) }.map { .insight($0) }
        steps += wanted.scaling.filter { !table.scaling.contains($0) }.map { .scaling($0) }
        steps += wanted.scheduled.filter { !table.scheduled.contains($0) }.map { .scheduled($0) }
    }

    /// What would hinder a second attempt, or let others notice the first.
    private mutating func addLast(_ table: TargetSpec, _ wanted: TargetSpec) {
        let (definition, settings) = (table.definition, table.settings)
        switch (definition.stream, wanted.definition.stream) {
        case (nil, let view?): steps.append(.stream(view))
        case (let found?, let view) where found != view:
            others.append("its stream shows \(found), the source's \(view ?? "is off")")
        default: break
        }
        for destination in wanted.settings.kinesis
        where !settings.kinesis.contains(where: { $0.streamARN == destination.streamARN }) {
            steps.append(.kinesis(destination))
        }
        steps += wanted.replicas.filter { !table.replicas.contains($0) }.map { .replica($0) }
        if let policy = wanted.settings.policy, settings.policy != policy {
            steps.append(.policy(policy))
        }
        if wanted.definition.isProtected, !definition.isProtected {
            steps.append(.protection)
        } else if definition.isProtected, !wanted.definition.isProtected {
            others.append("deletion protection is on, the source's off")
        }
    }
}

extension TableDefinition {
    package var indexUnits: [String: Throughput] {
        Dictionary(globalIndexes.map { ($0.name, $0.throughput) }) { first, _ in first }
    }

    /// Attributes that no key names may not be defined (API reference, CreateTable).
    package mutating func removeGlobalIndexes() {
        globalIndexes = []
        let names = Set((keys + localIndexes.flatMap(\.keys)).map(\.attribute))
        attributes.removeAll { !names.contains($0.name) }
    }
}
