import DynamoModel
import JSON
import Pacing
import System
import TestSupport
import Testing

@testable import LocalAWS

/// The bytes of exports, against a description of what AWS writes.
@Suite(.timeLimit(.minutes(20))) struct ExportLayoutTests {
    private static let names = [
        "version", "exportArn", "startTime", "endTime", "tableArn", "tableId", "exportTime",
        "s3Bucket", "s3Prefix", "s3SseAlgorithm", "s3SseKmsKeyId", "manifestFilesS3Key",
        "billedSizeBytes", "itemCount", "outputFormat",
    ]

    @Test func `a full export has AWS's objects, in memory and in a folder`() throws {
        let folder = try TemporaryFolder()
        for place in [nil, folder.path("s3")] {
            let items = (0..<9).map { Orders.item("p\($0)", $0) }
            try ExportSite.with(folder: place, items: items) { site in
                let export = try site.finish(["S3Prefix": "in/here"])
                let arn = try #require(export["ExportArn"]?.string)
                let id = try #require(arn.split(separator: "/").last.map(String.init))
                #expect(id.prefix(15) == "01795000001000-")
                #expect(id.dropFirst(15).count == 8)
                #expect(id.dropFirst(15).allSatisfy { $0.isHexDigit })
                let keys = site.server.keys(in: "things")
                let root = "in/here/AWSDynamoDB/\(id)/"
                let own =
                    ["_started", "manifest-files.json", "manifest-files.md5"]
                    + ["manifest-summary.json", "manifest-summary.md5"]
                let files = try site.files(export)
                #expect(files.count == 4)
                #expect(keys == (own.map { root + $0 } + files.map(\.key)).sorted())
                for file in files {
                    let name = file.key.dropFirst((root + "data/").count)
                    #expect(file.key.hasPrefix(root + "data/") && name.hasSuffix(".json.gz"))
                    #expect(name.count == 26 + ".json.gz".count)
                    #expect(try site.object(file.key)[9] == 0xFF)
                }
                #expect(try site.object(root + "_started").isEmpty)
                #expect(
                    try site.lines(export)
                        == items.map { "{\"Item\":\($0.text)}" }.sorted())
                for name in ["manifest-files", "manifest-summary"] {
                    let sum = try Base64.encode(MD5.hash(site.object(root + name + ".json")))
                    #expect(try site.object(root + name + ".md5") == Array(sum.utf8))
                }
            }
        }
    }

    @Test func `the summary of a full export has AWS's members in AWS's order`() throws {
        try ExportSite.with(items: [Orders.item("p", 1)]) { site in
            site.time.advance(by: .milliseconds(250))
            let export = try site.finish()
            let bytes = try site.object(export["ExportManifest"]?.string)
            let manifest = try JSON(parsing: bytes)
            #expect(manifest.bytes == bytes, "no blanks, no newline")
            #expect(manifest.members?.map(\.name) == Self.names)
            #expect(manifest["version"]?.string == "2020-06-30")
            #expect(manifest["startTime"]?.string == "2026-11-18T11:06:41.250Z")
            #expect(manifest["endTime"]?.string == "2026-11-18T11:07:41.250Z")
            #expect(manifest["exportTime"] == manifest["startTime"])
            #expect(manifest["s3Prefix"] == .null && manifest["s3SseKmsKeyId"] == .null)
            #expect(manifest["itemCount"]?.int == 1)
            #expect(manifest["tableId"] == export["TableId"])
            #expect(manifest["exportArn"] == export["ExportArn"])
        }
    }

    @Test func `the summary of an incremental export says its window, and its data is shared`()
        throws
    {
        try ExportSite.with { site in
            let start = site.now
            try site.put(Orders.item("p", 1))
            site.time.advance(by: .seconds(900.5))
            let export = try site.finish(ExportSite.window(start, nil, "NEW_IMAGE"))
            let manifest = try site.manifest(export)
            let names = Self.names.flatMap {
                $0 == "exportTime" ? ["exportFromTime", "exportToTime"] : [$0]
            }
            #expect(manifest.members?.map(\.name) == names + ["outputView", "exportType"])
            #expect(manifest["version"]?.string == "2023-08-01")
            #expect(manifest["startTime"]?.string == "2026-11-18T11:21:41.000Z")
            #expect(manifest["exportFromTime"]?.string == "2026-11-18T11:06:41.000Z")
            #expect(manifest["exportToTime"]?.string == "2026-11-18T11:21:41.000Z")
            #expect(manifest["outputView"]?.string == "NEW_IMAGE")
            #expect(manifest["exportType"]?.string == "INCREMENTAL_EXPORT")
            #expect(manifest["billedSizeBytes"]?.int == 10_000_000)
            let files = try site.files(export)
            #expect(files.count == 4)
            #expect(files.allSatisfy { $0.key.hasPrefix("AWSDynamoDB/data/") })
        }
    }

    @Test func `an empty partition's file is 20 bytes of gzip`() throws {
        try ExportSite.with { site in
            let export = try site.finish(["S3Prefix": "foo/"])
            #expect(export["ItemCount"]?.int == 0)
            for file in try site.files(export) {
                #expect(try site.object(file.key).count == 20)
                #expect(file.key.hasPrefix("foo/AWSDynamoDB/0"))
            }
            #expect(site.server.keys(in: "things").count == 9)
        }
        let configure = { (options: inout ServerOptions) in options.partitions = 7 }
        try ExportSite.with(options: configure) { site in
            let files = try site.files(site.finish())
            #expect(files.count == 7)
        }
    }

    @Test func `lines of an incremental export have sorted images and typed times`() throws {
        let item: JSON = [
            "z": ["S": "1"], "pk": ["S": "p"], "a": ["N": "2"], "sk": ["N": "1"],
        ]
        try ExportSite.with(items: [Orders.item("p", 1), Orders.item("q", 2)]) { site in
            let start = site.now
            site.time.advance(by: .milliseconds(1))
            try site.put(item)
            try site.delete("q", 2)
            try site.put(Orders.item("r", 3))
            try site.put(Orders.item("s", 4))
            try site.delete("s", 4)
            site.time.advance(by: .seconds(900))
            let metadata = "{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"\(start)001000\"}},"
            func keys(_ partition: String, _ sort: Int) -> String {
                "\"Keys\":{\"pk\":{\"S\":\"\(partition)\"},\"sk\":{\"N\":\"\(sort)\"}}"
            }
            let new = [
                #""NewImage":{"a":{"N":"2"},"pk":{"S":"p"},"sk":{"N":"1"},"z":{"S":"1"}}"#,
                #""NewImage":{"pk":{"S":"r"},"sk":{"N":"3"},"v":{"S":"x"}}"#,
            ]
            let old = [
                #""OldImage":{"pk":{"S":"p"},"sk":{"N":"1"},"v":{"S":"x"}}"#,
                #""OldImage":{"pk":{"S":"q"},"sk":{"N":"2"},"v":{"S":"x"}}"#,
            ]
            let both = try site.finish(ExportSite.window(start, start + 900))
            #expect(
                try site.lines(both) == [
                    "\(metadata)\(keys("p", 1)),\(old[0]),\(new[0])}",
                    "\(metadata)\(keys("q", 2)),\(old[1])}",
                    "\(metadata)\(keys("r", 3)),\(new[1])}",
                ])
            let after = try site.finish(ExportSite.window(start, start + 900, "NEW_IMAGE"))
            #expect(
                try site.lines(after) == [
                    "\(metadata)\(keys("p", 1)),\(new[0])}", "\(metadata)\(keys("q", 2))}",
                    "\(metadata)\(keys("r", 3)),\(new[1])}",
                ])
            #expect(after["ItemCount"]?.int == 3)
            let ion = try site.finish(
                ExportSite.window(start, start + 900).with("ExportFormat", "ION"))
            #expect(
                try site.lines(ion)[2]
                    == "$ion_1_0 {Metadata:{WriteTimestampMicros:\(start)001000.},"
                    + #"Keys:{pk:"r",sk:3.},NewImage:{pk:"r",sk:3.,v:"x"}}"#)
        }
    }

    @Test func `Ion spells every type`() throws {
        let item: JSON = [
            "pk": ["S": "a\"b\\\n\u{1}é"], "sk": ["N": "-1.5"], "big": ["N": "1E+126"],
            "odd name": ["B": "aGk="], "null": ["NULL": true], "yes": ["BOOL": true],
            "l": ["L": [["N": "7"], ["L": []]]], "m": ["M": ["it's": ["BOOL": false]]],
            "ss": ["SS": ["b", "a"]], "ns": ["NS": ["1", "2.5"]], "bs": ["BS": ["AQ=="]],
        ]
        let text = String(decoding: IonText.item(item.bytes), as: UTF8.self)
        #expect(
            text == #"{pk:"a\"b\\\n\x01é",sk:-1.5,big:1d+126,'odd name':{{aGk=}},'null':null,"#
                + #"yes:true,l:[7.,[]],m:{'it\'s':false},ss:$dynamodb_SS::["b","a"],"#
                + #"ns:$dynamodb_NS::[1.,2.5],bs:$dynamodb_BS::[{{AQ==}}]}"#)
        try ExportSite.with(items: [Orders.item("p", 1)]) { site in
            let export = try site.finish(["ExportFormat": "ION"])
            #expect(
                try site.lines(export) == [#"$ion_1_0 {Item:{pk:"p",sk:1.,v:"x"}}"#])
            #expect(try site.files(export).allSatisfy { $0.key.hasSuffix(".ion.gz") })
            #expect(try site.manifest(export)["outputFormat"]?.string == "ION")
        }
    }

    @Test func `objects are encrypted as asked, and data files have the tags of uploads`() throws {
        try ExportSite.with { site in
            let s3 = try RawClient(port: site.server.port)
            func head(_ key: String) throws -> [String: String] {
                try s3.send("HEAD /things/\(key) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                return try s3.reply(toHead: true).headers
            }
            let plain = try site.finish()
            let file = try #require(site.files(plain).first)
            #expect(try head(file.key)["x-amz-server-side-encryption"] == "AES256")
            let md5 = try MD5.hash(site.object(file.key))
            #expect(try head(file.key)["etag"] == "\"\(Hex.text(MD5.hash(md5)))-1\"")
            let coded = try site.finish(["S3SseAlgorithm": "KMS", "S3SseKmsKeyId": "alias/mine"])
            let headers = try head(#require(coded["ExportManifest"]?.string))
            #expect(headers["x-amz-server-side-encryption"] == "aws:kms")
            #expect(headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/mine")
            #expect(try site.manifest(coded)["s3SseKmsKeyId"]?.string == "alias/mine")
        }
    }

    @Test func `a filter chooses items and attributes as Query and Scan do`() throws {
        let items = (0..<20).map { Orders.item("p\($0 % 2)", $0, $0 < 10 ? "low" : "high") }
        try ExportSite.with(items: items) { site in
            let values: JSON = [":p": ["S": "p1"], ":s": ["N": "5"], ":v": ["S": "high"]]
            let export = try site.finish([
                "FilterSpecification": [
                    "KeyConditionExpression": "pk = :p AND sk > :s",
                    "FilterExpression": "#v = :v", "ProjectionExpression": "sk",
                    "ExpressionAttributeNames": ["#v": "v"], "ExpressionAttributeValues": values,
                ]
            ])
            #expect(
                try site.lines(export)
                    == [11, 13, 15, 17, 19].map { "{\"Item\":{\"sk\":{\"N\":\"\($0)\"}}}" })
            #expect(export["FilterSpecification"]?["ProjectionExpression"]?.string == "sk")
            let half = try site.finish([
                "FilterSpecification": [
                    "FilterExpression": "sk < :n", "ExpressionAttributeValues": [":n": ["N": "7"]],
                ]
            ])
            #expect(half["ItemCount"]?.int == 7)
            func refusal(_ specification: JSON) throws -> String {
                try site.export(["FilterSpecification": specification]).message
            }
            #expect(try refusal([:]).contains("The specification can not be empty"))
            #expect(try refusal(["FilterExpression": "v ="]).contains("Invalid FilterExpression"))
            #expect(
                try refusal([
                    "KeyConditionExpression": "sk = :n",
                    "ExpressionAttributeValues": [":n": ["N": "1"]],
                ]).contains("missed key schema element: pk"))
        }
    }
}

extension JSON {
    /// The same with another member.
    func with(_ name: String, _ value: JSON) -> JSON {
        var json = self
        json[name] = value
        return json
    }
}
