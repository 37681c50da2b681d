import DynamoModel
import JSON
import Pacing
import System
import TestSupport
import Testing

@testable import LocalAWS

/// A server with the table `orders`, whose changes are kept since a second ago, and the bucket
/// `things`. Its clock stands still; an export takes a minute.
struct ExportSite {
    static let epoch = 1_795_000_000
    static let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"

    let server: LocalServer
    let client: RawClient
    let time: ManualTime

    static func with(
        folder: String? = nil, items: [JSON] = [],
        options change: (inout ServerOptions) -> Void = { _ in },
        _ body: (ExportSite) throws -> Void
    ) throws {
        let time = ManualTime(epoch: Double(epoch))
        var options = ServerOptions.with {
            $0.time = time
            $0.exportDuration = .seconds(60)
            $0.buckets = [BucketSetting("things")]
            $0.s3Folder = folder
        }
        change(&options)
        try withOrders(options) { client, server in
            let site = ExportSite(server: server, client: client, time: time)
            for item in items { try site.put(item) }
            try site.setRecovery(true)
            time.advance(by: .seconds(1))
            try body(site)
        }
    }

    func setRecovery(_ isOn: Bool) throws {
        let reply = try client.call(
            "UpdateContinuousBackups",
            [
                "TableName": "orders",
                "PointInTimeRecoverySpecification": ["PointInTimeRecoveryEnabled": .bool(isOn)],
            ])
        try #require(reply.status == 200, "\(reply.text)")
    }

    /// Seconds since 1970.
    var now: Int { Int(clamping: time.secondsSinceEpoch.rounded(.down)) }

    func put(_ item: JSON) throws {
        let reply = try client.call("PutItem", ["TableName": "orders", "Item": item])
        try #require(reply.status == 200, "\(reply.text)")
    }

    func delete(_ partition: String, _ sort: Int) throws {
        var key = Orders.item(partition, sort)
        key["v"] = nil
        let reply = try client.call("DeleteItem", ["TableName": "orders", "Key": key])
        try #require(reply.status == 200, "\(reply.text)")
    }

    // MARK: Exports

    func export(_ more: JSON = [:], of arn: String = arn) throws -> RawClient.Reply {
        var body: JSON = ["TableArn": .string(arn), "S3Bucket": "things"]
        for member in more.members ?? [] { body[member.name] = member.value }
        return try client.call("ExportTableToPointInTime", body)
    }

    static func window(_ start: Int, _ end: Int?, _ viewType: String? = nil) -> JSON {
        var specification: JSON = ["ExportFromTime": JSON(start)]
        specification["ExportToTime"] = end.map { JSON($0) }
        specification["ExportViewType"] = viewType.map { .string($0) }
        return [
            "ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": specification,
        ]
    }

    func arn(of reply: RawClient.Reply) throws -> String {
        try #require(reply.json?["ExportDescription"]?["ExportArn"]?.string, "\(reply.text)")
    }

    func describe(_ arn: String) throws -> JSON {
        let reply = try client.call("DescribeExport", ["ExportArn": .string(arn)])
        return try #require(reply.json?["ExportDescription"], "\(reply.text)")
    }

    /// Exports, waits for the end, and returns the last description.
    func finish(_ more: JSON = [:]) throws -> JSON {
        let arn = try arn(of: export(more))
        time.advance(by: .seconds(60))
        return try describe(arn)
    }

    func object(_ key: String?) throws -> [UInt8] {
        try #require(server.object(key ?? "", in: "things"), "no object \(key ?? "")")
    }

    func manifest(_ description: JSON) throws -> JSON {
        try JSON(parsing: object(description["ExportManifest"]?.string))
    }

    /// The lines of the manifest's data files, each file checked against its line in the list.
    func files(_ description: JSON) throws -> [(key: String, lines: [String])] {
        let manifest = try manifest(description)
        let list = try object(manifest["manifestFilesS3Key"]?.string)
        return try list.split(separator: 0x0A).map { line in
            let entry = try JSON(parsing: Array(line))
            let key = try #require(entry["dataFileS3Key"]?.string)
            let bytes = try object(key)
            let md5 = MD5.hash(bytes)
            #expect(entry["md5Checksum"]?.string == Base64.encode(md5))
            #expect(entry["etag"]?.string == Hex.text(MD5.hash(md5)) + "-1")
            let inflated = ByteBuffer()
            let count = bytes.withUnsafeBytes {
                Zlib.gunzip($0, into: inflated, bytesMax: 1 << 24)
            }
            #expect(count == inflated.count)
            let text = String(decoding: inflated.bytes, as: UTF8.self)
            #expect(text.isEmpty || text.hasSuffix("\n"))
            let lines = text.split(separator: "\n").map(String.init)
            #expect(entry["itemCount"]?.int == lines.count)
            return (key, lines)
        }
    }

    func lines(_ description: JSON) throws -> [String] {
        try files(description).flatMap(\.lines).sorted()
    }
}
