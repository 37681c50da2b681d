import JSON
import Pacing
import TestSupport
import Testing

@testable import LocalAWS

/// What a table is beside keys and items: how it is asked for, told and changed.
@Suite(.timeLimit(.minutes(20))) struct TableSettingsTests {
    private static let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"

    private static func index(_ name: String, _ key: String, _ more: JSON = [:]) -> JSON {
        var index: JSON = [
            "IndexName": .string(name), "Projection": ["ProjectionType": "ALL"],
            "KeySchema": [["AttributeName": .string(key), "KeyType": "HASH"]],
        ]
        for member in more.members ?? [] { index[member.name] = member.value }
        return index
    }

    private static func creation(_ changes: JSON) -> JSON {
        var creation = Orders.creation
        for change in changes.members ?? [] { creation[change.name] = change.value }
        return creation
    }

    private func describe(_ client: RawClient) throws -> JSON {
        try #require(try client.call("DescribeTable", ["TableName": "orders"]).json?["Table"])
    }

    @Test func `DescribeTable tells all that CreateTable asked for`() throws {
        let creation = Self.creation([
            "TableClass": "STANDARD_INFREQUENT_ACCESS", "DeletionProtectionEnabled": true,
            "SSESpecification": [
                "Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": "0a1b2c3d-key",
            ],
            "StreamSpecification": ["StreamEnabled": true, "StreamViewType": "NEW_IMAGE"],
            "Tags": [["Key": "team", "Value": "sea"]],
            "OnDemandThroughput": ["MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8],
            "WarmThroughput": ["ReadUnitsPerSecond": 15_000, "WriteUnitsPerSecond": 5_000],
            "ResourcePolicy":
                .string("{\"Statement\":[{\"Resource\":\"\(Self.arn)\",\"Effect\":\"Allow\"}]}"),
            "GlobalSecondaryIndexes": [
                Self.index(
                    "by-sk", "sk",
                    [
                        "OnDemandThroughput": ["MaxWriteRequestUnits": 9],
                        "WarmThroughput": ["WriteUnitsPerSecond": 6_000],
                    ])
            ],
        ])
        let options = ServerOptions.with { $0.time = ManualTime(epoch: 1_795_176_000.25) }
        try withOrders(options, creation: creation) { client, _ in
            let table = try describe(client)
            #expect(
                table["TableClassSummary"]?["TableClass"]?.string == creation["TableClass"]?.string)
            #expect(table["DeletionProtectionEnabled"]?.bool == true)
            #expect(
                table["SSEDescription"] == [
                    "Status": "ENABLED", "SSEType": "KMS",
                    "KMSMasterKeyArn": "arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-key",
                ])
            #expect(table["StreamSpecification"] == creation["StreamSpecification"])
            let label = "2026-11-20T12:00:00.250"
            #expect(table["LatestStreamLabel"]?.string == label)
            #expect(table["LatestStreamArn"]?.string == "\(Self.arn)/stream/\(label)")
            #expect(table["OnDemandThroughput"] == creation["OnDemandThroughput"])
            #expect(
                table["WarmThroughput"] == [
                    "ReadUnitsPerSecond": 15_000, "WriteUnitsPerSecond": 5_000, "Status": "ACTIVE",
                ])
            let index = table["GlobalSecondaryIndexes"]?.array?.first
            #expect(index?["OnDemandThroughput"]?["MaxReadRequestUnits"]?.int == -1)
            #expect(index?["WarmThroughput"]?["ReadUnitsPerSecond"]?.int == 12_000)
            #expect(index?["WarmThroughput"]?["WriteUnitsPerSecond"]?.int == 6_000)
            #expect(index?["IndexStatus"]?.string == "ACTIVE")
            for absent in ["Replicas", "ArchivalSummary", "RestoreSummary", "VectorIndexes"] {
                #expect(table[absent] == nil)
            }
            let resource: JSON = ["ResourceArn": .string(Self.arn)]
            #expect(
                try client.call("ListTagsOfResource", resource).json?["Tags"] == creation["Tags"])
            #expect(
                try client.call("GetResourcePolicy", resource).json?["Policy"]
                    == creation["ResourcePolicy"])
            let refusal = try client.call("DeleteTable", ["TableName": "orders"])
            #expect(refusal.error == "ValidationException")
            #expect(refusal.message.hasPrefix("Resource cannot be deleted as it is currently"))
        }
    }

    @Test func `a plain table tells of no key, class, stream or maxima`() throws {
        try withOrders { client, _ in
            let table = try describe(client)
            for absent in [
                "SSEDescription", "TableClassSummary", "StreamSpecification", "LatestStreamArn",
                "OnDemandThroughput", "GlobalSecondaryIndexes",
            ] {
                #expect(table[absent] == nil, "\(absent)")
            }
            #expect(table["DeletionProtectionEnabled"]?.bool == false)
            #expect(table["WarmThroughput"]?["WriteUnitsPerSecond"]?.int == 4_000)
        }
    }

    @Test(
        arguments: [
            ("SSESpecification", ["Enabled": false, "SSEType": "KMS"], "if Enabled is false"),
            (
                "SSESpecification", ["Enabled": true, "KMSMasterKeyId": "x"],
                "SSEType KMS is required"
            ),
            (
                "SSESpecification", ["Enabled": true, "SSEType": "AES256"],
                "AES256 is not supported"
            ),
            (
                "SSESpecification",
                ["SSEType": "KMS", "KMSMasterKeyId": "arn:aws:kms:eu-west-1:000000000000:key/x"],
                "Invalid arn eu-west-1"
            ),
            ("StreamSpecification", ["StreamEnabled": true], "UpdateViewType is required"),
            (
                "StreamSpecification", ["StreamEnabled": false, "StreamViewType": "KEYS_ONLY"],
                "should not be specified"
            ),
            ("TableClass", "GLACIER", "Invalid table-class parameter"),
            ("Tags", [["Key": "aws:x", "Value": "y"]], "cannot be prefixed with aws:"),
            ("Tags", [["Key": "x"]], "Value: null"),
            (
                "Tags", [["Key": "x", "Value": ""], ["Key": "x", "Value": ""]], "Duplicate Tag Key"
            ),
            ("WarmThroughput", ["ReadUnitsPerSecond": 1], "lower than initial throughput"),
            ("OnDemandThroughput", ["MaxReadRequestUnits": -1], "outside of valid range"),
            ("ResourcePolicy", "[]", "invalid Json"),
            ("ResourcePolicy", "{\"Statement\":[]}", "Statement is empty"),
            ("ResourcePolicy", "{\"Statement\":[{\"Resource\":\"arn:x\"}]}", "is invalid for ARN"),
        ] as [(String, JSON, String)])
    func `settings that make no sense are refused`(
        member: String, value: JSON, fragment: String
    ) throws {
        try withServer(.with { _ in }) { server in
            let client = try RawClient(port: server.port)
            let reply = try client.call("CreateTable", Self.creation([member: value]))
            #expect(reply.error == "ValidationException")
            #expect(reply.message.contains(fragment), "\(reply.text)")
            #expect(try client.call("ListTables", [:]).json?["TableNames"] == [])
        }
    }

    @Test func `time to live changes once an hour, and takes its time`() throws {
        let time = ManualTime()
        var options = ServerOptions.with { $0.time = time }
        options.phaseDuration = .seconds(5)
        try withOrders(options) { client, _ in
            func update(_ name: String, _ isEnabled: Bool) throws -> RawClient.Reply {
                let specification: JSON = [
                    "Enabled": .bool(isEnabled), "AttributeName": .string(name),
                ]
                return try client.call(
                    "UpdateTimeToLive",
                    ["TableName": "orders", "TimeToLiveSpecification": specification])
            }
            func status() throws -> [String?] {
                let json = try client.call("DescribeTimeToLive", ["TableName": "orders"]).json?[
                    "TimeToLiveDescription"]
                return [json?["TimeToLiveStatus"]?.string, json?["AttributeName"]?.string]
            }
            #expect(try update("until", true).error == "ResourceInUseException")
            #expect(
                try client.call("DescribeTimeToLive", ["TableName": "orders"]).message
                    .hasPrefix("Cannot describe time to live while table is in CREATING"))
            time.advance(by: .seconds(5))
            #expect(try status() == ["DISABLED", nil])
            #expect(try update("until", false).message == "TimeToLive is already disabled")
            #expect(
                try update("until", true).json?["TimeToLiveSpecification"]
                    == ["Enabled": true, "AttributeName": "until"])
            #expect(try status() == ["ENABLING", "until"])
            time.advance(by: .seconds(5))
            #expect(try status() == ["ENABLED", "until"])
            #expect(try update("until", true).message == "TimeToLive is already enabled")
            #expect(try update("other", true).message.contains("current AttributeName is until"))
            #expect(try update("until", false).message.contains("modified multiple times"))
            time.advance(by: .seconds(3600))
            #expect(try update("until", false).status == 200)
            #expect(try status() == ["DISABLING", "until"])
            time.advance(by: .seconds(5))
            #expect(try status() == ["DISABLED", nil])
            let missing = try client.call("DescribeTimeToLive", ["TableName": "none-such"])
            #expect(missing.error == "ResourceNotFoundException")
        }
    }

    @Test func `tags come all at once, and their writers answer with an empty body`() throws {
        try withOrders { client, _ in
            func call(_ operation: String, _ more: JSON, arn: String = Self.arn) throws
                -> RawClient.Reply
            {
                var body: JSON = ["ResourceArn": .string(arn)]
                for member in more.members ?? [] { body[member.name] = member.value }
                return try client.call(operation, body)
            }
            let tags = (0..<50).map { number -> JSON in
                ["Key": .string("k\(number)"), "Value": .string("\(number)")]
            }
            let reply = try call("TagResource", ["Tags": .array(tags)])
            #expect(reply.status == 200 && reply.body.isEmpty)
            #expect(
                try call("TagResource", ["Tags": [["Key": "one more", "Value": ""]]]).message
                    .hasPrefix("Number of Tags exceed"))
            #expect(
                try call("TagResource", ["Tags": [["Key": "k7", "Value": "new"]]]).status == 200)
            let gone = try call("UntagResource", ["TagKeys": ["k0", "k49", "never there"]])
            #expect(gone.status == 200 && gone.body.isEmpty)
            let list = try call("ListTagsOfResource", [:])
            #expect(list.json?["NextToken"] == nil)
            var expected = tags
            expected[7]["Value"] = "new"
            #expect(list.json?["Tags"]?.array == Array(expected[1..<49]))
            for (arn, error, fragment) in [
                ("orders", "ValidationException", "must start with 'arn:'"),
                ("arn:aws:s3:::bucket", "ValidationException", "not a DynamoDB resource arn"),
                (Self.arn + "/index/i", "ValidationException", "only table or stream is accepted"),
                (Self.arn + "x", "ResourceNotFoundException", "ResourcArn: \(Self.arn)x not found"),
                (
                    "arn:aws:dynamodb:us-east-1:123456789012:table/orders", "AccessDeniedException",
                    "dynamodb:ListTagsOfResource"
                ),
                (
                    "arn:aws:dynamodb:eu-west-1:000000000000:table/orders", "ValidationException",
                    "Invalid TableArn"
                ),
            ] {
                let refusal = try call("ListTagsOfResource", [:], arn: arn)
                #expect(refusal.error == error, "\(arn)")
                #expect(refusal.message.contains(fragment), "\(refusal.text)")
            }
        }
    }

    @Test func `a policy has a revision that its next change may name`() throws {
        try withOrders { client, _ in
            func document(_ effect: String) -> JSON {
                .string(
                    "{\"Statement\":{\"Resource\":[\"\(Self.arn)\"],\"Effect\":\"\(effect)\"}}")
            }
            func put(_ policy: JSON, _ expected: JSON? = nil) throws -> RawClient.Reply {
                var body: JSON = ["ResourceArn": .string(Self.arn), "Policy": policy]
                body["ExpectedRevisionId"] = expected
                return try client.call("PutResourcePolicy", body)
            }
            let resource: JSON = ["ResourceArn": .string(Self.arn)]
            #expect(
                try client.call("GetResourcePolicy", resource).error == "PolicyNotFoundException")
            let first = try put(document("Allow"), "NO_POLICY").json?["RevisionId"]
            #expect(try put(document("Allow")).json?["RevisionId"] == first)
            #expect(try put(document("Deny"), "NO_POLICY").error == "PolicyNotFoundException")
            let second = try put(document("Deny"), first).json?["RevisionId"]
            #expect(second != first)
            #expect(try put(document("Allow"), first).message.contains("has revision id"))
            let policy = try client.call("GetResourcePolicy", resource).json
            #expect(policy?["Policy"] == document("Deny"))
            #expect(policy?["RevisionId"] == second)
            #expect(
                try client.call("DeleteResourcePolicy", resource).json?["RevisionId"] == second)
            #expect(
                try client.call("DeleteResourcePolicy", resource).json?["RevisionId"]?.string == "")
            let none: JSON = ["ResourceArn": .string(Self.arn + "x")]
            #expect(
                try client.call("GetResourcePolicy", none).error == "ResourceNotFoundException")
        }
    }
}
