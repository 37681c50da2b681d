import AWS
import DynamoModel
import JSON

extension ReadableTable {
    /// The settings that are asked for. What the endpoint has no operation for is left as if there
    /// were none, and noted in ``TableSettings/unread``.
    /// - Parameter table: as it was described.
    /// - Throws: ``SettingUnreadable`` for one that the caller may not read, or can't.
    package func settings(
        _ wanted: Set<Setting>, of table: TableDescription
    ) async throws(SettingUnreadable) -> TableSettings {
        var settings = TableSettings()
        for setting in Setting.allCases where setting.needsCall && wanted.contains(setting) {
            do throws(AWSError) {
                try await read(setting, of: table, into: &settings)
            } catch {
                guard error.lacksOperation else {
                    throw SettingUnreadable(setting: setting, error: error)
                }
                settings.unread[setting] = "the endpoint has no \(error.operation)"
            }
        }
        return settings
    }

    private func read(
        _ setting: Setting, of table: TableDescription, into settings: inout TableSettings
    ) async throws(AWSError) {
        switch setting {
        case .tags:
            guard let arn = table.arn else { break }
            settings.tags = try await tags(ofARN: arn)
        case .timeToLive: settings.timeToLive = try await timeToLive()
        case .recovery: settings.recovery = try await recovery()
        case .insights: settings.insights = try await insights()
        case .kinesis: settings.kinesis = try await kinesisDestinations()
        case .policy:
            guard let arn = table.arn else { break }
            settings.policy = try await resourcePolicy(ofARN: arn)
        case .autoScaling, .scheduledScaling:
            // On demand there is nothing to scale.
            guard !table.definition.billing.isOnDemand else { break }
            guard let scalingReader else {
                settings.unread[setting] =
                    "a custom endpoint has none (AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING names"
                    + " one)"
                break
            }
            let (name, indexes) = (
                table.definition.name, table.definition.globalIndexes.map(\.name)
            )
            if setting == .autoScaling {
                settings.scaling = try await scalingReader.dimensions(of: name, indexes: indexes)
            } else {
                settings.scheduled = try await scalingReader.scheduledActions(
                    of: name, indexes: indexes)
            }
        case .tableClass, .encryption, .maxima, .stream, .replicas, .protection: break
        }
    }

    /// About this table, by its name.
    func ask(_ operation: ReadOperation) async throws(AWSError) -> JSON {
        try await reader.call(operation, ["TableName": .string(name)])
    }
}

extension TargetTable {
    /// Sets something on a table that is to be as it is said here, and may be said again. While the
    /// table is being changed it takes no other change: then the call is made again.
    func set(_ operation: Operation, _ body: JSON) async throws(AWSError) {
        _ = try await client.call(operation, body, repeatable: true)
    }
}

/// A setting that could not be read.
package struct SettingUnreadable: Error, CustomStringConvertible, Sendable {
    package let setting: Setting
    package let error: AWSError

    package var description: String { "\(setting.title): \(error)" }
}
