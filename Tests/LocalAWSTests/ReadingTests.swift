import DynamoModel
import JSON
import TestSupport
import Testing

@testable import LocalAWS

/// What Scan, GetItem and BatchGetItem let through, and what they charge.
@Suite(.timeLimit(.minutes(20))) struct ReadingTests {
    private static func key(_ partition: String, _ sort: Int) -> JSON {
        ["pk": ["S": .string(partition)], "sk": ["N": .string(String(sort))]]
    }

    private static func fill(_ client: RawClient, _ count: Int, bytes: Int = 1) throws {
        for number in 0..<count {
            let text = String(repeating: number % 3 == 0 ? "a" : "b", count: bytes)
            try client.call(
                "PutItem",
                ["TableName": "orders", "Item": Orders.item("p\(number)", number, text)])
        }
    }

    // MARK: Scan

    @Test func `a filter leaves out items, not the work of reading them`() throws {
        try withOrders { client, server in
            try Self.fill(client, 30, bytes: 1000)
            var request: JSON = [
                "TableName": "orders", "FilterExpression": "begins_with(#v, :a) AND sk < :n",
                "ExpressionAttributeNames": ["#v": "v"],
                "ExpressionAttributeValues": [":a": ["S": "a"], ":n": ["N": "15"]],
                "ReturnConsumedCapacity": "TOTAL",
            ]
            let page = try #require(try client.call("Scan", request).json)
            #expect(page["Count"]?.int == 5)
            #expect(page["ScannedCount"]?.int == 30)
            #expect(page["Items"]?.array?.count == 5)
            // 30 items of 1007 or 1008 bytes.
            #expect(page["ConsumedCapacity"]?["CapacityUnits"]?.double == 4)
            request["Select"] = "COUNT"
            let count = try #require(try client.call("Scan", request).json)
            #expect(count["Count"]?.int == 5)
            #expect(count["Items"] == nil)
            #expect(server.meter["tables"]?["orders"]?["items_read"]?.int == 60)
        }
    }

    @Test func `a limit counts the items that are read, and pages without items go on`() throws {
        try withOrders { client, _ in
            try Self.fill(client, 20)
            var request: JSON = [
                "TableName": "orders", "FilterExpression": "v = :none", "Limit": 7,
                "ExpressionAttributeValues": [":none": ["S": "none"]],
            ]
            var scanned: [Int] = []
            repeat {
                let page = try #require(try client.call("Scan", request).json)
                #expect(page["Count"]?.int == 0)
                #expect(page["Items"]?.array == [])
                scanned.append(page["ScannedCount"]?.int ?? 0)
                request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            } while request["ExclusiveStartKey"] != nil
            #expect(scanned == [7, 7, 6])
        }
    }

    @Test func `a page without items goes on behind the last item that was read`() throws {
        try withOrders { client, _ in
            for number in 0..<9 {
                let item = Orders.item("p", number, number == 1 ? "wanted" : "x")
                try client.call("PutItem", ["TableName": "orders", "Item": item])
            }
            var request: JSON = [
                "TableName": "orders", "FilterExpression": "v = :w", "Limit": 3,
                "ExpressionAttributeValues": [":w": ["S": "wanted"]],
            ]
            var keys: [JSON?] = []
            for _ in 0..<3 {
                let page = try client.call("Scan", request).json
                keys.append(page?["LastEvaluatedKey"])
                request["ExclusiveStartKey"] = page?["LastEvaluatedKey"]
            }
            #expect(keys == [2, 5, 8].map { Self.key("p", $0) })
        }
    }

    @Test func `a projection shows parts of items, which cost as much as the whole`() throws {
        try withOrders { client, _ in
            try Self.fill(client, 4, bytes: 3000)
            let request: JSON = [
                "TableName": "orders", "ProjectionExpression": "sk, nothing",
                "FilterExpression": "begins_with(v, :a)", "ReturnConsumedCapacity": "TOTAL",
                "ExpressionAttributeValues": [":a": ["S": "aaa"]], "Select": "SPECIFIC_ATTRIBUTES",
                "ConsistentRead": true,
            ]
            let page = try #require(try client.call("Scan", request).json)
            let items = Set(page["Items"]?.array?.map(\.bytes) ?? [])
            #expect(
                items
                    == [#"{"sk":{"N":"0"}}"#, #"{"sk":{"N":"3"}}"#].reduce(into: []) {
                        $0.insert(Array($1.utf8))
                    })
            #expect(page["ConsumedCapacity"]?["CapacityUnits"]?.double == 3)
        }
    }

    @Test(
        arguments: [
            (
                ["Select": "SPECIFIC_ATTRIBUTES"],
                "Must specify the AttributesToGet or ProjectionExpr"
            ),
            (
                ["Select": "COUNT", "ProjectionExpression": "v"],
                "Cannot specify the ProjectionExpression when choosing to get only the Count"
            ),
            (
                ["Select": "ALL_ATTRIBUTES", "ProjectionExpression": "v"],
                "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"
            ),
            (
                ["Select": "ALL_PROJECTED_ATTRIBUTES"],
                "ALL_PROJECTED_ATTRIBUTES can be used only when"
            ),
            (
                ["FilterExpression": ""],
                "Invalid FilterExpression: The expression can not be empty;"
            ),
            (
                ["FilterExpression": "a > b", "ProjectionExpression": ""],
                "Invalid ProjectionExpression: The expression can not be empty;"
            ),
            (
                ["FilterExpression": "a >"],
                "Invalid FilterExpression: Syntax error; token: \"<EOF>\""
            ),
            (
                ["ProjectionExpression": "pk.a"],
                "Key attributes must be scalars; list random access"
            ),
            (
                ["ProjectionExpression": "v", "ExpressionAttributeValues": [":a": ["S": "a"]]],
                "ExpressionAttributeValues can only be specified when using expressions: "
                    + "FilterExpression is null"
            ),
            (["AttributesToGet": ["v"]], "does not support the parameter AttributesToGet"),
            (["ScanFilter": [:]], "does not support the parameter ScanFilter"),
        ] as [(JSON, String)])
    func `wrong scans are refused`(extra: JSON, words: String) throws {
        try withOrders { client, _ in
            var request = extra
            request["TableName"] = "orders"
            let reply = try client.call("Scan", request)
            #expect(reply.error == "ValidationException")
            #expect(reply.message.contains(words), "\(reply.message)")
        }
    }

    // MARK: GetItem

    @Test func `GetItem shows the parts asked for, or an empty item`() throws {
        try withOrders { client, _ in
            try Self.fill(client, 1, bytes: 5000)
            var request: JSON = [
                "TableName": "orders", "Key": Self.key("p0", 0), "ProjectionExpression": "#s",
                "ExpressionAttributeNames": ["#s": "sk"], "ReturnConsumedCapacity": "TOTAL",
            ]
            let reply = try #require(try client.call("GetItem", request).json)
            #expect(reply["Item"] == ["sk": ["N": "0"]])
            #expect(reply["ConsumedCapacity"]?["CapacityUnits"]?.double == 1)
            request["ExpressionAttributeNames"] = ["#s": "none"]
            #expect(try client.call("GetItem", request).json?["Item"] == [:])
            request["Key"] = Self.key("none", 0)
            #expect(try client.call("GetItem", request).json?["Item"] == nil)
            request["ProjectionExpression"] = "#t"
            #expect(
                try client.call("GetItem", request).message.hasSuffix("attribute name: #t"))
        }
    }

    // MARK: BatchGetItem

    private static func batch(_ keys: [JSON], _ extra: JSON = [:]) -> JSON {
        var group = extra
        group["Keys"] = .array(keys)
        return [
            "RequestItems": .object([.init("orders", group)]), "ReturnConsumedCapacity": "TOTAL",
        ]
    }

    @Test func `a batch reads what is there, each item rounded up by itself`() throws {
        try withOrders { client, server in
            var others = Orders.creation
            others["TableName"] = "others"
            try client.call("CreateTable", others)
            try Self.fill(client, 10, bytes: 5000)
            let keys = (0..<12).map { Self.key("p\($0)", $0) }
            var request = Self.batch(keys, ["ConsistentRead": true, "ProjectionExpression": "sk"])
            request["RequestItems"]?["others"] = ["Keys": [Self.key("p1", 1)]]
            let reply = try #require(try client.call("BatchGetItem", request).json)
            let items = reply["Responses"]?["orders"]?.array ?? []
            #expect(items == (0..<10).map { ["sk": ["N": .string(String($0))]] })
            #expect(reply["Responses"]?["others"]?.array == [])
            #expect(reply["UnprocessedKeys"] == [:])
            let units = reply["ConsumedCapacity"]?.array?.map { $0["CapacityUnits"]?.double }
            #expect(units == [10 * 2 + 2, 0.5])
        }
    }

    @Test func `a batch may have 100 keys, none of them twice`() throws {
        try withOrders { client, _ in
            let keys = (0..<101).map { Self.key("p\($0)", $0) }
            #expect(try client.call("BatchGetItem", Self.batch(keys.dropLast())).status == 200)
            let long = try client.call("BatchGetItem", Self.batch(keys))
            #expect(long.message == "Too many items requested for the BatchGetItem call")
            let twice = try client.call(
                "BatchGetItem",
                Self.batch([Self.key("p", 1), ["sk": ["N": "1"], "pk": ["S": "p"]]]))
            #expect(twice.message == "Provided list of item keys contains duplicates")
            #expect(try client.call("BatchGetItem", Self.batch([])).status == 400)
            let none = try client.call("BatchGetItem", ["RequestItems": [:]])
            #expect(
                none.message == "The requestItems parameter is required for BatchGetItem")
            let named = Self.batch([Self.key("p", 1)], ["AttributesToGet": ["pk"]])
            #expect(
                try client.call("BatchGetItem", named).message.hasSuffix("AttributesToGet"))
        }
    }

    @Test func `a reply holds 16 MB of items; the keys of others come back to be sent again`()
        throws
    {
        try withOrders { client, _ in
            let size = 300 * 1024 - 9
            for number in 10..<70 {
                try client.call(
                    "PutItem",
                    [
                        "TableName": "orders",
                        "Item": Orders.item("\(number)", 0, String(repeating: "x", count: size)),
                    ])
            }
            let keys = (10..<70).map { Self.key("\($0)", 0) }
            let extra: JSON = [
                "ProjectionExpression": "#k", "ExpressionAttributeNames": ["#k": "pk"],
            ]
            let first = try #require(
                try client.call("BatchGetItem", Self.batch(keys, extra)).json)
            #expect(first["Responses"]?["orders"]?.array?.count == 54)
            let left = try #require(first["UnprocessedKeys"]?["orders"])
            #expect(left["Keys"]?.array == Array(keys[54...]))
            #expect(first["ConsumedCapacity"]?.array?[0]["CapacityUnits"]?.double == 54 * 37.5)
            let second = try #require(
                try client.call("BatchGetItem", ["RequestItems": ["orders": left]]).json)
            #expect(
                second["Responses"]?["orders"]?.array == keys[54...].map { ["pk": $0["pk"]!] })
            #expect(second["UnprocessedKeys"] == [:])
        }
    }

    @Test func `a share of the keys comes back when faults say so`() throws {
        let options = ServerOptions.with {
            $0.faults = try? FaultPlan(parsing: "unprocessed=0.5")
            $0.seed = 3
        }
        try withOrders(options) { client, _ in
            try Self.fill(client, 40)
            let keys = (0..<40).map { Self.key("p\($0)", $0) }
            let reply = try #require(try client.call("BatchGetItem", Self.batch(keys)).json)
            let read = reply["Responses"]?["orders"]?.array?.count ?? 0
            let left = reply["UnprocessedKeys"]?["orders"]?["Keys"]?.array?.count ?? 0
            #expect(read + left == 40)
            #expect((5...35).contains(left))
        }
    }

    @Test func `capacity leaves keys unprocessed, and refuses when it admits none`() throws {
        let time = ManualTime()
        let options = ServerOptions.with {
            $0.time = time
            $0.capacity = .model
            $0.burstSeconds = 0
        }
        var creation = Orders.creation
        creation["BillingMode"] = "PROVISIONED"
        creation["ProvisionedThroughput"] = ["ReadCapacityUnits": 10, "WriteCapacityUnits": 100]
        try withOrders(options, creation: creation) { client, _ in
            time.advance(by: .seconds(1))
            try Self.fill(client, 30)
            let keys = (0..<30).map { Self.key("p\($0)", $0) }
            let request = Self.batch(keys, ["ConsistentRead": true])
            let reply = try #require(try client.call("BatchGetItem", request).json)
            let read = reply["Responses"]?["orders"]?.array?.count ?? 0
            let left = try #require(reply["UnprocessedKeys"]?["orders"])
            #expect((10...11).contains(read))
            #expect(left["Keys"]?.array?.count == 30 - read)
            #expect(left["ConsistentRead"]?.bool == true)
            let refused = try client.call("BatchGetItem", request)
            #expect(refused.error == "ProvisionedThroughputExceededException")
        }
    }
}
