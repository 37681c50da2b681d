import DynamoModel
import JSON
import Pacing
import System
import TestSupport
import Testing

@testable import LocalAWS

/// Global indexes that come and go while their table holds items.
@Suite(.timeLimit(.minutes(20))) struct IndexCreationTests {
    /// A table with items 1 to 4, whose changes take two seconds of a clock that stands still: of
    /// them 1 and 2 have a city, 3 has a number there, 4 an empty text.
    private func withCities(
        liveCounts: Bool = false,
        _ body: (_ table: TableClient, _ client: RawClient, _ wait: () -> Void) throws -> Void
    ) throws {
        let time = ManualTime()
        var options = ServerOptions.with {
            $0.time = time
            $0.liveCounts = liveCounts
        }
        options.phaseDuration = .seconds(2)
        try withOrders(options) { client, _ in
            time.advance(by: .seconds(3))
            let cities: [JSON] = [["S": "Rome"], ["S": "Oslo"], ["N": "7"], ["S": ""]]
            let items = cities.enumerated().map { place, city -> JSON in
                var item = Orders.item("p", place)
                item["city"] = city
                return item
            }
            #expect(try client.call("BatchWriteItem", Orders.puts(items)).status == 200)
            try body(TableClient(client: client), client) { time.advance(by: .seconds(1)) }
        }
    }

    private static func creation(
        _ name: String = "by-city", key: String = "city", type: String = "S"
    ) -> JSON {
        [
            "AttributeDefinitions": [
                ["AttributeName": .string(key), "AttributeType": .string(type)]
            ],
            "GlobalSecondaryIndexUpdates": [["Create": TableClient.index(name, key)]],
        ]
    }

    private static func deletion(_ name: String = "by-city") -> JSON {
        ["GlobalSecondaryIndexUpdates": [["Delete": ["IndexName": .string(name)]]]]
    }

    @Test func `an index is allocated, filled with the items that fit, then there`() throws {
        try withCities { table, client, wait in
            let reply = try table.update(Self.creation()).json?["TableDescription"]
            #expect(reply?["TableStatus"]?.string == "UPDATING")
            func status() throws -> [JSON?] {
                let index = try table.index("by-city")
                return [
                    try table.describe()["TableStatus"], index?["IndexStatus"],
                    index?["Backfilling"], index?["ItemCount"],
                ]
            }
            #expect(try status() == ["UPDATING", "CREATING", false, 0])
            wait()
            #expect(try status() == ["ACTIVE", "CREATING", true, 0])
            #expect(
                try table.delete().message.hasSuffix(
                    "Cannot delete table while indexes are being created, updated, or deleted."))
            wait()
            #expect(try status() == ["ACTIVE", "ACTIVE", nil, 2])
            #expect(
                try table.index("by-city")?["IndexArn"]?.string
                    == "arn:aws:dynamodb:us-east-1:000000000000:table/orders/index/by-city")
            #expect(try table.describe()["AttributeDefinitions"]?.array?.count == 3)

            // What stays in the table can't be written again as it is.
            var item = Orders.item("p", 2)
            item["city"] = ["N": "7"]
            let refused = try client.call("BatchWriteItem", Orders.puts([item]))
            #expect(refused.message.contains("Type mismatch for Index Key city"))
            item["city"] = ["S": "Bonn"]
            let accepted = try client.call("BatchWriteItem", Orders.puts([item]))
            let used = accepted.json?["ConsumedCapacity"]?.array?[0]
            #expect(
                used?["GlobalSecondaryIndexes"]?["by-city"]?["CapacityUnits"]?.double == 1)
        }
    }

    @Test func `an index goes with the attributes that only it used, and may come back`() throws {
        try withCities(liveCounts: true) { table, _, wait in
            for _ in 0..<2 {
                #expect(try table.update(Self.creation()).status == 200)
                wait()
                wait()
                #expect(try table.index("by-city")?["ItemCount"]?.int == 2)
                let reply = try table.update(Self.deletion()).json?["TableDescription"]
                #expect(reply?["TableStatus"]?.string == "UPDATING")
                #expect(
                    reply?["GlobalSecondaryIndexes"]?.array?.first?["IndexStatus"]?.string
                        == "DELETING")
                wait()
                wait()
                #expect(try table.describe()["GlobalSecondaryIndexes"] == nil)
                #expect(try table.describe()["AttributeDefinitions"]?.array?.count == 2)
            }
            let reply = try table.update(Self.creation(type: "N"))
            #expect(reply.status == 200, "\(reply.text)")
            #expect(try table.index("by-city")?["ItemCount"]?.int == 1)
        }
    }

    @Test func `one index at a time`() throws {
        try withCities { table, _, wait in
            var two = Self.creation()
            let second = Self.creation("by-v", key: "v")
            two["AttributeDefinitions"] = .array(
                (two["AttributeDefinitions"]?.array ?? [])
                    + (second["AttributeDefinitions"]?.array ?? []))
            two["GlobalSecondaryIndexUpdates"] = .array(
                (two["GlobalSecondaryIndexUpdates"]?.array ?? [])
                    + (second["GlobalSecondaryIndexUpdates"]?.array ?? []))
            let refusal = try table.update(two)
            #expect(refusal.error == "LimitExceededException")
            #expect(refusal.message.contains("Only 1 online index"))
            try table.update(Self.creation())
            #expect(try table.update(second).error == "LimitExceededException")
            #expect(
                try table.update(Self.deletion()).message.contains("resource allocation phase"))
            wait()
            #expect(try table.update(second).error == "LimitExceededException")
            #expect(try table.update(Self.deletion()).status == 200)
            #expect(try table.update(second).error == "LimitExceededException")
            wait()
            wait()
            #expect(try table.update(second).status == 200)
        }
    }

    @Test func `updates of indexes that make no sense are refused`() throws {
        try withCities { table, _, wait in
            try table.update(Self.creation())
            wait()
            wait()
            let create: JSON = ["Create": TableClient.index("by-x", "x")]
            let cases: [(JSON, String, String)] = [
                (Self.creation(), "ValidationException", "index which already exists"),
                (Self.deletion("none"), "ResourceNotFoundException", "Index none for table orders"),
                (["GlobalSecondaryIndexUpdates": []], "ValidationException", "is empty"),
                (["GlobalSecondaryIndexUpdates": [[:]]], "ValidationException", "must not be null"),
                (
                    ["GlobalSecondaryIndexUpdates": [create]], "ValidationException",
                    "AttributeDefinitions is not specified for index: by-x"
                ),
                (
                    ["AttributeDefinitions": [], "GlobalSecondaryIndexUpdates": [create]],
                    "ValidationException", "not defined in AttributeDefinitions"
                ),
                (
                    [
                        "GlobalSecondaryIndexUpdates": [
                            ["Delete": ["IndexName": "by-city"]],
                            ["Update": ["IndexName": "by-city"]],
                        ]
                    ], "ValidationException", "Only one global secondary index update per index"
                ),
            ]
            for (body, error, fragment) in cases {
                let reply = try table.update(body)
                #expect(reply.error == error)
                #expect(reply.message.contains(fragment), "\(reply.text)")
            }
        }
    }

    /// Goal: indexes agree with the items whatever happened meanwhile. Method: writers put and
    /// delete without pause while an index comes and goes; at the end every count is what a fresh
    /// count of the items gives.
    @Test func `items written while an index comes and goes are counted right`() throws {
        let options = ServerOptions.with { $0.liveCounts = true }
        try withOrders(options) { client, server in
            let table = TableClient(client: client)
            let writers = try (0..<3).map { writer in
                let own = try RawClient(port: server.port)
                return BackgroundWriter(client: own, seed: UInt64(writer))
            }
            for _ in 0..<30 {
                #expect(try table.update(Self.creation()).status == 200)
                #expect(try table.update(Self.deletion()).status == 200)
            }
            #expect(try table.update(Self.creation()).status == 200)
            for writer in writers { #expect(writer.finish() > 0) }
            let items = try server.items(of: "orders").map { try JSON(parsing: $0) }
            let indexed = items.filter { $0["city"]?["S"]?.string?.isEmpty == false }
            let described = try table.index("by-city")
            #expect(described?["ItemCount"]?.int == indexed.count)
            #expect(try table.describe()["ItemCount"]?.int == items.count)
            #expect(described?["IndexSizeBytes"]?.int == indexed.map(Self.size).reduce(0, +))
        }
    }

    private static func size(_ item: JSON) -> Int {
        (try? Item(item)).map(ItemSize.of) ?? 0
    }
}
