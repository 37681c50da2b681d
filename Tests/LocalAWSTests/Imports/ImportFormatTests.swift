import JSON
import System
import Testing

@testable import LocalAWS

/// What an import reads of objects, and what it makes of what it can't read.
@Suite(.timeLimit(.minutes(20))) struct ImportFormatTests {
    private static let failure =
        "Some of the items failed validation checks and were not imported. Please check CloudWatch "
        + "error logs for more details."

    private static func compressed(_ text: String, _ compressor: any Compressor) -> [UInt8] {
        let output = ByteBuffer()
        var bytes = Array(text.utf8)
        bytes.withUnsafeMutableBytes { compressor.write(UnsafeRawBufferPointer($0), into: output) }
        compressor.finish(into: output)
        return Array(output.bytes)
    }

    @Test func `gzip and zstd are read when they are named`() throws {
        for (name, compressor) in [
            ("GZIP", GzipWriter(level: 1) as any Compressor), ("ZSTD", ZstdWriter(level: 1)),
        ] {
            try ImportSite.with { site in
                let text = ImportSite.line("a") + ImportSite.line("b")
                try site.put(Self.compressed(text, compressor), "x")
                try site.put([], "nothing")
                let json = try site.run(["InputCompressionType": .string(name)])
                #expect(json["ImportStatus"] == "COMPLETED", "\(json)")
                #expect(json.counts == [2, 2, 0])
                #expect(json["ProcessedSizeBytes"]?.int == text.utf8.count, "inflated")
            }
        }
    }

    @Test(arguments: [("NONE", true), ("ZSTD", true), ("GZIP", false)])
    func `another compression than the one that is named fails`(
        named: String, isGzip: Bool
    ) throws {
        try ImportSite.with { site in
            let text = ImportSite.line("a")
            try site.put(
                isGzip ? Self.compressed(text, GzipWriter(level: 1)) : Array(text.utf8), "x")
            let json = try site.run(["InputCompressionType": .string(named)])
            #expect(json["FailureCode"] == "ItemValidationError")
            #expect(json.counts == [1, 0, 1])
            #expect(try site.tableStatus() == "ACTIVE")
            #expect(try site.items().isEmpty)
        }
    }

    @Test func `the root of an export fails, and its data folder is read`() throws {
        try ImportSite.with { site in
            let root = "AWSDynamoDB/01700000000000-abcdef01/"
            let lines = ImportSite.line("a") + ImportSite.line("b")
            try site.put(Self.compressed(lines, GzipWriter(level: 1)), root + "data/1.json.gz")
            try site.put([], root + "_started")
            try site.put(#"{"version":"2020-06-30"}"#, root + "manifest-summary.json")
            let gzip: JSON = ["InputCompressionType": "GZIP"]
            #expect(try site.run(gzip, prefix: root)["ImportStatus"] == "FAILED")
            var creation = ImportSite.creation
            creation["TableName"] = "again"
            let json = try site.run(gzip, prefix: root + "data/", creation: creation)
            #expect(json["ImportStatus"] == "COMPLETED")
            #expect(json.counts == [2, 2, 0])
        }
    }

    @Test func `an item that breaks a rule is left out, and the others are there`() throws {
        try ImportSite.with { site in
            let bad = [
                #"{"Item":{"other":{"S":"x"}}}"#, #"{"Item":{"pk":{"N":"1"}}}"#,
                #"{"Item":{"pk":{"S":""}}}"#, #"{"Item":{"pk":{"S":"n"},"n":{"N":"x"}}}"#,
            ]
            let good = (0..<6).map { ImportSite.line("k\($0)") }
            try site.put((bad.map { $0 + "\n" } + good).joined(), "x")
            let json = try site.run()
            #expect(json["ImportStatus"] == "FAILED")
            #expect(json["FailureCode"] == "ItemValidationError")
            #expect(json["FailureMessage"]?.string == Self.failure)
            #expect(json.counts == [10, 6, 4])
            #expect(try site.tableStatus() == "ACTIVE")
            #expect(try site.items().count == 6)
        }
    }

    @Test(arguments: [
        "no JSON", #"{"pk":{"S":"x"}}"#, #"{"Item":5}"#, #"{"Item":{"pk":"x"}}"#,
        #"{"Keys":{"pk":{"S":"x"}},"NewImage":{"pk":{"S":"x"}}}"#, "[]", #"{"Item":{"pk""#,
    ])
    func `behind a line that is no item the rest of its object is not read`(line: String) throws {
        try ImportSite.with { site in
            let five = (0..<5).map { ImportSite.line("k\($0)") }.joined()
            try site.put(five + line + "\n" + ImportSite.line("behind"), "1")
            try site.put(ImportSite.line("other object"), "2")
            let json = try site.run()
            #expect(json["FailureCode"] == "ItemValidationError")
            #expect(json.counts == [7, 6, 1])
            #expect(try site.items().count == 6)
        }
    }

    @Test func `lines need no breaks between them, and blank ones are nothing`() throws {
        try ImportSite.with { site in
            let lines = ["a", "b", "c"].map { #"{"Item":{"pk":{"S":"\#($0)"}}}"# }
            try site.put("\n\n" + lines[0] + lines[1] + "\r\n \n" + lines[2], "x")
            #expect(try site.run().counts == [3, 3, 0])
        }
    }

    @Test func `CSV has keys of the table's types, texts, and nothing for what is empty`() throws {
        try ImportSite.with { site in
            let csv =
                "pk,n,\"a \"\"name\"\"\",note\r\n\"x, y\",7,\"two\nlines\",\n\nz,8,,\"\"\"\"\r\n"
            try site.put(csv, "x.csv")
            var creation = ImportSite.creation
            creation["AttributeDefinitions"] = [
                ["AttributeName": "pk", "AttributeType": "S"],
                ["AttributeName": "n", "AttributeType": "N"],
            ]
            creation["KeySchema"] = [
                ["AttributeName": "pk", "KeyType": "HASH"],
                ["AttributeName": "n", "KeyType": "RANGE"],
            ]
            let json = try site.run(["InputFormat": "CSV"], creation: creation)
            #expect(json["ImportStatus"] == "COMPLETED", "\(json)")
            #expect(json.counts == [2, 2, 0])
            #expect(json["ProcessedSizeBytes"]?.int == csv.utf8.count)
            let items = site.server.items(of: "loaded").map { try? JSON(parsing: $0) }
            #expect(
                items.contains([
                    "pk": ["S": "x, y"], "n": ["N": "7"], "a \"name\"": ["S": "two\nlines"],
                ]))
            #expect(items.contains(["pk": ["S": "z"], "n": ["N": "8"], "note": ["S": "\""]]))
        }
    }

    @Test func `a header that is given makes the first line of CSV data`() throws {
        try ImportSite.with { site in
            try site.put("a|1\nb|2", "1")
            try site.put("c|3", "2")
            let options: JSON = ["Csv": ["Delimiter": "|", "HeaderList": ["pk", "v"]]]
            let json = try site.run(["InputFormat": "CSV", "InputFormatOptions": options])
            #expect(json.counts == [3, 3, 0])
            #expect(try site.items().contains(#"{"pk":{"S":"a"},"v":{"S":"1"}}"#))
        }
    }

    @Test(arguments: [
        ("title,artist\nx,y\nz,w\n", [2, 0, 2]), ("pk,v\na,1\nb,2,3\nc,3\n", [2, 1, 1]),
        ("pk\n\"a\nb\n", [1, 0, 1]), ("pk\na\n\"b\"c\nd\n", [2, 1, 1]), ("pk\n", [0, 0, 0]),
    ])
    func `rows that are no items are errors`(csv: String, counts: [Int]) throws {
        try ImportSite.with { site in
            try site.put(csv, "x")
            let json = try site.run(["InputFormat": "CSV"])
            #expect(json.counts == counts)
            #expect(json["ImportStatus"] == (counts[2] == 0 ? "COMPLETED" : "FAILED"))
        }
    }

    @Test func `Ion is read, up to what is none`() throws {
        try ImportSite.with { site in
            let ion = #"""
                $ion_1_0 {Item:{pk:"a",n:1.50,s:$dynamodb_SS::["x","y"],b:{{AQI=}},m:{l:[true]}}}
                $ion_1_0 {Item:{pk:"b"}}
                $ion_1_0 {Item:{n:1.}}
                $ion_1_0 {Other:{pk:"c"}}
                $ion_1_0 {Item:{pk:"d"}}
                """#
            try site.put(ion, "x.ion")
            let json = try site.run(["InputFormat": "ION"])
            #expect(json["FailureCode"] == "ItemValidationError")
            #expect(json.counts == [4, 2, 2])
            let items = site.server.items(of: "loaded").map { try? JSON(parsing: $0) }
            #expect(
                items.contains([
                    "pk": ["S": "a"], "n": ["N": "1.5"], "s": ["SS": ["x", "y"]],
                    "b": ["B": "AQI="], "m": ["M": ["l": ["L": [["BOOL": true]]]]],
                ]), "\(items)")
        }
    }

    @Test func `an object of many items is read whole, in every format`() throws {
        try ImportSite.with { site in
            // More than a reader takes at once.
            let (count, text) = (2_500, String(repeating: "x", count: 200))
            try site.put((0..<count).map { ImportSite.line("\($0)\(text)") }.joined(), "json")
            try site.put("pk\n" + (0..<count).map { "\($0)\(text)\n" }.joined(), "csv")
            try site.put(
                (0..<count).map { "$ion_1_0 {Item:{pk:\"\($0)\(text)\"}}\n" }.joined(), "ion")
            for (format, prefix) in [("DYNAMODB_JSON", "json"), ("CSV", "csv"), ("ION", "ion")] {
                var creation = ImportSite.creation
                creation["TableName"] = .string("from-\(prefix)")
                let json = try site.run(
                    ["InputFormat": .string(format)], prefix: prefix, creation: creation)
                #expect(json.counts == [count, count, 0], "\(format)")
                #expect(site.server.count(of: "from-\(prefix)") == count)
            }
        }
    }
}
