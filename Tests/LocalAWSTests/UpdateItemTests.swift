import JSON
import TestSupport
import Testing

@testable import LocalAWS

/// Changes to single items.
@Suite(.timeLimit(.minutes(20))) struct UpdateItemTests {
    private static func request(_ extra: JSON) -> JSON {
        var request = extra
        request["TableName"] = "orders"
        request["Key"] = ["pk": ["S": "a"], "sk": ["N": "1.0"]]
        return request
    }

    private static let increment: JSON = request([
        "UpdateExpression": "SET #c = if_not_exists(#c, :zero) + :one, doc.x.y = :one",
        "ExpressionAttributeNames": ["#c": "counter"],
        "ExpressionAttributeValues": [":zero": ["N": "0"], ":one": ["N": "1"]],
    ])

    private static let stored: JSON = [
        "pk": ["S": "a"], "sk": ["N": "1"], "kept": ["S": "as it was"], "counter": ["N": "41"],
        "doc": ["M": ["x": ["M": ["y": ["N": "0"], "z": ["N": "0"]]]]],
    ]

    @Test(
        arguments: [
            ("NONE", nil), ("ALL_OLD", stored),
            (
                "UPDATED_OLD",
                ["counter": ["N": "41"], "doc": ["M": ["x": ["M": ["y": ["N": "0"]]]]]]
            ),
            (
                "UPDATED_NEW",
                ["doc": ["M": ["x": ["M": ["y": ["N": "1"]]]]], "counter": ["N": "42"]]
            ),
            (
                "ALL_NEW",
                [
                    "pk": ["S": "a"], "sk": ["N": "1"], "kept": ["S": "as it was"],
                    "counter": ["N": "42"],
                    "doc": ["M": ["x": ["M": ["y": ["N": "1"], "z": ["N": "0"]]]]],
                ]
            ),
        ] as [(String, JSON?)])
    func `a reply shows what was asked for`(values: String, wanted: JSON?) throws {
        try withOrders { client, server in
            try client.call("PutItem", ["TableName": "orders", "Item": Self.stored])
            var request = Self.increment
            request["ReturnValues"] = .string(values)
            let reply = try client.call("UpdateItem", request)
            #expect(reply.status == 200, "\(reply.text)")
            let attributes = reply.json?["Attributes"]
            #expect(attributes.map(Self.sorted) == wanted.map(Self.sorted))
            let meter = server.meter["tables"]?["orders"]
            #expect(meter?["items_written"]?.int == 2)
        }
    }

    /// The order of members carries no meaning.
    private static func sorted(_ json: JSON) -> JSON {
        guard let members = json.members else { return json }
        return .object(
            members.sorted { $0.name < $1.name }.map { JSON.Member($0.name, sorted($0.value)) })
    }

    @Test func `an item that is not there is made`() throws {
        try withOrders { client, server in
            let plain = try client.call("UpdateItem", Self.request(["ReturnValues": "ALL_NEW"]))
            #expect(plain.json?["Attributes"] == ["pk": ["S": "a"], "sk": ["N": "1"]])
            try client.call(
                "DeleteItem",
                ["TableName": "orders", "Key": ["pk": ["S": "a"], "sk": ["N": "1"]]])
            let added = Self.request([
                "UpdateExpression": "ADD n :n", "ExpressionAttributeValues": [":n": ["N": "7"]],
                "ReturnValues": "UPDATED_OLD",
            ])
            #expect(try client.call("UpdateItem", added).json == [:])
            #expect(server.count(of: "orders") == 1)
            #expect(try client.call("UpdateItem", added).json?["Attributes"] == ["n": ["N": "7"]])
            let page = try client.call("Scan", ["TableName": "orders"])
            #expect(page.json?["Items"]?.array?[0]["n"] == ["N": "14"])
        }
    }

    @Test func `an update is made only if its condition holds`() throws {
        try withOrders { client, server in
            let request = Self.request([
                "UpdateExpression": "SET v = :v", "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeValues": [":v": ["S": "v"]],
            ])
            let refused = try client.call("UpdateItem", request)
            #expect(refused.error == "ConditionalCheckFailedException")
            #expect(server.count(of: "orders") == 0)
            try client.call("PutItem", ["TableName": "orders", "Item": Self.stored])
            #expect(try client.call("UpdateItem", request).status == 200)
        }
    }

    @Test func `an update is paid by the larger item, and moves entries of indexes`() throws {
        var creation = Orders.creation
        creation["AttributeDefinitions"] = .array(
            (creation["AttributeDefinitions"]?.array ?? [])
                + [["AttributeName": "g", "AttributeType": "S"]])
        creation["GlobalSecondaryIndexes"] = [
            [
                "IndexName": "glob", "Projection": ["ProjectionType": "KEYS_ONLY"],
                "KeySchema": [["AttributeName": "g", "KeyType": "HASH"]],
            ]
        ]
        try withOrders(creation: creation) { client, _ in
            func units(_ extra: JSON) throws -> Double? {
                var request = Self.request(extra)
                request["ReturnConsumedCapacity"] = "INDEXES"
                return try client.call("UpdateItem", request)
                    .json?["ConsumedCapacity"]?["CapacityUnits"]?.double
            }
            let long = String(repeating: "x", count: 3000)
            let grow: JSON = [
                "UpdateExpression": "SET v = :v, g = :g",
                "ExpressionAttributeValues": [":v": ["S": .string(long)], ":g": ["S": "g"]],
            ]
            let shrink: [JSON] = ["REMOVE v", "REMOVE g"].map { ["UpdateExpression": $0] }
            let taken = try ([grow] + shrink).map(units)
            #expect(taken == [4, 3, 2])
            let wrong = Self.request([
                "UpdateExpression": "SET g = :g", "ExpressionAttributeValues": [":g": ["N": "1"]],
            ])
            let refused = try client.call("UpdateItem", wrong)
            #expect(refused.message.contains("Type mismatch for Index Key g"))
        }
    }

    @Test(
        arguments: [
            (
                ["UpdateExpression": ""],
                "Invalid UpdateExpression: The expression can not be empty;"
            ),
            (
                ["UpdateExpression": "SET pk = v"],
                "One or more parameter values were invalid: Cannot update attribute pk. This "
                    + "attribute is part of the key"
            ),
            (
                ["UpdateExpression": "SET k = v"],
                "The provided expression refers to an attribute that does not exist in the item"
            ),
            (
                ["UpdateExpression": "REMOVE v.a"],
                "The document path provided in the update expression is invalid for update"
            ),
            (
                ["UpdateExpression": "REMOVE a", "ConditionExpression": "a >"],
                "Invalid ConditionExpression: Syntax error; token: \"<EOF>\", near: \">\""
            ),
            (
                ["ExpressionAttributeValues": [":a": ["S": "a"]]],
                "ExpressionAttributeValues can only be specified when using expressions: "
                    + "UpdateExpression and ConditionExpression are null"
            ),
            (
                ["AttributeUpdates": [:]],
                "The embedded server does not support the parameter AttributeUpdates"
            ),
        ] as [(JSON, String)])
    func `a wrong update changes nothing`(extra: JSON, message: String) throws {
        try withOrders { client, server in
            let reply = try client.call("UpdateItem", Self.request(extra))
            #expect(reply.error == "ValidationException")
            #expect(reply.message == message)
            #expect(server.count(of: "orders") == 0)
        }
    }

    @Test func `an item does not grow beyond 400 KB`() throws {
        try withOrders { client, _ in
            let half = JSON.string(String(repeating: "x", count: 250_000))
            let values: JSON = [":h": ["S": half]]
            let first = Self.request([
                "UpdateExpression": "SET v = :h", "ExpressionAttributeValues": values,
            ])
            try client.call("UpdateItem", first)
            let second = Self.request([
                "UpdateExpression": "SET w = :h", "ExpressionAttributeValues": values,
            ])
            #expect(
                try client.call("UpdateItem", second).message
                    == "Item size to update has exceeded the maximum allowed size")
        }
    }

    @Test func `with numbers kept, what is not changed keeps its spelling`() throws {
        try withOrders(.with { $0.keepNumbers = true }) { client, _ in
            let item: JSON = ["pk": ["S": "a"], "sk": ["N": "1.0"], "n": ["N": "1.50"]]
            try client.call("PutItem", ["TableName": "orders", "Item": item])
            var request = Self.increment
            request["UpdateExpression"] = "SET #c = if_not_exists(#c, :zero) + :one"
            request["ReturnValues"] = "ALL_NEW"
            let reply = try client.call("UpdateItem", request)
            #expect(reply.json?["Attributes"]?["n"] == ["N": "1.50"])
            #expect(reply.json?["Attributes"]?["counter"] == ["N": "1"])
        }
    }
}
