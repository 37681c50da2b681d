import DynamoModel
import JSON
import Pacing
import TestSupport
import Testing

@testable import LocalAWS

/// Goal: an index is what a look at every item would make of it, whatever was written and whenever
/// it was read first. Method: random writes, with random reads between them that a model answers
/// from all items; keys hold what is easily ordered wrong, zero bytes and beginnings of each other.
@Suite(.timeLimit(.minutes(20))) struct IndexModelTests {
    private struct Model {
        var generator: SeededGenerator
        var items: [String: JSON] = [:]

        mutating func pick<Element>(_ elements: [Element]) -> Element {
            elements[Int(generator.next() % UInt64(elements.count))]
        }

        mutating func text() -> JSON {
            ["S": .string(pick(["a", "a\0", "a\0b", "ab", "b", "é", "z", "\u{1}", "A"]))]
        }

        mutating func number() -> JSON {
            ["N": .string(pick(["0", "1", "-1", "10", "9.5", "1e3", "-0.5", "1E-5"]))]
        }

        mutating func item() -> JSON {
            var item = Visits.item(pick(["p", "q"]), pick(["1", "2", "3", "4", "5", "6"]))
            for (name, isText) in [
                ("city", true), ("seen", false), ("score", false), ("name", true),
            ]
            where generator.next() % 4 > 0 {
                item[name] = isText ? text() : number()
            }
            if generator.next() % 3 > 0 { item["code"] = ["B": .string(pick(["AA==", "AP8="]))] }
            item["v"] = text()
            return item
        }
    }

    private static func key(_ item: JSON) -> String {
        "\(item["pk"]?["S"]?.string ?? "")/\(item["sk"]?["S"]?.string ?? "")"
    }

    private struct Index {
        let name: String
        let partition: String
        let sort: String?
    }

    private static let indexes = [
        Index(name: "by-city", partition: "city", sort: "seen"),
        Index(name: "by-code", partition: "code", sort: nil),
        Index(name: "by-score", partition: "city", sort: "score"),
        Index(name: "by-time", partition: "pk", sort: "seen"),
        Index(name: "by-name", partition: "pk", sort: "name"),
    ]

    private static func value(_ item: JSON, _ name: String?) throws -> AttributeValue? {
        try name.flatMap { item[$0] }.map { try AttributeValue($0) }
    }

    /// The items of an index's partition in order, by the value of the sort key and then their key.
    private static func entries(
        of index: Index, _ partition: AttributeValue, _ model: Model
    ) throws -> [JSON] {
        let found = try model.items.values.filter { item in
            try value(item, index.partition) == partition
                && (index.sort == nil || item[index.sort ?? ""] != nil)
        }
        return try found.sorted { left, right in
            if let first = try value(left, index.sort), let second = try value(right, index.sort),
                first != second
            {
                return first.precedes(second) == true
            }
            return key(left) < key(right)
        }
    }

    @Test(arguments: UInt64(1)...12)
    func `queries of indexes find what a look at every item finds`(seed: UInt64) throws {
        try withOrders(creation: Visits.creation) { client, _ in
            var model = Model(generator: SeededGenerator(seed: seed))
            for step in 0..<300 {
                let item = model.item()
                let comment: Comment = "seed \(seed), step \(step)"
                if model.generator.next() % 4 == 0 {
                    model.items[Self.key(item)] = nil
                    let key = Visits.item(
                        item["pk"]?["S"]?.string ?? "", item["sk"]?["S"]?.string ?? "")
                    try client.call("DeleteItem", ["TableName": "visits", "Key": key])
                } else {
                    model.items[Self.key(item)] = item
                    let reply = try client.call(
                        "PutItem", ["TableName": "visits", "Item": item])
                    #expect(reply.status == 200, comment)
                }
                // Indexes are read first at different times: what stands there by then, is built.
                let index = model.pick(Self.indexes)
                if step > Int(seed) * 10, model.generator.next() % 3 == 0 {
                    try check(index, &model, client, comment)
                }
                if step % 50 == 49 { try checkScan(index, model, client, comment) }
            }
        }
    }

    private func check(
        _ index: Index, _ model: inout Model, _ client: RawClient, _ comment: Comment
    ) throws {
        let partition: JSON =
            switch index.partition {
            case "pk": ["S": .string(model.pick(["p", "q"]))]
            case "code": ["B": .string(model.pick(["AA==", "AP8="]))]
            default: model.text()
            }
        var wanted = try Self.entries(of: index, try AttributeValue(partition), model)
        var request = Visits.query("\(index.partition) = :a", [partition], index: index.name)
        if let sort = index.sort, model.generator.next() % 2 == 0 {
            let bound = sort == "name" ? model.text() : model.number()
            let comparator = model.pick(["=", "<", "<=", ">", ">="])
            request = Visits.query(
                "\(index.partition) = :a AND #s \(comparator) :b", [partition, bound],
                index: index.name, ["ExpressionAttributeNames": ["#s": .string(sort)]])
            let limit = try AttributeValue(bound)
            wanted = try wanted.filter { item in
                guard let value = try Self.value(item, sort) else { return false }
                return switch comparator {
                case "=": value == limit
                case "<": value.precedes(limit) == true
                case "<=": limit.precedes(value) == false
                case ">": limit.precedes(value) == true
                default: value.precedes(limit) == false
                }
            }
        }
        if model.generator.next() % 2 == 0 {
            request["ScanIndexForward"] = false
            wanted.reverse()
        }
        request["Limit"] = JSON(Int(1 + model.generator.next() % 4))
        let found = try pages(request, "Query", client)
        #expect(found == wanted.map(Self.key), comment)
    }

    /// All items of a read, page by page.
    private func pages(
        _ request: JSON, _ operation: String, _ client: RawClient
    ) throws -> [String] {
        var request = request
        var found: [String] = []
        repeat {
            let reply = try client.call(operation, request)
            // A cursor that leads back would go on for ever.
            guard reply.status == 200, found.count < 100 else { return found + [reply.text] }
            found += reply.json?["Items"]?.array?.map(Self.key) ?? []
            request["ExclusiveStartKey"] = reply.json?["LastEvaluatedKey"]
        } while request["ExclusiveStartKey"] != nil
        return found
    }

    private func checkScan(
        _ index: Index, _ model: Model, _ client: RawClient, _ comment: Comment
    ) throws {
        let wanted = model.items.values.filter { item in
            item[index.partition] != nil && (index.sort.map { item[$0] != nil } ?? true)
        }
        var found: [String] = []
        for segment in 0..<3 {
            let request: JSON = [
                "TableName": "visits", "IndexName": .string(index.name), "Limit": 2,
                "Segment": JSON(segment), "TotalSegments": 3,
            ]
            found += try pages(request, "Scan", client)
        }
        #expect(found.sorted() == wanted.map(Self.key).sorted(), comment)
    }
}
