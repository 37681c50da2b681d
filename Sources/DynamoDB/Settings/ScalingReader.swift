import AWS
import DynamoModel
import JSON

/// Asks Application Auto Scaling, and can do nothing else: a source is held by it.
package struct ScalingReader: Sendable {
    private let client: Client

    package init(_ client: Client) {
        self.client = client
    }

    /// What scales a table and its indexes; policies come with the target that they are of. (API
    /// reference, DescribeScalableTargets and DescribeScalingPolicies.)
    func dimensions(
        of table: String, indexes: [String]
    ) async throws(AWSError) -> [TableSettings.ScalableDimension] {
        var dimensions: [TableSettings.ScalableDimension] = []
        for index in [nil] + indexes.map(Optional.some) {
            let resource = Resource(table: table, index: index)
            let targets = try await pages(
                .describeScalableTargets, ["ResourceIds": [.string(resource.id)]],
                member: "ScalableTargets")
            guard !targets.isEmpty else { continue }
            let policies = try await pages(
                .describeScalingPolicies, ["ResourceId": .string(resource.id)],
                member: "ScalingPolicies")
            dimensions += targets.compactMap { resource.dimension($0, policies) }
        }
        return dimensions
    }

    private func pages(
        _ operation: Operation, _ body: JSON, member: String
    ) async throws(AWSError) -> [JSON] {
        var body = body
        body["ServiceNamespace"] = "dynamodb"
        var found: [JSON] = []
        repeat {
            let reply = try await client.call(operation, body, repeatable: true, member: member)
            found += reply[member]?.array ?? []
            body["NextToken"] = reply["NextToken"]
        } while body["NextToken"]?.string != nil
        return found
    }

    private struct Resource {
        let id: String
        let index: String?

        init(table: String, index: String?) {
            self.index = index
            id = "table/\(table)" + (index.map { "/index/\($0)" } ?? "")
        }

        func dimension(_ target: JSON, _ policies: [JSON]) -> TableSettings.ScalableDimension? {
            guard let dimension = target["ScalableDimension"]?.string,
                let least = target["MinCapacity"]?.int, let most = target["MaxCapacity"]?.int
            else { return nil }
            return TableSettings.ScalableDimension(
                index: index, dimension: dimension, least: least, most: most,
                policies: policies.filter { $0["ScalableDimension"]?.string == dimension }
                    .compactMap(policy))
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
