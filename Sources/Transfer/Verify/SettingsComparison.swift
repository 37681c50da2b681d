import AWS
import DynamoDB
import DynamoModel
import Schema

/// In what the settings of two tables differ, capacity among them; keys and indexes are
/// ``SchemaComparison``'s. What a copy would not carry over makes no difference.
struct SettingsComparison: Sendable {
    private(set) var differences: [String] = []
    /// What could not be compared, and why.
    private(set) var notes: [String] = []
    /// The attributes of the time to live, which are looked at in any case.
    private(set) var timeToLive: (source: String?, target: String?)

    typealias Side = (place: ComparedSide, description: TableDescription)

    /// - Parameter choice: nil compares nothing.
    init(_ source: Side, _ target: Side, _ choice: SettingChoice?) async {
        let wanted = choice?.wanted ?? []
        async let left = Reading(source, wanted, "source")
        async let right = Reading(target, wanted, "target")
        let (one, other) = (await left, await right)
        timeToLive = (one.settings.timeToLive, other.settings.timeToLive)
        notes = one.notes + other.notes
        guard var choice else { return }
        choice.without.formUnion(one.missing.union(other.missing))
        let lacking = Setting.allCases.filter {
            one.settings.unread[$0] != nil || other.settings.unread[$0] != nil
        }
        choice.without.formUnion(lacking)
        if !lacking.isEmpty {
            let titles = lacking.map(\.title).joined(separator: ", ")
            notes.append("not compared, since an endpoint does not have it: \(titles)")
        }
        differences = Self.compare(source, one.settings, target, other.settings, choice)
    }

    private static func compare(
        _ source: Side, _ settings: TableSettings, _ target: Side, _ found: TableSettings,
        _ choice: SettingChoice
    ) -> [String] {
        let name = target.description.definition.name
        let place = TargetSpec.Place(
            region: target.place.table?.reader.endpoint.region ?? target.description.region
                ?? "",
            isSameAccount: source.description.account == target.description.account)
        let wanted = TargetSpec(source.description, settings, as: name, at: place, choice)
        // Each side is looked at as it would be carried to its own place.
        let current = TargetSpec(
            target.description, found, as: name,
            at: .init(
                region: target.description.region ?? place.region, isSameAccount: true), choice)
        var description = target.description
        description.definition = current.definition
        description.definition.takeIndexes(of: wanted.definition)
        return SettingsPlan(
            wanted, current: (description, current.settings), isOwn: false, choice, indexes: .with
        ).differences
    }
}

/// The settings of one side, as far as they may be read.
private struct Reading: Sendable {
    var settings = TableSettings()
    /// Those that the caller may not read.
    var missing: Set<Setting> = []
    var notes: [String] = []

    init(_ side: SettingsComparison.Side, _ asked: Set<Setting>, _ name: String) async {
        if let export = side.place.export {
            settings = export.settings
            guard !side.place.knowsSchema else { return }
            missing = asked
            if !asked.isEmpty {
                notes.append("\(export.title) says nothing of settings: they are not compared")
            }
            return
        }
        guard let table = side.place.table else { return }
        while true {
            // The time to live tells which items will go by themselves.
            let wanted = asked.union([.timeToLive]).subtracting(missing)
            do throws(SettingUnreadable) {
                settings = try await table.settings(wanted, of: side.description)
                return
            } catch {
                missing.insert(error.setting)
                let effect =
                    error.setting == .timeToLive
                    ? "items that expired on one side only count as differences"
                    : "it is not compared"
                notes.append(
                    "the \(error.setting.title) of the \(name) could not be read"
                        + " (\(error.error.code)): \(effect)")
            }
        }
    }
}

extension TableDefinition {
    /// Has the indexes of `wanted`, with the units of its own: they are compared elsewhere.
    fileprivate mutating func takeIndexes(of wanted: TableDefinition) {
        let units = indexUnits
        globalIndexes = wanted.globalIndexes.map { index in
            var index = index
            index.throughput = units[index.name] ?? index.throughput
            return index
        }
        localIndexes = wanted.localIndexes
    }
}
