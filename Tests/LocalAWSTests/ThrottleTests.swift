import DynamoModel
import JSON
import Pacing
import TestSupport
import Testing

@testable import LocalAWS

/// Capacity as a client meets it, while time stands still.
@Suite(.timeLimit(.minutes(20))) struct ThrottleTests {
    @Test func `over capacity, a batch comes back in part; with nothing left it is refused`() throws
    {
        let time = ManualTime()
        let options = ServerOptions.with {
            $0.capacity = .model
            $0.burstSeconds = 0
            $0.time = time
        }
        var creation = Orders.creation
        creation["BillingMode"] = nil
        creation["ProvisionedThroughput"] = ["ReadCapacityUnits": 10, "WriteCapacityUnits": 15]
        try withOrders(options, creation: creation) { client, server in
            let batch = Orders.puts((0..<25).map { Orders.item("p\($0)", $0) })
            let first = try client.call("BatchWriteItem", batch)
            let left = first.json?["UnprocessedItems"]?["orders"]?.array ?? []
            #expect(left.count == 10)
            #expect(server.count(of: "orders") == 15)
            let refused = try client.call("BatchWriteItem", batch)
            #expect(refused.error == "ProvisionedThroughputExceededException")
            let reason = refused.json?["ThrottlingReasons"]?.array?.first
            #expect(reason?["reason"]?.string == "TableWriteProvisionedThroughputExceeded")
            #expect(
                reason?["resource"]?.string
                    == "arn:aws:dynamodb:us-east-1:000000000000:table/orders")
            time.advance(by: .seconds(1))
            let again = try client.call(
                "BatchWriteItem", ["RequestItems": ["orders": .array(left)]])
            #expect(again.json?["UnprocessedItems"] == [:])
            #expect(server.count(of: "orders") == 25)
        }
    }

    @Test func `a scan is throttled whole and goes on a second later`() throws {
        let time = ManualTime()
        let options = ServerOptions.with {
            $0.capacity = .model
            $0.burstSeconds = 0
            $0.time = time
        }
        var creation = Orders.creation
        creation["BillingMode"] = nil
        creation["ProvisionedThroughput"] = ["ReadCapacityUnits": 3, "WriteCapacityUnits": 500]
        try withOrders(options, creation: creation) { client, _ in
            let text = String(repeating: "x", count: 8000)
            try client.call(
                "BatchWriteItem", Orders.puts((0..<4).map { Orders.item("p\($0)", $0, text) }))
            // 32 KB, eventually consistent: 4 units on 3 a second, so one is owed.
            #expect(try client.call("Scan", ["TableName": "orders"]).status == 200)
            let refused = try client.call("Scan", ["TableName": "orders"])
            #expect(refused.error == "ProvisionedThroughputExceededException")
            time.advance(by: .seconds(1))
            #expect(try client.call("Scan", ["TableName": "orders"]).status == 200)
        }
    }

    @Test func `an index that is too slow throttles the table and is named`() throws {
        let options = ServerOptions.with {
            $0.capacity = .model
            $0.burstSeconds = 0
            $0.time = ManualTime()
        }
        var creation = Orders.creation
        creation["BillingMode"] = nil
        creation["ProvisionedThroughput"] = ["ReadCapacityUnits": 100, "WriteCapacityUnits": 100]
        creation["GlobalSecondaryIndexes"] = [
            [
                "IndexName": "slow", "Projection": ["ProjectionType": "ALL"],
                "KeySchema": [["AttributeName": "sk", "KeyType": "HASH"]],
                "ProvisionedThroughput": ["ReadCapacityUnits": 1, "WriteCapacityUnits": 2],
            ]
        ]
        try withOrders(options, creation: creation) { client, _ in
            let reply = try client.call(
                "BatchWriteItem", Orders.puts((0..<5).map { Orders.item("p\($0)", $0) }))
            #expect(reply.json?["UnprocessedItems"]?["orders"]?.array?.count == 3)
            let used = reply.json?["ConsumedCapacity"]?.array?[0]
            #expect(used?["GlobalSecondaryIndexes"]?["slow"]?["CapacityUnits"]?.double == 2)
            let refused = try client.call(
                "PutItem", ["TableName": "orders", "Item": Orders.item("q", 1)])
            let reason = refused.json?["ThrottlingReasons"]?.array?.first
            #expect(reason?["reason"]?.string == "IndexWriteProvisionedThroughputExceeded")
            #expect(reason?["resource"]?.string?.hasSuffix("table/orders/index/slow") == true)
        }
    }

    @Test func `the meter tells units by table, index and partition`() throws {
        let time = ManualTime()
        let options = ServerOptions.with {
            $0.partitions = 8
            $0.time = time
        }
        try withOrders(options) { client, server in
            for second in 0..<5 {
                try client.call(
                    "BatchWriteItem", Orders.puts((0..<25).map { Orders.item("p\($0)", second) }))
                time.advance(by: .seconds(1))
            }
            try client.call("Scan", ["TableName": "orders", "ConsistentRead": true])
            try client.send("GET /_meter HTTP/1.1\r\n\r\n")
            let meter = try #require(try client.reply().json)
            let table = try #require(meter["tables"]?["orders"])
            #expect(meter["now_seconds"]?.double == 5)
            #expect(meter["requests"]?["BatchWriteItem"]?.int == 5)
            #expect(table["write_units"]?.double == 125)
            #expect(table["read_units"]?.double == 1)
            #expect(table["items"]?.int == 125)
            #expect(table["items_written"]?.int == 125)
            #expect(table["mutating_calls"]?.int == 5)
            let partitions = table["partitions"]?.array ?? []
            #expect(partitions.count == 8)
            #expect(
                partitions.reduce(0) { $0 + ($1["write_units"]?.double ?? 0) } == 125)
            let recent = table["recent"]?["write_units"]?.array?.compactMap(\.double) ?? []
            #expect(recent.count == 200)
            #expect(recent.suffix(20).reduce(0, +) == 25)
            #expect(recent.suffix(31).reduce(0, +) == 75)
            #expect(server.meter["tables"]?["orders"]?["write_units"]?.double == 125)
        }
    }
}
