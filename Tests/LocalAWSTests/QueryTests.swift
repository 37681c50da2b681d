import JSON
import TestSupport
import Testing

@testable import LocalAWS

/// What a Query of a table or an index finds, and what it charges.
@Suite(.timeLimit(.minutes(20))) struct QueryTests {
    private func withVisits(
        _ items: [JSON], _ options: ServerOptions = .with { _ in },
        _ body: (RawClient, LocalServer) throws -> Void
    ) throws {
        try withOrders(options, creation: Visits.creation) { client, server in
            for item in items {
                let reply = try client.call("PutItem", ["TableName": "visits", "Item": item])
                #expect(reply.status == 200, "\(reply.text)")
            }
            try body(client, server)
        }
    }

    private static let letters = ["b", "a", "é", "ab", "Z", "10", "9"].map { Visits.item("p", $0) }

    // MARK: Key conditions

    @Test(
        arguments: [
            ("pk = :a", [], ["10", "9", "Z", "a", "ab", "b", "é"]),
            ("pk = :a AND sk = :b", ["a"], ["a"]),
            (":b < sk AND pk = :a", ["a"], ["ab", "b", "é"]),
            ("(pk = :a) AND (sk >= :b)", ["a"], ["a", "ab", "b", "é"]),
            ("(pk = :a AND sk < :b)", ["a"], ["10", "9", "Z"]),
            ("pk = :a AND sk <= :b", ["a"], ["10", "9", "Z", "a"]),
            ("pk = :a AND sk BETWEEN :b AND :c", ["9", "a"], ["9", "Z", "a"]),
            ("begins_with(sk, :b) AND pk = :a", ["a"], ["a", "ab"]),
            ("pk = :a AND sk > :b", ["\u{10FFFF}"], []),
        ] as [(String, [String], [String])])
    func `a sort key is tested as its type is ordered`(
        condition: String, values: [String], wanted: [String]
    ) throws {
        try withVisits(Self.letters + [Visits.item("q", "a")]) { client, _ in
            let values = (["p"] + values).map { JSON.object([.init("S", .string($0))]) }
            var request = Visits.query(condition, values)
            let found = try client.places(request)
            #expect(found == wanted)
            request["ScanIndexForward"] = false
            #expect(try client.places(request) == wanted.reversed())
        }
    }

    @Test func `numbers are ordered by value, and begin with nothing`() throws {
        try withOrders { client, _ in
            for number in ["-1", "-10", "0", "1e2", "9", "99.5", "0.001"] {
                let item: JSON = ["pk": ["S": "p"], "sk": ["N": .string(number)]]
                try client.call("PutItem", ["TableName": "orders", "Item": item])
            }
            func numbers(_ condition: String, _ values: [String]) throws -> [String?] {
                var request = Visits.query(
                    condition, [["S": "p"]] + values.map { .object([.init("N", .string($0))]) })
                request["TableName"] = "orders"
                let reply = try client.call("Query", request)
                return reply.json?["Items"]?.array?.map { $0["sk"]?["N"]?.string }
                    ?? [reply.message]
            }
            #expect(
                try numbers("pk = :a", []) == ["-10", "-1", "0", "0.001", "9", "99.5", "100"])
            #expect(try numbers("pk = :a AND sk > :b", ["9.0"]) == ["99.5", "100"])
            #expect(
                try numbers("pk = :a AND sk BETWEEN :b AND :c", ["-1", "1e-3"])
                    == ["-1", "0", "0.001"])
            #expect(
                try numbers("pk = :a AND begins_with(sk, :b)", ["9"]) == [
                    "Invalid KeyConditionExpression: Incorrect operand type for operator or "
                        + "function; operator or function: begins_with, operand type: N"
                ])
        }
    }

    @Test(
        arguments: [
            (
                "sk = :a", ["S": "x"], [:],
                "Query condition missed key schema element: pk"
            ),
            ("v = :a", ["S": "x"], [:], "Query condition missed key schema element: pk"),
            (
                "pk = :a AND v = :a", ["S": "x"], [:],
                "Query condition missed key schema element: sk"
            ),
            ("pk > :a", ["S": "x"], [:], "Query key condition not supported"),
            (
                "pk = :a", ["N": "1"], [:],
                "One or more parameter values were invalid: Condition parameter type does not "
                    + "match schema type"
            ),
            (
                "pk = :a AND begins_with(sk, :a)", ["B": "AA=="], [:],
                "One or more parameter values were invalid: Condition parameter type does not "
                    + "match schema type"
            ),
            (
                "pk = :a", ["S": ""], [:],
                "One or more parameter values are not valid. The AttributeValue for a key "
                    + "attribute cannot contain an empty string value. Key: pk"
            ),
            (
                "pk = :a AND sk > :a AND v = :a", ["S": "x"], [:],
                "The number of query conditions (3) exceeds the number of key attributes defined "
                    + "in the schema (2)"
            ),
            (
                "pk = :a AND sk > :a AND sk < :a", ["S": "x"], [:],
                "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one "
                    + "condition per key"
            ),
            (
                "", ["S": "x"], [:],
                "Invalid KeyConditionExpression: The expression can not be empty;"
            ),
            (
                "pk = :a", ["S": "x"], ["FilterExpression": "sk = :a"],
                "Filter Expression can only contain non-primary key attributes: Primary key "
                    + "attribute: sk"
            ),
            (
                "city = :a", ["S": "x"],
                ["IndexName": "by-city", "FilterExpression": "attribute_exists(seen)"],
                "Filter Expression can only contain non-primary key attributes: Primary key "
                    + "attribute: seen"
            ),
            (
                "pk = :a", ["S": "x"], ["IndexName": "by-none"],
                "The table does not have the specified index: by-none"
            ),
            (
                "city = :a", ["S": "x"], ["IndexName": "by-city", "ConsistentRead": true],
                "Consistent reads are not supported on global secondary indexes"
            ),
            (
                "city = :a", ["S": "x"], ["IndexName": "by-score", "Select": "ALL_ATTRIBUTES"],
                "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not "
                    + "supported for global secondary index by-score because its projection type "
                    + "is not ALL"
            ),
            (
                "city = :a", ["S": "x"], ["IndexName": "by-score", "ProjectionExpression": "v, w"],
                "One or more parameter values were invalid: Global secondary index by-score does "
                    + "not project [w]"
            ),
            (
                "pk = :a", ["S": "x"], ["Select": "ALL_PROJECTED_ATTRIBUTES"],
                "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
            ),
            (
                "pk = :a", ["S": "x"], ["Limit": 0],
                "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
                    + "Member must have value greater than or equal to 1"
            ),
            (
                "pk = :a", ["S": "x"], ["KeyConditions": [:]],
                "The embedded server does not support the parameter KeyConditions"
            ),
        ] as [(String, JSON, JSON, String)])
    func `wrong queries are refused`(
        condition: String, value: JSON, more: JSON, message: String
    ) throws {
        try withVisits([]) { client, _ in
            var request = Visits.query(condition, [value])
            for member in more.members ?? [] { request[member.name] = member.value }
            let reply = try client.call("Query", request)
            #expect(reply.error == "ValidationException")
            #expect(reply.message == message)
        }
    }

    @Test func `a query needs a key condition`() throws {
        try withVisits([]) { client, _ in
            let reply = try client.call("Query", ["TableName": "visits"])
            #expect(reply.message.hasPrefix("Either the KeyConditions or KeyConditionExpression"))
            let values: JSON = [":a": ["S": "a"]]
            let unused = try client.call(
                "Query", ["TableName": "visits", "ExpressionAttributeValues": values])
            #expect(unused.error == "ValidationException")
        }
    }

    // MARK: Pages

    @Test func `a page ends with the last item read, also when none is in it`() throws {
        try withVisits((0..<7).map { Visits.item("p", "\($0)", ["v": ["N": .string("\($0)")]]) }) {
            client, _ in
            for isForward in [true, false] {
                var request = Visits.query("pk = :a", [["S": "p"], ["N": "6"]], ["Limit": 3])
                request["FilterExpression"] = "v = :b"
                request["ScanIndexForward"] = .bool(isForward)
                var pages: [[Int?]] = []
                var keys: [String?] = []
                repeat {
                    let page = try #require(try client.call("Query", request).json)
                    pages.append([page["Count"]?.int, page["ScannedCount"]?.int])
                    keys.append(page["LastEvaluatedKey"]?["sk"]?["S"]?.string)
                    request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
                } while request["ExclusiveStartKey"] != nil
                #expect(
                    pages
                        == (isForward ? [[0, 3], [0, 3], [1, 1]] : [[1, 3], [0, 3], [0, 1]]))
                #expect(keys == (isForward ? ["2", "5", nil] : ["4", "1", nil]))
            }
        }
    }

    @Test func `a page ends after 1 MB that was read, whatever is let through`() throws {
        let text = String(repeating: "x", count: 100_000)
        let items = (10..<25).map { Visits.item("p", "\($0)", ["v": ["S": .string(text)]]) }
        try withVisits(items) { client, _ in
            var request = Visits.query("pk = :a", [["S": "p"]])
            request["Select"] = "COUNT"
            request["ReturnConsumedCapacity"] = "TOTAL"
            let page = try #require(try client.call("Query", request).json)
            #expect(page["Count"]?.int == 11)
            #expect(page["LastEvaluatedKey"]?["sk"]?["S"]?.string == "20")
            // 11 items of 100,008 bytes, rounded up once: 268.6 blocks of 4 KB.
            #expect(page["ConsumedCapacity"]?["CapacityUnits"]?.double == 134.5)
            request["ConsistentRead"] = true
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            let rest = try #require(try client.call("Query", request).json)
            #expect(rest["Count"]?.int == 4)
            #expect(rest["LastEvaluatedKey"] == nil)
            #expect(rest["ConsumedCapacity"]?["CapacityUnits"]?.double == 98)
        }
    }

    @Test(
        arguments: [
            (nil, ["pk": ["S": "p"]], "The provided starting key is invalid"),
            (
                nil, ["pk": ["S": "q"], "sk": ["S": "a"]],
                "The provided starting key is outside query boundaries based on provided conditions"
            ),
            (
                nil, ["pk": ["S": "p"], "sk": ["N": "1"]],
                "The provided starting key is invalid: The provided key element does not match "
                    + "the schema"
            ),
            (
                "sk > :b", ["pk": ["S": "p"], "sk": ["S": "b"]],
                "The provided starting key does not match the range key predicate"
            ),
        ] as [(String?, JSON, String)])
    func `a query goes on only within its range`(
        condition: String?, start: JSON, message: String
    ) throws {
        try withVisits([]) { client, _ in
            let values: [JSON] = [["S": "p"]] + (condition == nil ? [] : [["S": "b"]])
            var request = Visits.query(
                "pk = :a" + (condition.map { " AND \($0)" } ?? ""), values)
            request["ExclusiveStartKey"] = start
            let reply = try client.call("Query", request)
            #expect(reply.message == message)
        }
    }

    // MARK: Capacity

    @Test func `units are told by table and index`() throws {
        let more: JSON = ["city": ["S": "Rome"], "seen": ["N": "1"], "v": ["S": "v"]]
        var items = (0..<3).map { Visits.item("p", "\($0)", more) }
        for place in items.indices {
            items[place]["w"] = ["S": .string(String(repeating: "w", count: 5000))]
        }
        try withVisits(items) { client, server in
            func used(_ request: JSON) throws -> JSON? {
                var request = request
                request["ReturnConsumedCapacity"] = "INDEXES"
                let reply = try client.call("Query", request)
                return reply.json?["ConsumedCapacity"]
            }
            let global = try used(Visits.query("city = :a", [["S": "Rome"]], index: "by-city"))
            #expect(global?["CapacityUnits"]?.double == 2)
            #expect(global?["Table"]?["CapacityUnits"]?.double == 0)
            let index = global?["GlobalSecondaryIndexes"]?["by-city"]
            #expect(index?["CapacityUnits"]?.double == 2)
            let meter = server.meter["tables"]?["visits"]
            #expect(meter?["indexes"]?["by-city"]?["read_units"]?.double == 2)
            #expect(meter?["read_units"]?.double == 0)

            var request = Visits.query("pk = :a", [["S": "p"]], index: "by-time")
            let local = try used(request)
            func units(_ used: JSON?) -> Double? {
                used?["LocalSecondaryIndexes"]?["by-time"]?["CapacityUnits"]?.double
            }
            #expect(units(local) == 0.5)
            #expect(local?["CapacityUnits"]?.double == 0.5)
            // What the index lacks is fetched, each item by itself: two blocks each.
            request["ProjectionExpression"] = "w"
            request["ConsistentRead"] = true
            let fetched = try used(request)
            #expect(units(fetched) == 1)
            #expect(fetched?["Table"]?["CapacityUnits"]?.double == 6)
            #expect(fetched?["CapacityUnits"]?.double == 7)
            #expect(
                server.meter["tables"]?["visits"]?["read_units"]?.double == 7.5)
        }
    }

    @Test func `an index that has no units left refuses to be read`() throws {
        let time = ManualTime()
        let options = ServerOptions.with {
            $0.time = time
            $0.capacity = .model
            $0.burstSeconds = 0
        }
        var creation = Visits.creation
        let units: JSON = ["ReadCapacityUnits": 1, "WriteCapacityUnits": 1000]
        creation["BillingMode"] = "PROVISIONED"
        creation["ProvisionedThroughput"] = units
        var indexes = creation["GlobalSecondaryIndexes"]?.array ?? []
        for place in indexes.indices { indexes[place]["ProvisionedThroughput"] = units }
        creation["GlobalSecondaryIndexes"] = .array(indexes)
        try withOrders(options, creation: creation) { client, _ in
            time.advance(by: .seconds(1))
            let request = Visits.query("city = :a", [["S": "Rome"]], index: "by-city")
            let replies = try (0..<3).map { _ in try client.call("Query", request) }
            #expect(replies.map(\.status) == [200, 200, 400])
            let reason = replies[2].json?["ThrottlingReasons"]?.array?.first
            #expect(reason?["reason"]?.string == "IndexReadProvisionedThroughputExceeded")
            #expect(reason?["resource"]?.string?.hasSuffix("table/visits/index/by-city") == true)
            #expect(try client.call("Scan", ["TableName": "visits"]).status == 200)
        }
    }
}
