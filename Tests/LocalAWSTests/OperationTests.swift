import DynamoModel
import HTTPServer
import JSON
import Pacing
import TestSupport
import Testing

@testable import LocalAWS

/// What each operation does and refuses. `boto3_against_serve.py` covers the same ground through
/// another client; here are the cases that it can't send, and those that need time to stand still.
@Suite(.timeLimit(.minutes(20))) struct OperationTests {
    // MARK: Tables

    @Test func `a new table is told as CREATING however long it takes to say so`() throws {
        try withServer(
            .with {
                $0.time = HastyTime()
                $0.phaseDuration = .milliseconds(20)
            }
        ) {
            let reply = try RawClient(port: $0.port).call(
                "CreateTable",
                [
                    "TableName": "orders", "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [["AttributeName": "id", "AttributeType": "S"]],
                    "KeySchema": [["AttributeName": "id", "KeyType": "HASH"]],
                ])
            #expect(reply.json?["TableDescription"]?["TableStatus"]?.string == "CREATING")
        }
    }

    @Test func `a table is CREATING, then ACTIVE, UPDATING, ACTIVE, DELETING, gone`() throws {
        let time = ManualTime()
        var options = ServerOptions()
        options.time = time
        try withOrders(options) { client, _ in
            func status() throws -> String? {
                try client.call("DescribeTable", ["TableName": "orders"])
                    .json?["Table"]?["TableStatus"]?.string
            }
            #expect(try status() == "CREATING")
            let early = try client.call("Scan", ["TableName": "orders"])
            #expect(early.error == "ResourceNotFoundException")
            #expect(
                try client.call("DeleteTable", ["TableName": "orders"]).error
                    == "ResourceInUseException")
            time.advance(by: .milliseconds(20))
            #expect(try status() == "ACTIVE")
            let stream: JSON = ["StreamEnabled": true, "StreamViewType": "NEW_IMAGE"]
            try client.call("UpdateTable", ["TableName": "orders", "StreamSpecification": stream])
            #expect(try status() == "UPDATING")
            #expect(try client.call("Scan", ["TableName": "orders"]).status == 200)
            time.advance(by: .milliseconds(20))
            #expect(try client.call("DeleteTable", ["TableName": "orders"]).status == 200)
            #expect(try status() == "DELETING")
            #expect(
                try client.call("CreateTable", Orders.creation).error == "ResourceInUseException")
            time.advance(by: .milliseconds(20))
            #expect(try status() == nil)
            #expect(try client.call("CreateTable", Orders.creation).status == 200)
        }
    }

    @Test func `the items of a deleted table are freed when the next table is made`() throws {
        let time = ManualTime()
        try withOrders(.with { $0.time = time }) { client, server in
            try client.call("BatchWriteItem", Orders.puts([Orders.item("a", 1)]))
            weak let table = server.service.tables.table(named: "orders", at: time.now)
            #expect(table != nil)
            try client.call("DeleteTable", ["TableName": "orders"])
            time.advance(by: .seconds(1))
            var another = Orders.creation
            another["TableName"] = "others"
            #expect(try client.call("CreateTable", another).status == 200)
            #expect(table == nil)
        }
    }

    @Test func `counts are six hours old, those of filled tables right from the start`() throws {
        let time = ManualTime()
        let options = ServerOptions.with {
            $0.time = time
            $0.fills = [Fill(name: "filled", items: 7)]
        }
        try withOrders(options) { client, _ in
            func count(_ table: String) throws -> Int? {
                try client.call("DescribeTable", ["TableName": .string(table)])
                    .json?["Table"]?["ItemCount"]?.int
            }
            #expect(try count("filled") == 7)
            try client.call(
                "BatchWriteItem", Orders.puts([Orders.item("a", 1), Orders.item("a", 2)]))
            #expect(try count("orders") == 0)
            time.advance(by: .seconds(6 * 3600 - 1))
            #expect(try count("orders") == 0)
            time.advance(by: .seconds(1))
            #expect(try count("orders") == 2)
        }
        try withOrders(.with { $0.liveCounts = true }) { client, _ in
            try client.call("BatchWriteItem", Orders.puts([Orders.item("a", 1)]))
            let table = try client.call("DescribeTable", ["TableName": "orders"]).json?["Table"]
            #expect(table?["ItemCount"]?.int == 1)
            #expect(table?["TableSizeBytes"]?.int == 2 + 1 + 2 + 2 + 1 + 1)
        }
    }

    @Test func `a table may be named by its ARN, one of another region is not found`() throws {
        try withOrders { client, _ in
            let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"
            let reply = try client.call(
                "BatchWriteItem", Orders.puts([Orders.item("a", 1)], table: arn))
            #expect(reply.status == 200)
            #expect(reply.json?["ConsumedCapacity"]?.array?[0]["TableName"]?.string == arn)
            #expect(try client.call("Scan", ["TableName": .string(arn)]).json?["Count"]?.int == 1)
            let other = "arn:aws:dynamodb:eu-west-1:000000000000:table/orders"
            #expect(
                try client.call("Scan", ["TableName": .string(other)]).error
                    == "ResourceNotFoundException")
        }
    }

    @Test func `global indexes may have up to four keys of each role`() throws {
        var creation = Orders.creation
        let names = ["a", "b", "c", "d", "e", "f"]
        creation["AttributeDefinitions"] = .array(
            (["pk", "sk"] + names).map {
                ["AttributeName": .string($0), "AttributeType": $0 == "sk" ? "N" : "S"]
            })
        let keys = names.enumerated().map { place, name -> JSON in
            ["AttributeName": .string(name), "KeyType": place < 4 ? "HASH" : "RANGE"]
        }
        creation["GlobalSecondaryIndexes"] = [
            [
                "IndexName": "wide", "KeySchema": .array(keys),
                "Projection": ["ProjectionType": "KEYS_ONLY"],
            ]
        ]
        try withOrders(creation: creation) { client, _ in
            var item = Orders.item("p", 1)
            for name in names.dropLast() { item[name] = ["S": "v"] }
            let partial = try client.call("BatchWriteItem", Orders.puts([item]))
            #expect(partial.json?["ConsumedCapacity"]?.array?[0]["CapacityUnits"]?.double == 1)
            item["f"] = ["S": "v"]
            let whole = try client.call("BatchWriteItem", Orders.puts([item]))
            #expect(whole.json?["ConsumedCapacity"]?.array?[0]["CapacityUnits"]?.double == 2)
            item["c"] = ["N": "1"]
            let wrong = try client.call("BatchWriteItem", Orders.puts([item]))
            #expect(
                wrong.message
                    == "One or more parameter values were invalid: Type mismatch for Index Key c "
                    + "Expected: S Actual: N IndexName: wide")
        }
    }

    // MARK: Batches

    @Test func `a batch with one bad item writes none`() throws {
        try withOrders { client, server in
            let good = Orders.item("a", 1)
            let cases: [(JSON, String)] = [
                (["pk": ["S": "b"]], "The provided key element does not match the schema"),
                (["pk": ["N": "1"], "sk": ["N": "1"]], "does not match the schema"),
                (["pk": ["S": ""], "sk": ["N": "1"]], "empty string value. Key: pk"),
                (Orders.item("b", 1, String(repeating: "x", count: 409_600)), "Item size"),
                (["pk": ["S": "b"], "sk": ["N": "1"], "v": ["N": "x"]], "numeric value"),
                (Orders.item("a", 1), "Provided list of item keys contains duplicates"),
            ]
            for (bad, fragment) in cases {
                let reply = try client.call("BatchWriteItem", Orders.puts([good, bad]))
                #expect(reply.error == "ValidationException")
                #expect(reply.message.contains(fragment), "\(reply.text)")
            }
            #expect(server.count(of: "orders") == 0)
        }
    }

    @Test func `one item may be 400 KB, and 25 of them in base64 fit a request`() throws {
        try withOrders { client, server in
            let size = ServiceLimits.itemBytesMax - 2 - 2 - 2 - 1 - 3
            let binary = JSON.string(Base64.encode([UInt8](repeating: 7, count: size)))
            let items = (10..<35).map { number -> JSON in
                ["pk": ["S": .string("k\(number)")], "sk": ["N": "0"], "v": ["B": binary]]
            }
            let reply = try client.call("BatchWriteItem", Orders.puts(items))
            #expect(reply.status == 200, "\(reply.text)")
            #expect(reply.json?["ConsumedCapacity"]?.array?[0]["CapacityUnits"]?.double == 10_000)
            #expect(server.count(of: "orders") == 25)
            let page = try client.call("Scan", ["TableName": "orders"])
            #expect(page.json?["Count"]?.int == 3)
        }
    }

    // MARK: Read-only tables

    @Test func `calls that would change a read-only table are refused and counted`() throws {
        let options = ServerOptions.with {
            $0.denyWrites = ["source"]
            $0.fills = [Fill(name: "source", items: 10)]
        }
        try withServer(options) { server in
            let client = try RawClient(port: server.port)
            let item = try JSON(parsing: ItemGenerator.item(.transactions, seed: 9, index: 99))
            let key: JSON = ["accountId": item["accountId"]!, "sequence": item["sequence"]!]
            for (operation, body) in [
                ("PutItem", ["TableName": "source", "Item": item]),
                ("DeleteItem", ["TableName": "source", "Key": key]),
                ("BatchWriteItem", Orders.puts([item], table: "source")),
                ("DeleteTable", ["TableName": "source"]),
                (
                    "UpdateTable",
                    ["TableName": "source", "OnDemandThroughput": ["MaxReadRequestUnits": 1]]
                ),
            ] as [(String, JSON)] {
                let reply = try client.call(operation, body)
                #expect(reply.error == "AccessDeniedException", "\(operation): \(reply.text)")
                #expect(reply.json?["Message"]?.string?.contains("dynamodb:\(operation)") == true)
            }
            #expect(try client.call("Scan", ["TableName": "source"]).json?["Count"]?.int == 10)
            #expect(server.meter["tables"]?["source"]?["mutating_calls"]?.int == 5)
            #expect(server.count(of: "source") == 10)
        }
    }

    @Test func `tables compare by value, not by bytes`() throws {
        let server = try LocalServer(.with { _ in })
        let schema = KeySchema(partition: KeyAttribute(name: "pk", type: .string))
        func load(_ name: String, _ items: [JSON]) throws {
            try server.load(TableDefinition(name: name, schema: schema), items: items)
        }
        try load("one", [["pk": ["S": "a"], "s": ["SS": ["x", "y"]]]])
        try load("two", [["s": ["SS": ["y", "x"]], "pk": ["S": "a"]]])
        try load("three", [["s": ["SS": ["y", "z"]], "pk": ["S": "a"]]])
        #expect(try server.differences(between: "one", and: "two").isEmpty)
        #expect(try server.differences(between: "one", and: "three").count == 1)
        #expect(throws: ServerError.self) { try load("bad", [["pk": ["N": "1"]]]) }
    }
}
