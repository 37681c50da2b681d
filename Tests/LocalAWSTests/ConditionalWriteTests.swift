import JSON
import TestSupport
import Testing

@testable import LocalAWS

/// Writes that are made only if a condition holds for the item that is there.
@Suite(.timeLimit(.minutes(20))) struct ConditionalWriteTests {
    static let newOnly: JSON = [
        "TableName": "orders", "ConditionExpression": "attribute_not_exists(#k)",
        "ExpressionAttributeNames": ["#k": "pk"],
    ]

    private static func put(_ item: JSON, _ extra: JSON = newOnly) -> JSON {
        var request = extra
        request["Item"] = item
        return request
    }

    private static func units(_ server: LocalServer) -> Double? {
        server.meter["tables"]?["orders"]?["write_units"]?.double
    }

    @Test func `an item is put once by attribute_not_exists`() throws {
        try withOrders { client, server in
            let first = Self.put(Orders.item("a", 1, "old"))
            #expect(try client.call("PutItem", first).status == 200)
            let second = try client.call("PutItem", Self.put(Orders.item("a", 1, "new")))
            #expect(second.status == 400)
            #expect(second.error == "ConditionalCheckFailedException")
            #expect(second.message == "The conditional request failed")
            #expect(second.json?["Item"] == nil)
            #expect(try client.call("PutItem", Self.put(Orders.item("a", 2))).status == 200)
            let page = try client.call("Scan", ["TableName": "orders"])
            #expect(
                page.json?["Items"]?.array?.compactMap { $0["v"]?["S"]?.string } == ["old", "x"])
        }
    }

    @Test func `the item that was in the way is shown to whoever asks`() throws {
        try withOrders { client, _ in
            let item = Orders.item("a", 1, "old")
            try client.call("PutItem", Self.put(item))
            var request = Self.put(Orders.item("a", 1, "new"))
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
            #expect(try client.call("PutItem", request).json?["Item"] == item)
            request["ReturnValuesOnConditionCheckFailure"] = "ALL"
            #expect(
                try client.call("PutItem", request).message.hasSuffix(
                    "Member must satisfy enum value set: [ALL_OLD, NONE]"))
        }
    }

    @Test func `a delete may have a condition too, and returns what it deleted`() throws {
        try withOrders { client, server in
            let item = Orders.item("a", 1, "old")
            #expect(try client.call("PutItem", Self.put(item)).status == 200)
            var request: JSON = [
                "TableName": "orders", "Key": ["pk": ["S": "a"], "sk": ["N": "1"]],
                "ConditionExpression": "v = :v", "ExpressionAttributeValues": [":v": ["S": "new"]],
                "ReturnValues": "ALL_OLD", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            ]
            let refused = try client.call("DeleteItem", request)
            #expect(refused.error == "ConditionalCheckFailedException")
            #expect(refused.json?["Item"] == item)
            #expect(server.count(of: "orders") == 1)
            request["ExpressionAttributeValues"] = [":v": ["S": "old"]]
            let done = try client.call("DeleteItem", request)
            #expect(done.json?["Attributes"] == item)
            #expect(server.count(of: "orders") == 0)
            #expect(
                try client.call("DeleteItem", request).error == "ConditionalCheckFailedException")
        }
    }

    @Test func `a write that fails its condition is paid by what is there`() throws {
        try withOrders { client, server in
            let large = Orders.item("a", 1, String(repeating: "x", count: 3000))
            #expect(try client.call("PutItem", Self.put(large)).status == 200)
            let before = try #require(Self.units(server))
            #expect(try client.call("PutItem", Self.put(Orders.item("a", 1))).status == 400)
            #expect(Self.units(server) == before + 3)
            var request = Self.put(Orders.item("b", 1))
            request["ConditionExpression"] = "attribute_exists(#k)"
            #expect(try client.call("PutItem", request).status == 400)
            #expect(Self.units(server) == before + 4)
        }
    }

    @Test(
        arguments: [
            (
                ["ConditionExpression": ""],
                "Invalid ConditionExpression: The expression can not be empty;"
            ),
            (
                ["ConditionExpression": "v = 1"],
                "Invalid ConditionExpression: Syntax error; token: \"1\", near: \"= 1\""
            ),
            (
                ["ExpressionAttributeNames": ["#a": "a"]],
                "ExpressionAttributeNames can only be specified when using expressions"
            ),
            (
                ["ExpressionAttributeValues": [":a": ["S": "a"]]],
                "ExpressionAttributeValues can only be specified when using expressions: "
                    + "ConditionExpression is null"
            ),
            (
                ["ConditionExpression": "v = v", "ExpressionAttributeNames": [:]],
                "ExpressionAttributeNames must not be empty"
            ),
            (
                ["ConditionExpression": "v = v", "ExpressionAttributeValues": [:]],
                "ExpressionAttributeValues must not be empty"
            ),
            (
                ["ConditionExpression": "v = v", "ExpressionAttributeNames": ["a": "a"]],
                "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\""
            ),
            (
                [
                    "ConditionExpression": "v = v",
                    "ExpressionAttributeValues": [":a-b": ["S": "a"]],
                ],
                "ExpressionAttributeValues contains invalid key: Syntax error; key: \":a-b\""
            ),
            (
                ["ConditionExpression": "v = :a", "ExpressionAttributeValues": [":a": ["N": "x"]]],
                "ExpressionAttributeValues contains invalid value: The parameter cannot be "
                    + "converted to a numeric value: x for key :a"
            ),
            (
                [
                    "ConditionExpression": "attribute_exists(v)",
                    "ExpressionAttributeNames": ["#b": "b", "#a": "a"],
                ],
                "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"
            ),
            (
                [
                    "ConditionExpression": "attribute_exists(v)",
                    "ExpressionAttributeValues": [":a": ["S": "a"]],
                ],
                "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"
            ),
            (
                ["ConditionExpression": "attribute_exists(pk.a)"],
                "Key attributes must be scalars; list random access '[]' and map lookup '.' are "
                    + "not allowed: Key: pk"
            ),
            (["Expected": [:]], "The embedded server does not support the parameter Expected"),
        ] as [(JSON, String)])
    func `a request that is wrong is refused and writes nothing`(
        extra: JSON, message: String
    ) throws {
        try withOrders { client, server in
            var request = Self.put(Orders.item("a", 1), extra)
            request["TableName"] = "orders"
            let reply = try client.call("PutItem", request)
            #expect(reply.error == "ValidationException")
            #expect(reply.message == message)
            #expect(server.count(of: "orders") == 0)
        }
    }
}
