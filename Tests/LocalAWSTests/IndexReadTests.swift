import JSON
import Pacing
import System
import TestSupport
import Testing

@testable import LocalAWS

/// What is in a secondary index, and in which order.
@Suite(.timeLimit(.minutes(20))) struct IndexReadTests {
    private func withVisits(
        _ items: [JSON], _ body: (RawClient, LocalServer) throws -> Void
    ) throws {
        try withOrders(creation: Visits.creation) { client, server in
            for item in items {
                let reply = try client.call("PutItem", ["TableName": "visits", "Item": item])
                #expect(reply.status == 200, "\(reply.text)")
            }
            try body(client, server)
        }
    }

    private static let items: [JSON] = [
        Visits.item(
            "p", "1",
            [
                "city": ["S": "Rome"], "seen": ["N": "3"], "code": ["B": "AP8="],
                "v": ["S": "first"], "w": ["S": "w"],
            ]),
        Visits.item(
            "p", "2", ["city": ["S": "Rome"], "seen": ["N": "-1"], "score": ["N": "7"]]),
        Visits.item("q", "3", ["city": ["S": "Rome"], "seen": ["N": "3"], "v": ["S": "third"]]),
        Visits.item("q", "4", ["city": ["S": "Oslo"]]), Visits.item("q", "5"),
    ]

    @Test func `an index holds the items that have its key, and of them what it projects`() throws {
        try withVisits(Self.items) { client, _ in
            func items(_ request: JSON, _ operation: String = "Query") throws -> [JSON] {
                let reply = try client.call(operation, request)
                #expect(reply.status == 200, "\(reply.text)")
                return reply.json?["Items"]?.array ?? []
            }
            let rome: JSON = ["S": "Rome"]
            #expect(
                try client.places(Visits.query("city = :a", [rome], index: "by-city"))
                    == ["2", "1", "3"])
            #expect(
                try items(Visits.query("code = :a", [["B": "AP8="]], index: "by-code"))
                    == [Visits.item("p", "1", ["code": ["B": "AP8="]])])
            #expect(
                try items(Visits.query("city = :a", [rome], index: "by-score"))
                    == [Visits.item("p", "2", ["city": rome, "score": ["N": "7"]])])
            var local = Visits.query("pk = :a AND seen > :b", [["S": "p"], ["N": "0"]])
            local["IndexName"] = "by-time"
            #expect(
                try items(local)
                    == [Visits.item("p", "1", ["seen": ["N": "3"], "v": ["S": "first"]])])
            local["Select"] = "ALL_ATTRIBUTES"
            #expect(try items(local) == [Self.items[0]])
            let scan: JSON = ["TableName": "visits", "IndexName": "by-code"]
            let scanned = try items(scan, "Scan")
            #expect(scanned.count == 1)
        }
    }

    /// The filter of a read of an index sees what the index has.
    @Test func `a filter sees what the index projects`() throws {
        try withVisits(Self.items) { client, _ in
            var request = Visits.query("pk = :a", [["S": "p"]], index: "by-time")
            request["FilterExpression"] = "attribute_exists(v)"
            let projected = try client.places(request)
            #expect(projected == ["1"])
            request["FilterExpression"] = "attribute_exists(w)"
            #expect(try client.places(request) == [])
            request["Select"] = "ALL_ATTRIBUTES"
            #expect(try client.places(request) == ["1"])
        }
    }

    @Test func `writes move entries, and items that lose their key leave the index`() throws {
        try withVisits(Self.items) { client, _ in
            let rome = Visits.query("city = :a", [["S": "Rome"]], index: "by-city")
            let oslo = Visits.query("city = :a", [["S": "Oslo"]], index: "by-city")
            #expect(try client.places(oslo) == [])
            func update(_ partition: String, _ place: String, _ text: String, _ values: JSON)
                throws
            {
                var request: JSON = [
                    "TableName": "visits", "UpdateExpression": .string(text),
                    "Key": Visits.item(partition, place),
                ]
                if values != [:] { request["ExpressionAttributeValues"] = values }
                let reply = try client.call("UpdateItem", request)
                #expect(reply.status == 200, "\(reply.text)")
            }
            try update("q", "4", "SET seen = :a", [":a": ["N": "1"]])
            try update("p", "1", "SET city = :c, w = :w", [":c": ["S": "Oslo"], ":w": ["S": "x"]])
            try update("p", "2", "REMOVE seen", [:])
            #expect(try client.places(oslo) == ["4", "1"])
            #expect(try client.places(rome) == ["3"])
            try client.call(
                "DeleteItem", ["TableName": "visits", "Key": Visits.item("q", "3")])
            #expect(try client.places(rome) == [])
            try client.call(
                "BatchWriteItem",
                [
                    "RequestItems": [
                        "visits": [
                            ["PutRequest": ["Item": Self.items[1]]],
                            ["DeleteRequest": ["Key": Visits.item("p", "1")]],
                        ]
                    ]
                ])
            #expect(try client.places(rome) == ["2"])
            #expect(try client.places(oslo) == ["4"])
        }
    }

    @Test func `an index that is being built can't be read yet`() throws {
        let time = ManualTime()
        var options = ServerOptions.with { $0.time = time }
        options.phaseDuration = .seconds(2)
        try withOrders(options) { client, _ in
            time.advance(by: .seconds(3))
            try client.call("PutItem", ["TableName": "orders", "Item": Orders.item("a", 1)])
            let creation: JSON = [
                "TableName": "orders",
                "AttributeDefinitions": [["AttributeName": "v", "AttributeType": "S"]],
                "GlobalSecondaryIndexUpdates": [["Create": TableClient.index("by-v", "v")]],
            ]
            #expect(try client.call("UpdateTable", creation).status == 200)
            var request = Visits.query("v = :a", [["S": "x"]], index: "by-v")
            request["TableName"] = "orders"
            #expect(
                try client.call("Query", request).message
                    == "Cannot read from backfilling global secondary index: by-v")
            time.advance(by: .seconds(2))
            #expect(try client.call("Query", request).json?["Count"]?.int == 1)
            let deletion: JSON = [
                "TableName": "orders",
                "GlobalSecondaryIndexUpdates": [["Delete": ["IndexName": "by-v"]]],
            ]
            #expect(try client.call("UpdateTable", deletion).status == 200)
            #expect(
                try client.call("Query", request).message
                    == "The table does not have the specified index: by-v")
        }
    }

    @Test func `a key of several attributes is tested from the left`() throws {
        var creation = Orders.creation
        let names = ["a", "b", "x", "y", "z"]
        creation["AttributeDefinitions"] = .array(
            (creation["AttributeDefinitions"]?.array ?? [])
                + names.map { ["AttributeName": .string($0), "AttributeType": "S"] })
        creation["GlobalSecondaryIndexes"] = [
            [
                "IndexName": "many", "Projection": ["ProjectionType": "ALL"],
                "KeySchema": .array(
                    names.map {
                        [
                            "AttributeName": .string($0),
                            "KeyType": $0 < "x" ? "HASH" : "RANGE",
                        ]
                    }),
            ]
        ]
        try withOrders(creation: creation) { client, _ in
            for (place, values) in [
                ["a", "b", "1", "1", "1"], ["a", "b", "1", "2", "0"], ["a", "b", "1", "2", "00"],
                ["a", "b", "11", "0", "0"], ["ab", "", "1", "1", "1"], ["ab", "b", "1", "1", "1"],
            ].enumerated() where !values.contains("") {
                var item = Orders.item("p", place)
                for (name, value) in zip(names, values) { item[name] = ["S": .string(value)] }
                try client.call("PutItem", ["TableName": "orders", "Item": item])
            }
            func places(_ condition: String, _ values: [String]) throws -> [String] {
                var request = Visits.query(
                    condition, values.map { .object([.init("S", .string($0))]) }, index: "many")
                request["TableName"] = "orders"
                let reply = try client.call("Query", request)
                return reply.json?["Items"]?.array?.map { $0["sk"]?["N"]?.string ?? "" }
                    ?? [reply.message]
            }
            #expect(try places("a = :a AND b = :b", ["a", "b"]) == ["0", "1", "2", "3"])
            #expect(
                try places("a = :a AND b = :b AND x = :c", ["a", "b", "1"]) == ["0", "1", "2"])
            #expect(
                try places("a = :a AND b = :b AND x = :c AND y > :d", ["a", "b", "1", "1"])
                    == ["1", "2"])
            #expect(
                try places("a = :a AND b = :b AND begins_with(x, :c)", ["a", "b", "1"])
                    == ["0", "1", "2", "3"])
            #expect(
                try places("a = :a", ["a"]) == ["Query condition missed key schema element: b"])
            #expect(
                try places("a = :a AND b = :b AND z = :c", ["a", "b", "1"]) == [
                    "RANGE key attributes x, y must have equality conditions specified in the "
                        + "query because a condition is present on key attribute z"
                ])
        }
    }

    /// Goal: reads of an index that comes and goes, while its table is written, find whole entries
    /// or say why they find none; at the end the index agrees with the items. Method: writers
    /// without pause, and an index that is made, read and dropped again and again.
    @Test func `an index is read right while it comes and goes and is written`() throws {
        try withOrders { client, server in
            let table = TableClient(client: client)
            let writers = try (0..<2).map { writer in
                let own = try RawClient(port: server.port)
                return BackgroundWriter(client: own, seed: UInt64(writer))
            }
            let creation: JSON = [
                "AttributeDefinitions": [["AttributeName": "city", "AttributeType": "S"]],
                "GlobalSecondaryIndexUpdates": [["Create": TableClient.index("by-city", "city")]],
            ]
            let deletion: JSON = [
                "GlobalSecondaryIndexUpdates": [["Delete": ["IndexName": "by-city"]]]
            ]
            var request = Visits.query("city = :a", [["S": "c1"]], index: "by-city")
            request["TableName"] = "orders"
            for round in 0..<20 {
                #expect(try table.update(creation).status == 200)
                for _ in 0..<5 {
                    let page = try client.call("Query", request)
                    let items = page.json?["Items"]?.array
                    #expect(items?.allSatisfy { $0["city"]?["S"]?.string == "c1" } == true)
                }
                if round == 19 { break }
                #expect(try table.update(deletion).status == 200)
                #expect(try client.call("Query", request).status == 400)
            }
            for writer in writers { #expect(writer.finish() > 0) }
            let items = try server.items(of: "orders").map { try JSON(parsing: $0) }
            let wanted = items.filter { $0["city"]?["S"]?.string == "c1" }
            #expect(try client.call("Query", request).json?["Count"]?.int == wanted.count)
        }
    }
}
