import JSON
import Testing

@testable import LocalAWS

/// A table with a key of two attributes, `pk` (S) and `sk` (N), and requests on it.
enum Orders {
    static let creation: JSON = [
        "TableName": "orders",
        "AttributeDefinitions": [
            ["AttributeName": "pk", "AttributeType": "S"],
            ["AttributeName": "sk", "AttributeType": "N"],
        ],
        "KeySchema": [
            ["AttributeName": "pk", "KeyType": "HASH"],
            ["AttributeName": "sk", "KeyType": "RANGE"],
        ],
        "BillingMode": "PAY_PER_REQUEST",
    ]

    static func item(_ partition: String, _ sort: Int, _ text: String = "x") -> JSON {
        [
            "pk": ["S": .string(partition)], "sk": ["N": .string(String(sort))],
            "v": ["S": .string(text)],
        ]
    }

    static func puts(_ items: [JSON], table: String = "orders") -> JSON {
        [
            "RequestItems": .object([
                .init(table, .array(items.map { ["PutRequest": ["Item": $0]] }))
            ]),
            "ReturnConsumedCapacity": "INDEXES",
        ]
    }
}

/// A server with the table that `creation` asks for, while `body` runs.
func withOrders(
    _ options: ServerOptions = .with { _ in }, creation: JSON = Orders.creation,
    _ body: (RawClient, LocalServer) throws -> Void
) throws {
    try withServer(options) { server in
        let client = try RawClient(port: server.port)
        #expect(try client.call("CreateTable", creation).status == 200)
        try body(client, server)
    }
}
