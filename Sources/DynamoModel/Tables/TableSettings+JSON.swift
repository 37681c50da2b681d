import JSON

/// Settings as an exported table's file keeps them, in the shapes that DynamoDB's own operations
/// have for each.
extension TableSettings {
    package var json: JSON {
        var json: JSON = [:]
        if !tags.isEmpty { json["Tags"] = .array(tags.map(\.json)) }
        if let timeToLive {
            json["TimeToLiveSpecification"] = [
                "AttributeName": .string(timeToLive), "Enabled": true,
            ]
        }
        if let recovery {
            json["PointInTimeRecoverySpecification"] = [
                "PointInTimeRecoveryEnabled": true,
                "RecoveryPeriodInDays": recovery.days.map { JSON($0) } ?? .null,
            ]
        }
        if !insights.isEmpty {
            json["ContributorInsights"] = .array(
                insights.map { ["IndexName": .optional($0.index), "Mode": .optional($0.mode)] })
        }
        if !kinesis.isEmpty {
            json["KinesisDataStreamDestinations"] = .array(
                kinesis.map {
                    [
                        "StreamArn": .string($0.streamARN),
                        "ApproximateCreationDateTimePrecision": .optional($0.precision),
                    ]
                })
        }
        if let policy { json["ResourcePolicy"] = .string(policy) }
        if !scaling.isEmpty { json["ScalableTargets"] = .array(scaling.map(\.json)) }
        if !scheduled.isEmpty { json["ScheduledActions"] = .array(scheduled.map(\.json)) }
        return json
    }

    /// These, without what is not wanted.
    package func only(_ wanted: Set<Setting>) -> TableSettings {
        var settings = self
        if !wanted.contains(.tags) { settings.tags = [] }
        if !wanted.contains(.timeToLive) { settings.timeToLive = nil }
        if !wanted.contains(.recovery) { settings.recovery = nil }
        if !wanted.contains(.insights) { settings.insights = [] }
        if !wanted.contains(.kinesis) { settings.kinesis = [] }
        if !wanted.contains(.policy) { settings.policy = nil }
        if !wanted.contains(.autoScaling) { settings.scaling = [] }
        if !wanted.contains(.scheduledScaling) { settings.scheduled = [] }
        return settings
    }

    /// What of them can be read; what makes no sense is left out.
    package init(json: JSON) {
        for tag in json["Tags"]?.array ?? [] {
            guard let key = tag["Key"]?.string, let value = tag["Value"]?.string else { continue }
            tags.append(Tag(key: key, value: value))
        }
        timeToLive = json["TimeToLiveSpecification"]?["AttributeName"]?.string
        if let found = json["PointInTimeRecoverySpecification"],
            found["PointInTimeRecoveryEnabled"]?.bool == true
        {
            recovery = Recovery(days: found["RecoveryPeriodInDays"]?.int(in: 1...35))
        }
        insights = (json["ContributorInsights"]?.array ?? []).map {
            ContributorInsight(index: $0["IndexName"]?.string, mode: $0["Mode"]?.string)
        }
        kinesis = (json["KinesisDataStreamDestinations"]?.array ?? []).compactMap { found in
            found["StreamArn"]?.string.map {
                KinesisDestination(
                    streamARN: $0,
                    precision: found["ApproximateCreationDateTimePrecision"]?.string)
            }
        }
        policy = json["ResourcePolicy"]?.string
        scaling = (json["ScalableTargets"]?.array ?? []).compactMap(ScalableDimension.init(json:))
        scheduled = (json["ScheduledActions"]?.array ?? []).compactMap(ScheduledAction.init(json:))
    }
}

extension TableSettings.ScalableDimension {
    fileprivate var json: JSON {
        [
            "IndexName": .optional(index), "ScalableDimension": .string(dimension),
            "MinCapacity": JSON(least), "MaxCapacity": JSON(most),
            "Policies": .array(
                policies.map {
                    [
                        "PolicyName": .string($0.name), "PolicyType": .string($0.type),
                        "Configuration": .object([$0.configuration]),
                    ]
                }),
        ]
    }

    fileprivate init?(json: JSON) {
        guard let dimension = json["ScalableDimension"]?.string,
            let least = json["MinCapacity"]?.int(in: ServiceRanges.provisionedUnits),
            let most = json["MaxCapacity"]?.int(in: ServiceRanges.provisionedUnits)
        else { return nil }
        self.init(index: json["IndexName"]?.string, dimension: dimension, least: least, most: most)
        policies = (json["Policies"]?.array ?? []).compactMap { policy in
            guard let name = policy["PolicyName"]?.string, let type = policy["PolicyType"]?.string,
                let configuration = policy["Configuration"]?.members?.first
            else { return nil }
            return Policy(name: name, type: type, configuration: configuration)
        }
    }
}

extension TableSettings.ScheduledAction {
    fileprivate var json: JSON {
        [
            "IndexName": .optional(index), "ScalableDimension": .string(dimension),
            "ScheduledActionName": .string(name), "Plan": .object(plan),
        ]
    }

    fileprivate init?(json: JSON) {
        guard let dimension = json["ScalableDimension"]?.string,
            let name = json["ScheduledActionName"]?.string, let plan = json["Plan"]?.members
        else { return nil }
        self.init(
            index: json["IndexName"]?.string, dimension: dimension, name: name, plan: plan)
    }
}

extension JSON {
    fileprivate static func optional(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}
