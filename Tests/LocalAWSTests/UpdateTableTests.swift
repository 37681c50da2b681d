import DynamoModel
import JSON
import Pacing
import TestSupport
import Testing

@testable import LocalAWS

/// UpdateTable: what each change does, how long it is on its way, what it may not be combined with.
@Suite(.timeLimit(.minutes(20))) struct UpdateTableTests {
    private static let second = Duration.seconds(1)

    /// A table whose changes take two seconds of a clock that stands still.
    private func withTable(
        _ changes: JSON = [:],
        _ body: (_ client: TableClient, _ wait: () -> Void) throws -> Void
    ) throws {
        let time = ManualTime()
        var options = ServerOptions.with { $0.time = time }
        options.phaseDuration = Self.second * 2
        var creation = Orders.creation
        for change in changes.members ?? [] { creation[change.name] = change.value }
        if creation["BillingMode"]?.string == "PROVISIONED" {
            creation["ProvisionedThroughput"] = ["ReadCapacityUnits": 5, "WriteCapacityUnits": 6]
        }
        try withOrders(options, creation: creation) { client, _ in
            time.advance(by: Self.second * 3)
            try body(TableClient(client: client)) { time.advance(by: Self.second) }
        }
    }

    // MARK: Features

    @Test func `streams go on and off, each with a label of its own`() throws {
        try withTable { table, wait in
            let on: JSON = ["StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"]
            let off: JSON = ["StreamEnabled": false]
            #expect(
                try table.update(["StreamSpecification": off]).message
                    == "Table has no stream to disable: TableName: orders")
            let reply = try table.update(["StreamSpecification": on]).json?["TableDescription"]
            #expect(reply?["TableStatus"]?.string == "UPDATING")
            let first = reply?["LatestStreamArn"]?.string
            #expect(try table.update(["StreamSpecification": on]).error == "ResourceInUseException")
            wait()
            wait()
            let again = try table.update(["StreamSpecification": on])
            #expect(again.error == "ValidationException")
            #expect(again.message == "Table already has an enabled stream: TableName: orders")
            #expect(try table.update(["StreamSpecification": off]).status == 200)
            wait()
            wait()
            #expect(try table.describe()["StreamSpecification"] == nil)
            #expect(try table.describe()["LatestStreamArn"]?.string == first)
            try table.update(["StreamSpecification": on])
            #expect(try table.describe()["LatestStreamArn"]?.string != first)
        }
    }

    @Test func `a key of one's own replaces the owned one, and goes again`() throws {
        try withTable { table, wait in
            func update(_ specification: JSON) throws -> RawClient.Reply {
                try table.update(["SSESpecification": specification])
            }
            #expect(try update(["Enabled": false]).message.contains("encrypted by default"))
            let arn = "arn:aws:kms:us-east-1:000000000000:key/one"
            #expect(try update(["SSEType": "KMS", "KMSMasterKeyId": "one"]).status == 200)
            #expect(try table.describe()["TableStatus"]?.string == "ACTIVE")
            #expect(try table.describe()["SSEDescription"]?["Status"]?.string == "UPDATING")
            wait()
            wait()
            let described = try table.describe()["SSEDescription"]
            #expect(described?["Status"]?.string == "ENABLED")
            #expect(described?["KMSMasterKeyArn"]?.string == arn)
            #expect(
                try update(["SSEType": "KMS", "KMSMasterKeyId": .string(arn)]).message
                    .contains("already encrypted with given KMSMasterKeyId"))
            #expect(try update(["SSEType": "KMS", "KMSMasterKeyId": "alias/two"]).status == 200)
            #expect(
                try table.describe()["SSEDescription"]?["KMSMasterKeyArn"]?.string == arn,
                "the old key is told until the new one is in use")
            wait()
            wait()
            #expect(try update(["Enabled": false]).status == 200)
            wait()
            wait()
            #expect(try table.describe()["SSEDescription"] == nil)
        }
    }

    @Test func `class, protection and warm throughput change, each in its own way`() throws {
        try withTable { table, wait in
            #expect(try table.update(["TableClass": "STANDARD"]).status == 200)
            #expect(try table.describe()["TableClassSummary"] == nil)
            try table.update(["TableClass": "STANDARD_INFREQUENT_ACCESS"])
            #expect(try table.describe()["TableStatus"]?.string == "UPDATING")
            #expect(try table.describe()["TableClassSummary"] == nil)
            #expect(try table.update(["DeletionProtectionEnabled": true]).status == 200)
            wait()
            wait()
            let summary = try table.describe()["TableClassSummary"]
            #expect(summary?["TableClass"]?.string == "STANDARD_INFREQUENT_ACCESS")
            #expect(summary?["LastUpdateDateTime"]?.double != nil)
            #expect(try table.delete().error == "ValidationException")
            try table.update(["DeletionProtectionEnabled": false])
            #expect(try table.describe()["TableStatus"]?.string == "ACTIVE")

            let warm = try table.update(["WarmThroughput": ["WriteUnitsPerSecond": 9_000]])
            let told = warm.json?["TableDescription"]?["WarmThroughput"]
            #expect(
                told == [
                    "ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000,
                    "Status": "UPDATING",
                ])
            wait()
            wait()
            #expect(
                try table.describe()["WarmThroughput"]?["WriteUnitsPerSecond"]?.int == 9_000)
            #expect(
                try table.update(["WarmThroughput": ["WriteUnitsPerSecond": 8_999]]).message
                    .contains("decreasing WarmThroughput is not supported"))
            #expect(try table.delete().status == 200)
        }
    }

    // MARK: Billing

    @Test func `a table that becomes provisioned needs units for itself and each index`() throws {
        let index = TableClient.index("by-sk", "sk")
        try withTable(["GlobalSecondaryIndexes": [index]]) { table, wait in
            let units: JSON = ["ReadCapacityUnits": 3, "WriteCapacityUnits": 4]
            try table.update(["OnDemandThroughput": ["MaxWriteRequestUnits": 77]])
            #expect(try table.describe()["TableStatus"]?.string == "ACTIVE")
            let cases: [(JSON, String)] = [
                (["ProvisionedThroughput": units], "Neither ReadCapacityUnits nor"),
                (["BillingMode": "PROVISIONED"], "ProvisionedThroughput must be specified when"),
                (
                    ["BillingMode": "PROVISIONED", "ProvisionedThroughput": units],
                    "must be specified for index: by-sk"
                ),
                (
                    ["GlobalSecondaryIndexUpdates": [TableClient.units("by-sk", units)]],
                    "cannot be specified"
                ),
                (["OnDemandThroughput": ["MaxReadRequestUnits": 0]], "outside of valid range"),
            ]
            for (body, fragment) in cases {
                let reply = try table.update(body)
                #expect(reply.error == "ValidationException")
                let expected =
                    fragment == "cannot be specified" ? "for index: by-sk when" : fragment
                #expect(reply.message.contains(expected), "\(reply.text)")
            }
            let switched = try table.update([
                "BillingMode": "PROVISIONED", "ProvisionedThroughput": units,
                "GlobalSecondaryIndexUpdates": [TableClient.units("by-sk", units)],
            ])
            #expect(switched.json?["TableDescription"]?["TableStatus"]?.string == "UPDATING")
            wait()
            wait()
            #expect(try table.describe()["OnDemandThroughput"] == nil)
            #expect(
                try table.index("by-sk")?["ProvisionedThroughput"]?["WriteCapacityUnits"]?.int == 4)
            let same = try table.update([
                "GlobalSecondaryIndexUpdates": [TableClient.units("by-sk", units)]
            ])
            #expect(same.message.hasPrefix("The provisioned throughput for the index by-sk"))
            #expect(try table.update(["BillingMode": "PAY_PER_REQUEST"]).status == 200)
            wait()
            wait()
            #expect(
                try table.describe()["BillingModeSummary"]?["BillingMode"]?.string
                    == "PAY_PER_REQUEST")
            #expect(
                try table.index("by-sk")?["ProvisionedThroughput"]?["WriteCapacityUnits"]?.int == 0)
        }
    }

    // MARK: Combinations

    @Test(
        arguments: [
            ([:], "At least one of"),
            (
                ["SSESpecification": ["Enabled": true], "TableClass": "STANDARD"],
                "Server-Side Encryption"
            ),
            (
                ["DeletionProtectionEnabled": true, "TableClass": "STANDARD"],
                "TableClass modification"
            ),
            (
                ["DeletionProtectionEnabled": true, "BillingMode": "PAY_PER_REQUEST"],
                "DeletionProtection modification"
            ),
            (
                [
                    "WarmThroughput": ["ReadUnitsPerSecond": 99_999],
                    "OnDemandThroughput": ["MaxReadRequestUnits": 1],
                ], "WarmThroughput must be the only"
            ),
            (
                [
                    "OnDemandThroughput": ["MaxReadRequestUnits": 1],
                    "StreamSpecification": ["StreamEnabled": true, "StreamViewType": "NEW_IMAGE"],
                ], "OnDemandThroughput can only be combined with BillingMode"
            ),
            (
                [
                    "ProvisionedThroughput": ["ReadCapacityUnits": 1, "WriteCapacityUnits": 1],
                    "StreamSpecification": ["StreamEnabled": true, "StreamViewType": "NEW_IMAGE"],
                ], "You cannot modify stream status while updating table IOPS"
            ),
            (
                [
                    "ProvisionedThroughput": ["ReadCapacityUnits": 1, "WriteCapacityUnits": 1],
                    "GlobalSecondaryIndexUpdates": [["Delete": ["IndexName": "by-sk"]]],
                ], "You cannot create or delete index while updating table IOPS"
            ),
        ] as [(JSON, String)])
    func `a call makes one kind of change`(body: JSON, fragment: String) throws {
        try withTable { table, _ in
            let before = try table.describe()
            let reply = try table.update(body)
            #expect(reply.error == "ValidationException")
            #expect(reply.message.contains(fragment), "\(reply.text)")
            #expect(try table.describe() == before)
        }
    }
}

/// Requests on the table `orders`.
struct TableClient {
    let client: RawClient

    @discardableResult
    func update(_ changes: JSON) throws -> RawClient.Reply {
        try call("UpdateTable", changes)
    }

    func delete() throws -> RawClient.Reply { try call("DeleteTable", [:]) }

    func describe() throws -> JSON {
        try #require(try call("DescribeTable", [:]).json?["Table"])
    }

    func call(_ operation: String, _ members: JSON) throws -> RawClient.Reply {
        var body: JSON = ["TableName": "orders"]
        for member in members.members ?? [] { body[member.name] = member.value }
        return try client.call(operation, body)
    }

    /// What DescribeTable tells of a global index.
    func index(_ name: String) throws -> JSON? {
        try describe()["GlobalSecondaryIndexes"]?.array?.first { $0["IndexName"]?.string == name }
    }

    static func index(_ name: String, _ keys: String..., projection: JSON? = nil) -> JSON {
        [
            "IndexName": .string(name), "Projection": projection ?? ["ProjectionType": "ALL"],
            "KeySchema": .array(
                keys.enumerated().map { place, key in
                    [
                        "AttributeName": .string(key),
                        "KeyType": place == 0 ? "HASH" : "RANGE",
                    ]
                }),
        ]
    }

    static func units(_ name: String, _ units: JSON) -> JSON {
        ["Update": ["IndexName": .string(name), "ProvisionedThroughput": units]]
    }
}
