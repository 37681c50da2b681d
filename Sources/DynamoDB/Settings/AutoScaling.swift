import AWS
import DynamoModel
import JSON

/// Asks Application Auto Scaling, and can do nothing else: a source is held by it.
package struct ScalingReader: Sendable {
    private let reader: ReadOnlyClient

    package init(_ client: Client) {
        reader = ReadOnlyClient(client)
    }

    func faultsPass() { reader.faultsPass() }

    /// What scales a table and its indexes; policies come with the target that they are of. (API
    /// reference, DescribeScalableTargets and DescribeScalingPolicies.)
    func dimensions(
        of table: String, indexes: [String]
    ) async throws(AWSError) -> [TableSettings.ScalableDimension] {
        var dimensions: [TableSettings.ScalableDimension] = []
        for index in [nil] + indexes.map(Optional.some) {
            let resource = Resource(table: table, index: index)
            let targets = try await reader.list(
                .describeScalableTargets,
                ["ServiceNamespace": "dynamodb", "ResourceIds": [.string(resource.id)]],
                "ScalableTargets")
            guard !targets.isEmpty else { continue }
            let policies = try await reader.list(
                .describeScalingPolicies,
                ["ServiceNamespace": "dynamodb", "ResourceId": .string(resource.id)],
                "ScalingPolicies")
            dimensions += targets.compactMap { resource.dimension($0, policies) }
        }
        return dimensions
    }

    /// What changes by the clock how a table and its indexes are scaled. (API reference,
    /// DescribeScheduledActions.)
    func scheduledActions(
        of table: String, indexes: [String]
    ) async throws(AWSError) -> [TableSettings.ScheduledAction] {
        var actions: [TableSettings.ScheduledAction] = []
        for index in [nil] + indexes.map(Optional.some) {
            let resource = Resource(table: table, index: index)
            let found = try await reader.list(
                .describeScheduledActions,
                ["ServiceNamespace": "dynamodb", "ResourceId": .string(resource.id)],
                "ScheduledActions")
            actions += found.compactMap(resource.action)
        }
        return actions
    }

    private struct Resource {
        let id: String
        let index: String?

        init(table: String, index: String?) {
            self.index = index
            id = TableSettings.resource(ofTable: table, index: index)
        }

        func action(_ json: JSON) -> TableSettings.ScheduledAction? {
            guard json["ResourceId"]?.string ?? id == id,
                let name = json["ScheduledActionName"]?.string,
                let dimension = json["ScalableDimension"]?.string
            else { return nil }
            let own = ["ScheduledActionName", "ScalableDimension", "ResourceId"]
            return TableSettings.ScheduledAction(
                index: index, dimension: dimension, name: name,
                plan: (json.members ?? []).filter { !own.contains($0.name) })
        }

        func dimension(_ target: JSON, _ policies: [JSON]) -> TableSettings.ScalableDimension? {
            guard let dimension = target["ScalableDimension"]?.string,
                let least = target["MinCapacity"]?.int(in: ServiceRanges.provisionedUnits),
                let most = target["MaxCapacity"]?.int(in: ServiceRanges.provisionedUnits)
            else { return nil }
            return TableSettings.ScalableDimension(
                index: index, dimension: dimension, least: least, most: most,
                policies: policies.filter {
                    $0["ScalableDimension"]?.string == dimension
                        && $0["ResourceId"]?.string ?? id == id
                }.compactMap(policy))
        }

        private func policy(_ json: JSON) -> TableSettings.ScalableDimension.Policy? {
            let configuration = json.members?.first { $0.name.hasSuffix("PolicyConfiguration") }
            guard let name = json["PolicyName"]?.string, let type = json["PolicyType"]?.string,
                let configuration
            else { return nil }
            return .init(name: name, type: type, configuration: configuration)
        }
    }
}

extension TargetTable {
    /// (API reference, RegisterScalableTarget and PutScalingPolicy.)
    package func setScaling(
        _ dimension: TableSettings.ScalableDimension
    ) async throws(AWSError) {
        guard let scaling else { throw AWSError(lacking: .registerScalableTarget) }
        let resource = resource(dimension.index, dimension.dimension)
        var target = resource
        target["MinCapacity"] = JSON(dimension.least)
        target["MaxCapacity"] = JSON(dimension.most)
        _ = try await scaling.call(.registerScalableTarget, target, repeatable: true)
        for policy in dimension.policies {
            var body = resource
            body["PolicyName"] = .string(policy.name)
            body["PolicyType"] = .string(policy.type)
            body[policy.configuration.name] = policy.configuration.value
            _ = try await scaling.call(.putScalingPolicy, body, repeatable: true)
        }
    }

    /// (API reference, PutScheduledAction.)
    package func setScheduled(
        _ action: TableSettings.ScheduledAction
    ) async throws(AWSError) {
        guard let scaling else { throw AWSError(lacking: .putScheduledAction) }
        var body = resource(action.index, action.dimension)
        body["ScheduledActionName"] = .string(action.name)
        for member in action.plan { body[member.name] = member.value }
        _ = try await scaling.call(.putScheduledAction, body, repeatable: true)
    }

    private func resource(_ index: String?, _ dimension: String) -> JSON {
        [
            "ServiceNamespace": "dynamodb",
            "ResourceId": .string(TableSettings.resource(ofTable: name, index: index)),
            "ScalableDimension": .string(dimension),
        ]
    }
}

extension ReadOperation {
    package static let describeScalableTargets = ReadOperation(
        "DescribeScalableTargets", of: .autoScaling,
        reply: ReplyShape([
            .required(
                "ScalableTargets",
                .list(
                    .object([
                        .optional("ScalableDimension", .name),
                        .optional("MinCapacity", .whole(ServiceRanges.provisionedUnits)),
                        .optional("MaxCapacity", .whole(ServiceRanges.provisionedUnits)),
                    ]))),
            .optional("NextToken", .text(max: 65_536)),
        ]))

    package static let describeScalingPolicies = ReadOperation(
        "DescribeScalingPolicies", of: .autoScaling,
        reply: ReplyShape([
            .required("ScalingPolicies", .list(.object(policyFields))),
            .optional("NextToken", .text(max: 65_536)),
        ]))

    package static let describeScheduledActions = ReadOperation(
        "DescribeScheduledActions", of: .autoScaling,
        reply: ReplyShape([
            .required("ScheduledActions", .list(.object(scheduledFields))),
            .optional("NextToken", .text(max: 65_536)),
        ]))

    private static let scheduledFields: [ReplyField] = [
        .optional("ScheduledActionName", .text(max: 256)),
        .optional("ResourceId", .arn),
        .optional("ScalableDimension", .name),
        .optional("Schedule", .text(max: 1_600)),
        .optional("Timezone", .text(max: 1_600)),
        .optional("StartTime", .number(ServiceRanges.timestamps)),
        .optional("EndTime", .number(ServiceRanges.timestamps)),
        .optional(
            "ScalableTargetAction",
            .object([
                .optional("MinCapacity", .whole(ServiceRanges.provisionedUnits)),
                .optional("MaxCapacity", .whole(ServiceRanges.provisionedUnits)),
            ])),
    ]

    private static let policyFields: [ReplyField] = [
        .optional("PolicyName", .text(max: 256)),
        .optional("PolicyType", .name),
        .optional("ResourceId", .arn),
        .optional("ScalableDimension", .name),
        .optional("TargetTrackingScalingPolicyConfiguration", .opaque),
        .optional("StepScalingPolicyConfiguration", .opaque),
        .optional("PredictiveScalingPolicyConfiguration", .opaque),
    ]
}

extension Operation {
    package static let registerScalableTarget = Operation(
        writing: "RegisterScalableTarget", of: .autoScaling, reply: .empty)
    package static let putScalingPolicy = Operation(
        writing: "PutScalingPolicy", of: .autoScaling, reply: .empty)
    package static let putScheduledAction = Operation(
        writing: "PutScheduledAction", of: .autoScaling, reply: .empty)
}
