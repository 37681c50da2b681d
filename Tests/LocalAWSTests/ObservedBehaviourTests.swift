import JSON
import System
import TestSupport
import Testing

@testable import LocalAWS

/// Small things that others have observed of the service, each of which some client relies on.
@Suite(.timeLimit(.minutes(20))) struct ObservedBehaviourTests {
    // MARK: Items

    @Test(arguments: ["REMOVE v", "DELETE v :v", "REMOVE v, w DELETE x :v"])
    func `an update that only removes makes no item`(text: String) throws {
        try withOrders { client, server in
            var request: JSON = [
                "TableName": "orders", "UpdateExpression": .string(text),
                "Key": ["pk": ["S": "a"], "sk": ["N": "1"]], "ReturnValues": "ALL_NEW",
                "ReturnConsumedCapacity": "TOTAL",
            ]
            if text.contains(":v") {
                request["ExpressionAttributeValues"] = [":v": ["SS": ["x"]]]
            }
            let reply = try client.call("UpdateItem", request)
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.json?["Attributes"] == nil)
            #expect(reply.json?["ConsumedCapacity"]?["CapacityUnits"]?.double == 1)
            #expect(server.count(of: "orders") == 0)
            #expect(server.meter["tables"]?["orders"]?["items_written"]?.int == 0)
        }
    }

    @Test func `elements behind a list's end are appended in the order of their numbers`() throws {
        try withOrders { client, _ in
            var item = Orders.item("a", 1)
            item["a"] = ["L": []]
            try client.call("PutItem", ["TableName": "orders", "Item": item])
            let reply = try client.call(
                "UpdateItem",
                [
                    "TableName": "orders", "UpdateExpression": "SET a[9] = :x, k = :x, a[2] = :y",
                    "Key": ["pk": ["S": "a"], "sk": ["N": "1"]], "ReturnValues": "ALL_NEW",
                    "ExpressionAttributeValues": [":x": ["S": "x"], ":y": ["S": "y"]],
                ])
            #expect(reply.json?["Attributes"]?["a"] == ["L": [["S": "y"], ["S": "x"]]])
        }
    }

    @Test(arguments: ["0e126", "0E+200", "0.0e-131", "-0e999999999"])
    func `a zero's exponent must be in range too`(text: String) throws {
        try withOrders { client, _ in
            var item = Orders.item("a", 1)
            item["n"] = ["N": .string(text)]
            let reply = try client.call("PutItem", ["TableName": "orders", "Item": item])
            #expect(reply.error == "ValidationException")
            #expect(reply.message.hasPrefix("Number "), "\(reply.message)")
            item["n"] = ["N": "0e125"]
            #expect(
                try client.call("PutItem", ["TableName": "orders", "Item": item]).status == 200)
        }
    }

    /// The service compares the keys of a BatchGetItem as they are written.
    @Test func `one number written in two ways makes two keys of a batch`() throws {
        try withOrders { client, _ in
            try client.call(
                "PutItem", ["TableName": "orders", "Item": Orders.item("a", 1000)])
            func batch(_ numbers: [String]) throws -> RawClient.Reply {
                let keys = numbers.map { number -> JSON in
                    ["pk": ["S": "a"], "sk": ["N": .string(number)]]
                }
                return try client.call(
                    "BatchGetItem", ["RequestItems": ["orders": ["Keys": .array(keys)]]])
            }
            let both = try batch(["1000", "1e3"])
            #expect(both.json?["Responses"]?["orders"]?.array?.count == 2, "\(both.text)")
            #expect(try batch(["1e3", "1e3"]).message.contains("contains duplicates"))
        }
    }

    // MARK: Expressions

    @Test func `a document path has at most 32 levels`() throws {
        try withOrders { client, _ in
            func update(levels: Int) throws -> RawClient.Reply {
                let path = "v" + String(repeating: ".a", count: levels - 1)
                return try client.call(
                    "UpdateItem",
                    [
                        "TableName": "orders", "Key": ["pk": ["S": "a"], "sk": ["N": "1"]],
                        "UpdateExpression": .string("SET k = if_not_exists(\(path), :v)"),
                        "ExpressionAttributeValues": [":v": ["S": "x"]],
                    ])
            }
            #expect(try update(levels: 32).status == 200)
            let refused = try update(levels: 33)
            #expect(refused.message.hasSuffix("nesting levels: 33"), "\(refused.text)")
            for member in ["FilterExpression", "ProjectionExpression"] {
                let path = "v" + String(repeating: "[0]", count: 32)
                let text = member == "FilterExpression" ? "attribute_exists(\(path))" : path
                let reply = try client.call(
                    "Scan",
                    .object([
                        .init("TableName", "orders"), .init(member, .string(text)),
                    ]))
                #expect(reply.message.hasPrefix("Invalid \(member): "), "\(reply.text)")
            }
        }
    }

    @Test func `an attribute's name has at most 65,535 bytes wherever it stands`() throws {
        try withOrders { client, _ in
            func scan(_ count: Int) throws -> RawClient.Reply {
                try client.call(
                    "Scan",
                    [
                        "TableName": "orders", "ProjectionExpression": "#a",
                        "ExpressionAttributeNames": [
                            "#a": .string(String(repeating: "x", count: count))
                        ],
                    ])
            }
            #expect(try scan(65_535).status == 200)
            #expect(try scan(65_536).error == "ValidationException")
            var item = Orders.item("a", 1)
            item[String(repeating: "x", count: 65_536)] = ["S": "x"]
            let put = try client.call("PutItem", ["TableName": "orders", "Item": item])
            #expect(put.error == "ValidationException")
        }
    }

    @Test func `a name begins with a letter, unless it stands behind an alias`() throws {
        try withOrders { client, _ in
            let bare = try client.call(
                "Scan", ["TableName": "orders", "ProjectionExpression": "_a"])
            #expect(
                bare.message.hasPrefix(
                    "Invalid ProjectionExpression: Syntax error; token: \"_\""), "\(bare.text)")
            let alias = try client.call(
                "Scan",
                [
                    "TableName": "orders", "ProjectionExpression": "#_a, a_b",
                    "ExpressionAttributeNames": ["#_a": "_a"],
                ])
            #expect(alias.status == 200, "\(alias.text)")
        }
    }

    // MARK: Bodies

    private static func packed(_ bytes: [UInt8]) -> [UInt8] {
        var packed = ByteStorage()
        bytes.withUnsafeBytes { Zlib.gzip($0, into: &packed) }
        return Array(packed.bytes)
    }

    @Test func `a gzip body may have several members`() throws {
        try withOrders { client, _ in
            let parts = ["{\"TableNa", "", "me\":\"orders\"}"].map { Self.packed(Array($0.utf8)) }
            let body = Array(parts.joined())
            try client.send(
                RawClient.request("Scan", body, headers: ["Content-Encoding: gzip"]))
            #expect(try client.reply().json?["Count"]?.int == 0)
            try client.send(
                RawClient.request("Scan", body + [0], headers: ["Content-Encoding: gzip"]))
            #expect(try client.reply().status == 500)
        }
    }

    @Test func `a gzip body inflates to 16 MB at most`() throws {
        try withOrders { client, _ in
            let limit = 16 << 20
            for (count, status) in [(limit, 200), (limit + 1, 413)] {
                let text = "{\"TableName\":\"orders\"}"
                let body =
                    Array(text.utf8)
                    + [UInt8](
                        repeating: 0x20, count: count - text.utf8.count)
                let own = try RawClient(port: client.port)
                try own.send(
                    RawClient.request(
                        "Scan", Self.packed(body), headers: ["Content-Encoding: gzip"]))
                #expect(try own.reply().status == status)
            }
        }
    }

    // MARK: Tables

    @Test(arguments: [
        ("ab", ["Member must have length greater than or equal to 3"]),
        (String(repeating: "x", count: 256), ["Member must have length less than or equal to 255"]),
        ("no spaces", ["Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"]),
        (
            "ü",
            [
                "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
                "Member must have length greater than or equal to 3",
            ]
        ),
    ])
    func `a table's name is refused in the words of the model`(
        name: String, rules: [String]
    ) throws {
        try withOrders { client, _ in
            let reply = try client.call("Scan", ["TableName": .string(name)])
            let failures = rules.map {
                "Value '\(name)' at 'tableName' failed to satisfy constraint: \($0)"
            }
            let count = rules.count == 1 ? "1 validation error" : "\(rules.count) validation errors"
            #expect(reply.message == "\(count) detected: \(failures.joined(separator: "; "))")
        }
    }

    @Test func `the reply to DeleteTable tells of no indexes`() throws {
        try withOrders(creation: Visits.creation) { client, _ in
            let reply = try client.call("DeleteTable", ["TableName": "visits"])
            let table = try #require(reply.json?["TableDescription"])
            #expect(table["TableStatus"]?.string == "DELETING")
            #expect(table["GlobalSecondaryIndexes"] == nil)
            #expect(table["LocalSecondaryIndexes"] == nil)
        }
    }

    @Test func `an index can't give an attribute another type`() throws {
        try withOrders(creation: Visits.creation) { client, _ in
            let reply = try client.call(
                "UpdateTable",
                [
                    "TableName": "visits",
                    "AttributeDefinitions": [["AttributeName": "city", "AttributeType": "N"]],
                    "GlobalSecondaryIndexUpdates": [
                        [
                            "Create": [
                                "IndexName": "again", "Projection": ["ProjectionType": "ALL"],
                                "KeySchema": [["AttributeName": "city", "KeyType": "HASH"]],
                            ]
                        ]
                    ],
                ])
            #expect(reply.error == "ValidationException")
            #expect(reply.message.contains("conflicting types"), "\(reply.text)")
        }
    }

    @Test(arguments: [["v", "v"], ["v", 7], [""], [nil]] as [[JSON?]])
    func `an index projects names, each once`(names: [JSON?]) throws {
        try withServer(.with { _ in }) { server in
            var creation = Visits.creation
            let named: JSON = [
                "ProjectionType": "INCLUDE",
                "NonKeyAttributes": .array(names.map { $0 ?? .null }),
            ]
            var indexes = creation["LocalSecondaryIndexes"]?.array ?? []
            indexes[0]["Projection"] = named
            creation["LocalSecondaryIndexes"] = .array(indexes)
            let reply = try RawClient(port: server.port).call("CreateTable", creation)
            #expect(reply.error == "ValidationException", "\(reply.text)")
            #expect(reply.message.contains("onKeyAttributes"), "\(reply.text)")
        }
    }
}
