import JSON
import Pacing
import System
import TestSupport
import Testing

@testable import LocalAWS

/// A server with the bucket `inbox` whose clock stands still: imports into the table `loaded` of
/// what a test puts there.
struct ImportSite {
    let server: LocalServer
    let client: RawClient
    let time: ManualTime

    /// How long a table is CREATING by itself: an import is read after one of these.
    static let phase = Duration.seconds(4)

    static func with(
        _ change: (inout ServerOptions) -> Void = { _ in }, _ body: (ImportSite) throws -> Void
    ) throws {
        let time = ManualTime()
        let options = ServerOptions.with {
            $0.time = time
            $0.phaseDuration = phase
            $0.buckets = [BucketSetting("inbox")]
            change(&$0)
        }
        try withServer(options) { server in
            try body(
                ImportSite(
                    server: server, client: RawClient(port: server.port), time: time))
        }
    }

    func put(_ text: String, _ key: String) throws { try put(Array(text.utf8), key) }

    func put(_ bytes: [UInt8], _ key: String) throws { try server.put(bytes, as: key, in: "inbox") }

    /// Beyond the end of whatever has begun.
    func finish() { time.advance(by: Self.phase * 4) }

    static let creation: JSON = [
        "TableName": "loaded",
        "AttributeDefinitions": [["AttributeName": "pk", "AttributeType": "S"]],
        "KeySchema": [["AttributeName": "pk", "KeyType": "HASH"]],
        "BillingMode": "PAY_PER_REQUEST",
    ]

    static func request(_ changes: JSON = [:], prefix: String = "", creation: JSON = creation)
        -> JSON
    {
        var request: JSON = [
            "S3BucketSource": ["S3Bucket": "inbox", "S3KeyPrefix": .string(prefix)],
            "InputFormat": "DYNAMODB_JSON", "TableCreationParameters": creation,
        ]
        for member in changes.members ?? [] { request[member.name] = member.value }
        return request
    }

    func start(_ changes: JSON = [:], prefix: String = "", creation: JSON = creation) throws
        -> RawClient.Reply
    {
        try client.call(
            "ImportTable", Self.request(changes, prefix: prefix, creation: creation))
    }

    /// Starts an import, which must be accepted; returns its ARN.
    func begin(_ changes: JSON = [:], prefix: String = "", creation: JSON = creation) throws
        -> String
    {
        let reply = try start(changes, prefix: prefix, creation: creation)
        try #require(reply.status == 200, "\(reply.text)")
        return try #require(reply.json?["ImportTableDescription"]?["ImportArn"]?.string)
    }

    func describe(_ arn: String) throws -> JSON {
        let reply = try client.call("DescribeImport", ["ImportArn": .string(arn)])
        return try #require(reply.json?["ImportTableDescription"], "\(reply.text)")
    }

    /// Starts an import and tells how it ended.
    func run(_ changes: JSON = [:], prefix: String = "", creation: JSON = creation) throws -> JSON {
        let arn = try begin(changes, prefix: prefix, creation: creation)
        finish()
        return try describe(arn)
    }

    func tableStatus(_ name: String = "loaded") throws -> String? {
        try client.call("DescribeTable", ["TableName": .string(name)])
            .json?["Table"]?["TableStatus"]?.string
    }

    /// What the table holds, in the order of the items' texts.
    func items(_ name: String = "loaded") throws -> [String] {
        let reply = try client.call("Scan", ["TableName": .string(name)])
        return (reply.json?["Items"]?.array ?? []).map(\.text).sorted()
    }

    /// A request to CloudWatch Logs.
    func logs(_ operation: String, _ body: JSON) throws -> RawClient.Reply {
        let head = [
            "POST / HTTP/1.1", "Host: localhost", "X-Amz-Target: Logs_20140328.\(operation)",
            "Content-Type: application/x-amz-json-1.1", "Content-Length: \(body.bytes.count)",
        ].joined(separator: "\r\n")
        try client.send(Array("\(head)\r\n\r\n".utf8) + body.bytes)
        return try client.reply()
    }

    /// What is said of an item without the key.
    static let missingKey: JSON =
        "One or more parameter values were invalid: Missing the key pk in the item"

    static func line(_ partition: String, _ more: String = "") -> String {
        #"{"Item":{"pk":{"S":"\#(partition)"}\#(more)}}"# + "\n"
    }
}

extension JSON {
    /// What an import has counted: processed, imported, errors.
    var counts: [Int?] {
        ["ProcessedItemCount", "ImportedItemCount", "ErrorCount"].map { self[$0]?.int }
    }
}
