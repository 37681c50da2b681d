import JSON
import TestSupport

@testable import LocalAWS

/// A table with indexes of every projection, and requests on it.
///
/// | index | key | projects |
/// |---|---|---|
/// | `by-city` | `city` (S), `seen` (N) | everything |
/// | `by-code` | `code` (B) | keys |
/// | `by-score` | `city` (S), `score` (N) | keys and `v` |
/// | `by-time`, local | `pk` (S), `seen` (N) | keys and `v` |
/// | `by-name`, local | `pk` (S), `name` (S) | everything |
enum Visits {
    static let creation: JSON = [
        "TableName": "visits", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            attribute("pk", "S"), attribute("sk", "S"), attribute("city", "S"),
            attribute("seen", "N"), attribute("code", "B"), attribute("score", "N"),
            attribute("name", "S"),
        ],
        "KeySchema": keys("pk", "sk"),
        "GlobalSecondaryIndexes": [
            index("by-city", ["city", "seen"], ["ProjectionType": "ALL"]),
            index("by-code", ["code"], ["ProjectionType": "KEYS_ONLY"]),
            index(
                "by-score", ["city", "score"],
                ["ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]]),
        ],
        "LocalSecondaryIndexes": [
            index(
                "by-time", ["pk", "seen"],
                ["ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]]),
            index("by-name", ["pk", "name"], ["ProjectionType": "ALL"]),
        ],
    ]

    private static func attribute(_ name: String, _ type: String) -> JSON {
        ["AttributeName": .string(name), "AttributeType": .string(type)]
    }

    private static func keys(_ names: String...) -> JSON { keys(names) }

    private static func keys(_ names: [String]) -> JSON {
        .array(
            zip(names, ["HASH", "RANGE"]).map {
                ["AttributeName": .string($0), "KeyType": .string($1)]
            })
    }

    private static func index(_ name: String, _ names: [String], _ projection: JSON) -> JSON {
        ["IndexName": .string(name), "KeySchema": keys(names), "Projection": projection]
    }

    /// - Parameters:
    ///   - place: the sort key.
    ///   - more: attributes beside the key.
    static func item(_ partition: String, _ place: String, _ more: JSON = [:]) -> JSON {
        var item: JSON = ["pk": ["S": .string(partition)], "sk": ["S": .string(place)]]
        for member in more.members ?? [] { item[member.name] = member.value }
        return item
    }

    /// A Query whose condition has its values `:a`, `:b` and so on, in their order.
    static func query(
        _ condition: String, _ values: [JSON], index: String? = nil, _ more: JSON = [:]
    ) -> JSON {
        var request: JSON = [
            "TableName": "visits", "KeyConditionExpression": .string(condition),
        ]
        if !values.isEmpty {
            request["ExpressionAttributeValues"] = .object(
                zip("abcdefgh", values).map { JSON.Member(":\($0)", $1) })
        }
        request["IndexName"] = index.map(JSON.string)
        for member in more.members ?? [] { request[member.name] = member.value }
        return request
    }
}

extension RawClient {
    /// The sort keys of the table in the order of a reply's items.
    func places(_ request: JSON, _ operation: String = "Query") throws -> [String] {
        let reply = try call(operation, request)
        guard reply.status == 200 else { return [reply.text] }
        return reply.json?["Items"]?.array?.map { $0["sk"]?["S"]?.string ?? "none" } ?? []
    }
}
