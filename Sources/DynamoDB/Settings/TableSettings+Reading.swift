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
        case .autoScaling:
            // On demand there is nothing to scale.
            guard !table.definition.billing.isOnDemand else { break }
            guard let scalingReader else {
                settings.unread[.autoScaling] =
                    "a custom endpoint has none (AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING names"
                    + " one)"
                break
            }
            settings.scaling = try await scalingReader.dimensions(
                of: table.definition.name, indexes: table.definition.globalIndexes.map(\.name))
        case .tableClass, .encryption, .maxima, .stream, .replicas, .protection: break
        }
    }

    /// The attribute whose time says when an item expires; nil when nothing does.
    package func timeToLive() async throws(AWSError) -> String? {
        let reply = try await ask(.describeTimeToLive, member: "TimeToLiveDescription")
        let description = reply["TimeToLiveDescription"]
        switch description?["TimeToLiveStatus"]?.string {
        case "ENABLED", "ENABLING": return description?["AttributeName"]?.string
        default: return nil
        }
    }

    func recovery() async throws(AWSError) -> TableSettings.Recovery? {
        let member = "ContinuousBackupsDescription"
        let reply = try await ask(.describeContinuousBackups, member: member)
        let description = reply[member]?["PointInTimeRecoveryDescription"]
        guard description?["PointInTimeRecoveryStatus"]?.string == "ENABLED" else { return nil }
        return TableSettings.Recovery(days: description?["RecoveryPeriodInDays"]?.int)
    }

    func tags(ofARN arn: String) async throws(AWSError) -> [TableSettings.Tag] {
        var tags: [TableSettings.Tag] = []
        var body: JSON = ["ResourceArn": .string(arn)]
        repeat {
            let reply = try await reader.call(.listTagsOfResource, body, member: "Tags")
            for tag in reply["Tags"]?.array ?? [] {
                guard let key = tag["Key"]?.string else { continue }
                tags.append(.init(key: key, value: tag["Value"]?.string ?? ""))
            }
            body["NextToken"] = reply["NextToken"]
        } while body["NextToken"]?.string != nil
        return tags.sorted { $0.key < $1.key }
    }

    /// Those of the table and its indexes that are on.
    func insights() async throws(AWSError) -> [TableSettings.ContributorInsight] {
        let member = "ContributorInsightsSummaries"
        var insights: [TableSettings.ContributorInsight] = []
        var body: JSON = ["TableName": .string(name)]
        repeat {
            let reply = try await reader.call(.listContributorInsights, body, member: member)
            for summary in reply[member]?.array ?? [] {
                let status = summary["ContributorInsightsStatus"]?.string
                guard status == "ENABLED" || status == "ENABLING" else { continue }
                insights.append(
                    .init(
                        index: summary["IndexName"]?.string,
                        mode: summary["ContributorInsightsMode"]?.string))
            }
            body["NextToken"] = reply["NextToken"]
        } while body["NextToken"]?.string != nil
        return insights.sorted { $0.index ?? "" < $1.index ?? "" }
    }

    func kinesisDestinations() async throws(AWSError) -> [TableSettings.KinesisDestination] {
        let member = "KinesisDataStreamDestinations"
        let reply = try await ask(.describeKinesisStreamingDestination, member: member)
        return (reply[member]?.array ?? []).compactMap { destination in
            let status = destination["DestinationStatus"]?.string
            guard status == "ACTIVE" || status == "ENABLING" || status == "UPDATING",
                let arn = destination["StreamArn"]?.string
            else { return nil }
            return .init(
                streamARN: arn,
                precision: destination["ApproximateCreationDateTimePrecision"]?.string)
        }
    }

    func resourcePolicy(ofARN arn: String) async throws(AWSError) -> String? {
        do throws(AWSError) {
            let body: JSON = ["ResourceArn": .string(arn)]
            return try await reader.call(.getResourcePolicy, body, member: "Policy")["Policy"]?
                .string
        } catch {
            if error.code == "PolicyNotFoundException" { return nil }
            throw error
        }
    }

    private func ask(_ operation: ReadOperation, member: String) async throws(AWSError) -> JSON {
        try await reader.call(operation, ["TableName": .string(name)], member: member)
    }
}

/// A setting that could not be read.
package struct SettingUnreadable: Error, Sendable {
    package let setting: Setting
    package let error: AWSError
}
