import DynamoModel
import JSON
import Schema
import TestSupport
import Testing

@testable import Transfer

/// Goal: what becomes of each setting is decided before anything is changed, and nothing of the
/// source is left out without being named.
@Suite struct SettingsPlanTests {
    private static let arn = "arn:aws:dynamodb:eu-west-1:111111111111:table/Orders"
    private static let key = "arn:aws:kms:eu-west-1:111111111111:key/abc"
    private static let near = TargetSpec.Place(region: "eu-west-1", isSameAccount: true)
    private static let far = TargetSpec.Place(region: "us-east-1", isSameAccount: true)

    /// A table with everything that a table can have.
    private static func source() throws -> TableDescription {
        try TableDescription([
            "TableName": "Orders", "TableArn": .string(arn),
            "KeySchema": [["AttributeName": "id", "KeyType": "HASH"]],
            "AttributeDefinitions": [
                ["AttributeName": "id", "AttributeType": "S"],
                ["AttributeName": "day", "AttributeType": "N"],
            ],
            "GlobalSecondaryIndexes": [
                [
                    "IndexName": "by-day", "Projection": ["ProjectionType": "ALL"],
                    "KeySchema": [["AttributeName": "day", "KeyType": "HASH"]],
                    "ProvisionedThroughput": ["ReadCapacityUnits": 7, "WriteCapacityUnits": 8],
                ]
            ],
            "ProvisionedThroughput": ["ReadCapacityUnits": 5, "WriteCapacityUnits": 6],
            "TableClassSummary": ["TableClass": "STANDARD_INFREQUENT_ACCESS"],
            "SSEDescription": ["Status": "ENABLED", "KMSMasterKeyArn": .string(key)],
            "StreamSpecification": ["StreamEnabled": true, "StreamViewType": "KEYS_ONLY"],
            "DeletionProtectionEnabled": true, "Replicas": [["RegionName": "ap-south-1"]],
        ])
    }

    private static var settings: TableSettings {
        var settings = TableSettings()
        settings.tags = [.init(key: "team", value: "a"), .init(key: "aws:stack", value: "s")]
        settings.timeToLive = "expires"
        settings.recovery = .init(days: 7)
        settings.insights = [.init(index: nil, mode: "THROTTLED_KEYS")]
        settings.kinesis = [.init(streamARN: "arn:aws:kinesis:x", precision: nil)]
        settings.policy = "{\"Resource\":\"\(arn)\"}"
        settings.scaling = [
            .init(
                index: nil, dimension: "dynamodb:table:WriteCapacityUnits", least: 1, most: 9,
                policies: [
                    .init(
                        name: "Scale:table/Orders", type: "TargetTrackingScaling",
                        configuration: JSON.Member("TargetTrackingScalingPolicyConfiguration", [:]))
                ])
        ]
        settings.scheduled = [
            .init(
                index: nil, dimension: "dynamodb:table:WriteCapacityUnits",
                name: "night:table/Orders", plan: [JSON.Member("Schedule", "cron(0 1 * * ? *)")])
        ]
        return settings
    }

    private func plan(
        at place: TargetSpec.Place = near, _ choice: SettingChoice = SettingChoice(),
        current: (TableDescription, TableSettings)? = nil, isOwn: Bool = false,
        indexes: IndexTiming = .with
    ) throws -> SettingsPlan {
        SettingsPlan(
            TargetSpec(try Self.source(), Self.settings, as: "Copy", at: place, choice),
            current: current, isOwn: isOwn, choice, indexes: indexes)
    }

    @Test func `a new table is made bare of what hinders or tells, which follows in order`() throws
    {
        let plan = try plan()
        #expect(plan.creation.name == "Copy")
        #expect(plan.creation.stream == nil && !plan.creation.isProtected)
        #expect(plan.creation.encryption == .kms(key: Self.key))
        #expect(plan.creation.globalIndexes.map(\.name) == ["by-day"])
        #expect(
            plan.steps.map(\.title) == [
                "TTL on expires", "point-in-time recovery of 7 days",
                "contributor insights of the table", "auto scaling of write units",
                "scheduled scaling night:table/Copy", "stream KEYS_ONLY", "resource policy",
                "deletion protection",
            ])
        #expect(plan.differences.isEmpty)
        #expect(plan.creationTags.map(\.key) == ["team"])
        #expect(plan.carried.first == "tag team")
    }

    @Test func `everything that the source has is carried or named as not carried`() throws {
        let named = try plan(at: Self.far)
        let carried = Set(named.steps.compactMap(\.setting) + [.tableClass, .tags])
        let left = Set(named.notCarried.compactMap(\.setting))
        // Encryption is carried in part: by another key.
        #expect(named.creation.encryption == .kms(key: nil))
        #expect(carried.union(left).union([.maxima]) == Set(Setting.allCases))
        #expect(named.notCarried.contains { $0.name.contains(Self.key) })
        #expect(left.contains(.policy) && left.contains(.replicas) && left.contains(.kinesis))
        #expect(named.notCarried.contains { $0.name == "aws:stack" })
    }

    /// Goal: a period of point-in-time recovery that differs is told as what it is, and one that an
    /// endpoint does not report as nothing.
    @Test(
        arguments: [
            (7, 7, nil), (7, nil, nil),
            (7, 35, "point-in-time recovery: 7 days at the source, 35 at"),
            (7, 1, "7 days at the source, 1 at the target"),
        ] as [(Int, Int?, String?)])
    func `another period of recovery is told with both`(
        days: Int, found: Int?, text: String?
    ) throws {
        var settings = Self.settings
        settings.recovery = .init(days: found)
        let plan = try plan(current: (try Self.source(), settings))
        let told = plan.differences.filter { $0.contains("recovery") }
        #expect(told.count == (text == nil ? 0 : 1), "\(told)")
        if let text { #expect(told.first?.contains(text) == true, "\(told)") }
        settings.recovery = nil
        let lacking = try self.plan(current: (try Self.source(), settings)).differences
        #expect(lacking.contains("point-in-time recovery of 7 days: not there"), "\(lacking)")
    }

    @Test func `what can't be carried can be given`() throws {
        var choice = SettingChoice()
        choice.kmsKey = "given"
        choice.policy = "{}"
        choice.kinesisStream = "arn:aws:kinesis:y"
        choice.replicas = ["ap-south-1"]
        let plan = try plan(at: Self.far, choice)
        #expect(plan.notCarried.map(\.setting) == [.tags])
        #expect(plan.creation.encryption == .kms(key: "given"))
        #expect(plan.steps.contains(.policy("{}")))
        #expect(plan.steps.contains(.replica("ap-south-1")))
    }

    @Test(arguments: Setting.allCases)
    func `a setting that is left out is neither set nor named`(setting: Setting) throws {
        var choice = SettingChoice()
        choice.without = [setting]
        for place in [Self.near, Self.far] {
            let plan = try plan(at: place, choice)
            #expect(!plan.steps.contains { $0.setting == setting })
            #expect(!plan.notCarried.contains { $0.setting == setting })
        }
    }

    @Test func `policies and scaling rules that name the source name its copy instead`() throws {
        let steps = try plan().steps
        let copy = Self.arn.replacing("Orders", with: "Copy")
        #expect(steps.contains(.policy("{\"Resource\":\"\(copy)\"}")))
        let names = steps.flatMap { step -> [String] in
            if case .scaling(let dimension) = step { dimension.policies.map(\.name) } else { [] }
        }
        #expect(names == ["Scale:table/Copy"])
    }

    @Test func `indexes that come after are left out of the table with their attributes`() throws {
        let plan = try plan(indexes: .after)
        #expect(plan.creation.globalIndexes.isEmpty)
        #expect(plan.creation.attributes.map(\.name) == ["id"])
        let first = try #require(plan.steps.first)
        #expect(first.title == "index by-day")
        let bare = try Self.describe(plan.creation)
        let change = try #require(first.change(of: bare))
        let creation = change["GlobalSecondaryIndexUpdates"]?.array?.first?["Create"]
        #expect(creation?["IndexName"]?.string == "by-day")
        #expect(creation?["ProvisionedThroughput"]?["WriteCapacityUnits"]?.int == 8)
        let names = change["AttributeDefinitions"]?.array?.compactMap {
            $0["AttributeName"]?.string
        }
        #expect(names == ["id", "day"])
    }

    @Test func `a target that was there is compared, and changed only when asked`() throws {
        var definition = try Self.source().definition
        definition.name = "Copy"
        definition.globalIndexes[0].name = "other"
        definition.billing = .provisioned(Throughput(readUnits: 5, writeUnits: 60))
        var settings = TableSettings()
        settings.timeToLive = "another"
        let target = try Self.describe(definition)
        let left = try plan(current: (target, settings))
        #expect(left.steps.isEmpty && left.carried.isEmpty)
        for text in [
            "index by-day: not there", "provisioned units: not there",
            "index other is not the source's", "TTL is on another, the source's on expires",
        ] {
            #expect(left.differences.contains(text), "\(left.differences)")
        }
        var choice = SettingChoice()
        choice.appliesToExisting = true
        let applied = try plan(choice, current: (target, settings))
        #expect(applied.steps.first?.title == "index by-day")
        #expect(!applied.steps.contains { $0.setting == .timeToLive })
        #expect(applied.differences.contains("index other is not the source's"))
    }

    @Test func `a target that a killed run has made is finished from where it stands`() throws {
        let first = try plan()
        var settings = TableSettings()
        settings.tags = Self.settings.tags
        settings.timeToLive = "expires"
        let again = try plan(current: (try Self.describe(first.creation), settings), isOwn: true)
        #expect(again.steps == Array(first.steps.dropFirst(1)))
        #expect(again.carried == first.carried)
        #expect(again.differences.isEmpty)
    }

    @Test func `numbers that a table has already are not asked for again`() throws {
        let table = try Self.source()
        let boost = try #require(UnitBoost(of: table.definition, to: 7))
        #expect(boost.step.change(of: table) == nil)
        let raised = boost.raised(to: 7)
        // The index has more already, and is left alone.
        #expect(
            raised.step.change(of: table) == [
                "BillingMode": "PROVISIONED",
                "ProvisionedThroughput": ["ReadCapacityUnits": 5, "WriteCapacityUnits": 7],
            ])
        #expect(UnitBoost(of: table.definition, to: 6) == nil)
        #expect(UnitBoost(json: boost.json) == boost)
    }

    /// A table as it is once it has been created so.
    private static func describe(_ definition: TableDefinition) throws -> TableDescription {
        var json = definition.creationRequest
        json["TableArn"] = .string(arn.replacing("Orders", with: definition.name))
        if case .kms(let key?) = definition.encryption {
            json["SSEDescription"] = ["Status": "ENABLED", "KMSMasterKeyArn": .string(key)]
        }
        if let view = definition.stream {
            json["StreamSpecification"] = [
                "StreamEnabled": true, "StreamViewType": .string(view),
            ]
        }
        json["DeletionProtectionEnabled"] = .bool(definition.isProtected)
        return try TableDescription(json)
    }
}
