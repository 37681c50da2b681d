import DynamoModel
import System
import Testing

@testable import Formats

/// Goal: whatever wrote a file, its items come out as lines that a cutter takes, byte for byte the
/// same however the file is cut into pieces; what is no item is named.
@Suite struct FileReadingTests {
    static let schema = KeySchema(
        partition: KeyAttribute(name: "pk", type: .string),
        sort: KeyAttribute(name: "n", type: .number))

    struct Read: Equatable {
        var lines: [String] = []
        var form: LineCutter.Form?
        var noun = "line"
        var defects: [Int: String] = [:]
        var flaw: String?
    }

    /// Reads a file that comes in pieces of so many bytes.
    static func read(
        _ text: String, named name: String = "dump.json", _ options: FormatOptions = .init(),
        schema: KeySchema = Self.schema, piece: Int = 1 << 20
    ) -> Read {
        read(Array(text.utf8), named: name, options, schema: schema, piece: piece)
    }

    static func read(
        _ bytes: [UInt8], named name: String, _ options: FormatOptions = .init(),
        schema: KeySchema = Self.schema, piece: Int = 1 << 20
    ) -> Read {
        var read = Read()
        do throws(FormatFlaw) {
            try run(bytes, name, options, schema, piece, &read)
        } catch {
            read.flaw = error.reason
        }
        return read
    }

    private static func run(
        _ bytes: [UInt8], _ name: String, _ options: FormatOptions, _ schema: KeySchema,
        _ piece: Int, _ read: inout Read
    ) throws(FormatFlaw) {
        let held = ByteBuffer()
        let output = ByteBuffer()
        var reading: FileReading?
        var position = 0
        repeat {
            let end = min(position + piece, bytes.count)
            held.append(Array(bytes[position..<end]))
            position = end
            let isLast = end == bytes.count
            if reading == nil {
                reading = try options.reading(
                    held.bytes, named: name, isWhole: isLast, schema: schema)
            }
            switch reading {
            case nil: continue
            case .lines(let form):
                read.form = form
                output.append(held.bytes)
                held.removeAll()
            case .made(var maker):
                (read.form, read.noun) = (maker.form, maker.noun)
                defer { read.lines = lines(output) }
                var used = 0
                repeat {
                    used = try maker.take(
                        held.bytes, isLast: isLast, into: output, &read.defects)
                    let rest = Array(held.bytes[used...])
                    held.removeAll()
                    held.append(rest)
                } while used > 0 && held.count > 0
                reading = .made(maker)
            }
        } while position < bytes.count
        read.lines = lines(output)
        #expect(held.count == 0)
    }

    private static func lines(_ output: ByteBuffer) -> [String] {
        output.bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What a cutter makes of the lines: the items, or why there is none.
    static func items(_ read: Read) -> [String] {
        guard let form = read.form else { return [] }
        return read.lines.map { line in
            let buffer = ByteBuffer()
            buffer.append(Array(line.utf8))
            let cut = LineCutter(schema: schema).cut(
                [0..<buffer.count], of: buffer.bytes, as: form)
            switch cut[0] {
            case .success(let slice):
                return String(decoding: buffer.bytes[slice.range], as: UTF8.self)
            case .failure(let error): return "!\(error.reason)"
            }
        }
    }

    private static let a = #"{"pk":{"S":"a"},"n":{"N":"1"}}"#
    private static let b = #"{"n":{"N":"2"},"pk":{"S":"{[]}\",\\"},"l":{"L":[{"M":{}}]}}"#

    private static let files: [(file: String, name: String)] = [
        ("{\"Item\":\(a)}\n{\"Item\":\(b)}\n", "x.json"),
        ("\(a)\n\(b)", "x.jsonl"),
        (
            "{\"Items\":[\(a),\(b)],\"Count\":2,\"ScannedCount\":2,\"ConsumedCapacity\":null}",
            "x.json"
        ),
        ("{\n  \"Items\": [\n    \(a),\n    \(b)\n  ],\n  \"Count\": 2\n}\n", "x.json"),
        ("{\"Count\":2,\"Items\":[\(a),\(b)],\"LastEvaluatedKey\":{\"pk\":{\"S\":\"]\"}}}", "x"),
        ("{\"ConsumedCapacity\":{\"TableName\":\"t\"},\"Items\":[\(a),\(b)]}", "x.json"),
        ("{\"Items\":[\(a)]}\n{\"Items\":[\(b)]}\n{\"Items\":[],\"Count\":0}", "x.json"),
        ("[\(a),\r\n\(b)]", "x.json"),
        ("{\"t\":[{\"PutRequest\":{\"Item\":\(a)}},{\"PutRequest\": {\"Item\":\(b)}}]}", "x.json"),
        (
            "{\"t\":[{\"PutRequest\":{\"Item\":\(a)}}],\"t\":[{\"PutRequest\":{\"Item\":\(b)}}]}",
            "x"
        ),
        ("{\"PutRequest\":{\"Item\":\(a)}}\n{\"PutRequest\":{\"Item\":\(b)}}\n", "x.json"),
        ("\u{FEFF}\(a)\r\n\(b)\r\n\r\n", "x.json"),
    ]

    @Test(arguments: files.indices, [1, 2, 7, 64, 1 << 20])
    func `items in JSON are the same in whatever they come, in pieces of any size`(
        number: Int, piece: Int
    ) {
        let (file, name) = Self.files[number]
        var bytes = Array(file.utf8)
        if bytes.starts(with: ByteOrderMark.utf8) { bytes.removeFirst(3) }
        let read = Self.read(bytes, named: name, piece: piece)
        #expect(read.flaw == nil && read.defects.isEmpty)
        let items = Self.items(read).filter {
            !$0.allSatisfy(\.isWhitespace) && $0 != "!expected '{'"
        }
        #expect(items == [Self.a, Self.b], "\(read)")
    }

    @Test(arguments: [1, 5, 1 << 20]) func `what Data Pipeline wrote has DynamoDB's types`(
        piece: Int
    ) {
        let line =
            #"{"pk":{"s":"a\u00e9"},"n":{"n":"1"},"b":{"b":"AAE="},"sS":{"sS":["x"]},"#
            + #""nS":{"nS":["1"]},"#
            + #""bS":{"bS":["AA=="]},"m":{"m":{"x":{"l":[{"bOOL":true},{"nULL":true}]}}}}"#
        let hive =
            "pk\u{3}{\"s\":\"aé\"}\u{2}n\u{3}{\"n\":\"1\"}\u{2}b\u{3}{\"b\":\"AAE=\"}\n"
        let json = Self.read(line + "\n\n" + line + "\n", named: "0001", piece: piece)
        let item =
            #"{"pk":{"S":"aé"},"n":{"N":"1"},"b":{"B":"AAE="},"sS":{"SS":["x"]},"nS":{"NS":["1"]},"#
            + #""bS":{"BS":["AA=="]},"m":{"M":{"x":{"L":[{"BOOL":true},{"NULL":true}]}}}}"#
        #expect(json == Read(lines: [item, item], form: .attributes, noun: "line"))
        let old = Self.read(hive, named: "0001", piece: piece)
        #expect(old.lines == [#"{"pk":{"S":"aé"},"n":{"N":"1"},"b":{"B":"AAE="}}"#])
        let bad = Self.read(
            "{\"pk\":{\"s\":\"a\"}}\n{\"pk\":{\"t\":\"a\"}}\nnothing\n", named: "0001")
        #expect(bad.lines.count == 3 && Set(bad.defects.keys) == [1, 2])
    }

    @Test(arguments: [1, 3, 1 << 20]) func `rows of CSV are read as DynamoDB's import reads them`(
        piece: Int
    ) {
        let file =
            "pk,n,name,note\r\n"
            + "a,1,\"Ann \"\"A\"\" B, C\",\r\n\r\nb,2.50,\"two\nlines\",x\n"
        let read = Self.read(file, named: "people.csv", piece: piece)
        #expect(
            read
                == Read(
                    lines: [
                        #"{"pk":{"S":"a"},"n":{"N":"1"},"name":{"S":"Ann \"A\" B, C"}}"#,
                        #"{"pk":{"S":"b"},"n":{"N":"2.50"},"name":{"S":"two\nlines"},"#
                            + #""note":{"S":"x"}}"#,
                    ], form: .attributes, noun: "row"))
    }

    @Test func `columns of CSV have the types and names that are given`() {
        var options = FormatOptions()
        options.csv.delimiter = 0x7C
        options.csv.header = ["pk", "n", "ok", "raw", "age"]
        options.csv.types = ["ok": .bool, "raw": .binary, "age": .number]
        let read = Self.read("a|1|TRUE|AAE=|7\nb|2|no||", named: "p.csv.gz", options)
        #expect(
            read.lines.first
                == #"{"pk":{"S":"a"},"n":{"N":"1"},"ok":{"BOOL":true},"raw":{"B":"AAE="},"#
                + #""age":{"N":"7"}}"#
        )
        #expect(read.defects == [1: "has no BOOL in the column ok: true or false is wanted"])
    }

    private static let wrongHeads: [(String, String)] = [
        ("id,n\na,1", "has no column for the key attribute pk: its columns are id, n"),
        ("pk,n,n\na,1,2", "has two columns called n: its columns are pk, n, n"),
        ("pk,n,\na,1,2", "has a column 3 without a name: its columns are pk, n, "),
        ("\"pk,n\na,1", "ends within a quote that is not closed"),
    ]

    @Test(arguments: wrongHeads) func `a head of CSV that can't be right ends the file`(
        file: String, flaw: String
    ) {
        #expect(Self.read(file, named: "x.csv").flaw == flaw)
    }

    @Test(arguments: [1, 3, 1 << 20]) func `Ion text becomes DynamoDB JSON`(piece: Int) {
        let file = """
            $ion_1_0 {Item:{pk:"a\\u00e9\\n",'n':1.,"q":-6d2,
              big:12345678901234567890123456789012345678}}
            // a comment with { in it
            {Item:{pk:'''long''' '''er''',n:2d3,b:{{ A//E }},t:true,z:null,z2:null.string,
              ss:$dynamodb_SS::["x","y"],ns:$dynamodb_NS::[1.5,2.],bs:$dynamodb_BS::[{{AA==}}],
              m:{ /* none */ },l:[1,"2",{x:[]}]}}
            """
        let read = Self.read(file, named: "x.json", piece: piece)
        #expect(
            read.lines == [
                #"{"pk":{"S":"aé\n"},"n":{"N":"1"},"q":{"N":"-6e2"},"#
                    + #""big":{"N":"12345678901234567890123456789012345678"}}"#,
                #"{"pk":{"S":"longer"},"n":{"N":"2e3"},"b":{"B":"A//E"},"t":{"BOOL":true},"#
                    + #""z":{"NULL":true},"z2":{"NULL":true},"ss":{"SS":["x","y"]},"#
                    + #""ns":{"NS":["1.5","2"]},"bs":{"BS":["AA=="]},"m":{"M":{}},"#
                    + #""l":{"L":[{"N":"1"},{"S":"2"},{"M":{"x":{"L":[]}}}]}}"#,
            ], "\(read)")
        #expect(read.defects.isEmpty && read.flaw == nil)
        #expect(Self.items(read).allSatisfy { $0.hasPrefix("{") })
        let list = Self.read(
            "$ion_1_0\n[{Item:{pk:\"a\",n:1}},\n {Item:{pk:\"b\",n:2}}]", named: "x.ion",
            piece: piece)
        #expect(list.lines.count == 2 && list.defects.isEmpty)
    }

    private static let wrongIon: [(String, String)] = [
        ("{Item:{pk:\"a\",n:1e3}}", "has the float 1e3: DynamoDB has decimals, as 1d3"),
        ("{Item:{pk:2007-01-01T}}", "!not a number"),
        ("{Item:{pk:sym}}", "has sym, which is no value of DynamoDB's"),
        ("{Item:{pk:'sym'}}", "has the symbol sym, which is no value of DynamoDB's"),
        ("{Item:{pk:x::\"a\"}}", "has the annotation x, which is none of DynamoDB's"),
        ("{Item:{pk:{{\"clob\"}}}}", "has a clob, which is no value of DynamoDB's"),
        ("{Item:{pk:\"\\ud800\"}}", "has half of a surrogate pair"),
        ("{Item:{pk:\"a\"", "is no Ion text: ',' or '}' is missing (byte 13)"),
        ("{Keys:{pk:\"a\"}}", "has a field Keys where Item alone belongs"),
        ("{}", "is no line of an export: Item is missing"),
        ("(a b)", "is no Ion text: a struct is missing (byte 0)"),
    ]

    @Test(arguments: wrongIon) func `what DynamoDB has no value for is no item`(
        text: String, reason: String
    ) {
        let read = Self.read(text, named: "x.ion")
        #expect(read.lines.count == 1)
        if reason.hasPrefix("!") {
            #expect(Self.items(read)[0].hasPrefix("!"))
        } else {
            #expect(read.defects == [0: reason])
        }
    }

    private static let wrongFiles: [(bytes: [UInt8], flaw: String)] = [
        (
            Array(#"{"a":[{"PutRequest":{"Item":{}}}],"b":[{"PutRequest":{"Item":{}}}]}"#.utf8),
            "has requests for several tables: a and b"
        ),
        (
            Array(#"{"Count":1,"\u0049tems":[]}"#.utf8), "has an escape in a name, line 1"
        ),
        (
            Array(#"{"RequestItems":{"T":[{"PutRequest":{"Item":{}}}]}}"#.utf8),
            "is a request with RequestItems around its tables"
        ),
        ([0xFF, 0xFE, 0x7B, 0], "is UTF-16LE, and files are read as UTF-8"),
        ([0xFE, 0xFF, 0, 0x7B], "is UTF-16BE, and files are read as UTF-8"),
        ([0x7B, 0, 0x22, 0], "is UTF-16LE, and files are read as UTF-8"),
        (
            Array("{\"Items\":[{\"pk\":{\"S\":\"a\"}}".utf8),
            "is cut short: it ends within a document"
        ),
        (
            Array(#"{"Metadata":{"WriteTimestampMicros":{"N":"1"}},"Keys":{}}"#.utf8),
            "holds changes, as an incremental export does, and not items"
        ),
        (
            Array("{\"Count\":0}\n{\"Items\":[]}".utf8),
            "has no Items: the document that ends in line 1 is something else"
        ),
        (Array("{\"Items\":[1]}".utf8), "is no such JSON: line 1 has '1' where an item should be"),
        (
            Array("{\"Items\":[\n{}\n{}]}".utf8),
            "is no such JSON: line 3 has '{' where ',' or ']' should be"
        ),
        (
            Array("{\"Items\":[{\"pk\":{\"S\":\"a\nb\"}}]}".utf8),
            "has a line break or control character in a text, line 2"
        ),
        (
            Array("{\"Items\":[]} x".utf8),
            "is no such JSON: line 1 has 'x' where '{' or '[' should be"
        ),
    ]

    @Test(arguments: wrongFiles) func `a file that can't be read on says where`(
        bytes: [UInt8], flaw: String
    ) {
        #expect(Self.read(bytes, named: "x.json").flaw == flaw)
    }

    private static let firsts: [(String, LineCutter.Form)] = [
        (#"{"Item":{"S":"x"},"pk":{"S":"a"}}"#, .attributes),
        (#"{"Item":{"M":{"pk":{"S":"x"}}}}"#, .attributes),
        (#"{"Item":{"M":{"S":"x"}}}"#, .item),
        (#"{"Item":{"M":{"M":{"a":{"S":"1"}}},"pk":{"S":"a"}}}"#, .item),
        (#"{"Item":{"M":{"a":{"N":"1"}}}}"#, .attributes),
        (#"{"Item":{"S":{"S":"x"},"pk":{"S":"a"}}}"#, .item),
        (#"{"PutRequest":{"S":"x"}}"#, .attributes),
        (#"{"PutRequest":{"Item":{"pk":{"S":"x"}}}}"#, .putRequest),
        (#"{"Item":{}}"#, .item), ("no JSON", .item), ("", .item), ("{}", .item),
    ]

    @Test(arguments: firsts)
    func `an attribute that is called Item is told from an export's member`(
        line: String, form: LineCutter.Form
    ) {
        #expect(Self.read(line).form == form)
    }

    @Test(arguments: [64 << 10, 1 << 24])
    func `a record that is longer than any item ends the file, in pieces of any size`(piece: Int) {
        let long = String(repeating: "x", count: 3 << 20)
        let lines = "{\"pk\":{\"s\":\"a\"}}\n{\"pk\":{\"s\":\"\(long)\"}}\n"
        let flaw = "of more than 2,867,200 bytes, which no item has: it follows"
        let pipeline = Self.read(lines, named: "0001", piece: piece)
        #expect(pipeline.flaw == "has a line \(flaw) line 1" && pipeline.lines.count == 1)
        let rows = "pk,n\na,1\nb,\"" + String(repeating: "evil,1\n", count: 500_000) + "\"\n"
        let csv = Self.read(rows, named: "x.csv", piece: piece)
        #expect(csv.flaw == "has a row \(flaw) row 1" && csv.lines.count == 1)
    }

    private static let quotes: [(file: String, keys: [String], flaw: String?)] = [
        ("pk,n\na\" pipe,1\nb\" pipe,2\n", ["a\\\" pipe", "b\\\" pipe"], nil),
        ("pk,n\na,1\nb,\"2\nc,3\n", ["a"], "ends within a quote that is not closed"),
        ("\n\r\npk,n\na,1", ["a"], nil),
        ("pk,n\ra,1\rb,2\r", [], "has a line break or control character in a column's name"),
        ("pk,\"n\na,1\nb,2\n", [], "ends within a quote that is not closed"),
    ]

    @Test(arguments: quotes, [1, 1 << 20])
    func `a quote is one only where a value begins, and no row is lost in another`(
        file: (file: String, keys: [String], flaw: String?), piece: Int
    ) {
        let read = Self.read(file.file, named: "x.csv", piece: piece)
        #expect(read.flaw == file.flaw)
        #expect(read.lines.count == file.keys.count)
        for (line, key) in zip(read.lines, file.keys) {
            #expect(line.hasPrefix(#"{"pk":{"S":"\#(key)"}"#), "\(line)")
        }
    }

    @Test func `options that contradict a file's own head are refused`() {
        var options = FormatOptions()
        options.csv.header = ["pk", "n"]
        #expect(
            Self.read("pk,n\na,1\n", named: "x.csv", options).flaw
                == "has the names of --csv-header in its first row")
        options = FormatOptions()
        options.csv.types = ["n": .string]
        #expect(
            Self.read("pk,n\na,1\n", named: "x.csv", options).flaw
                == "has the key attribute n, which is N in the table and S in --csv-types")
    }

    @Test func `a long name on many rows takes no more memory than its lines do at a time`()
        throws
    {
        let name = String(repeating: "x", count: 60_000)
        let file = "pk,n,\(name)\n" + String(repeating: "a,1,b\n", count: 100)
        var maker = RecordLines(CSVRecords(CSVOptions(), schema: Self.schema))
        let (held, lines) = (ByteBuffer(), ByteBuffer())
        held.append(Array(file.utf8))
        var defects: [Int: String] = [:]
        let used = try maker.take(held.bytes, isLast: true, into: lines, &defects)
        #expect(used < held.count && lines.count < 400_000)
    }

    @Test func `a row of white space is a row, and has a place of its own`() {
        let read = Self.read("pk,n\n  \na,1\n", named: "x.csv")
        #expect(read.lines == ["(blank)", #"{"pk":{"S":"a"},"n":{"N":"1"}}"#])
        #expect(Array(read.defects.keys) == [0])
    }

    private static let partial = #"{"Items":[{"pk":{"S":"a"},"n":{"N":"1"}}],"NextToken":"x"}"#

    @Test func `a scan that was not read to its end is whole only beside others`() {
        #expect(Self.read(Self.partial).flaw == nil)
        var options = FormatOptions()
        options.isOnlyFile = true
        let flaw = Self.read(Self.partial, options).flaw
        #expect(flaw?.hasPrefix("ends before the last page") == true)
        #expect(
            Self.read(Self.partial + #"{"Items":[],"LastEvaluatedKey":null}"#, options).flaw == nil)
        options.format = .scan
        #expect(Self.read(Self.partial, options).flaw == nil)
    }

    @Test func `a deletion in a batch-write file deletes nothing, and is named`() {
        let read = Self.read(#"{"t":[{"DeleteRequest":{"Key":{"pk":{"S":"a"},"n":{"N":"1"}}}}]}"#)
        #expect(Self.items(read) == ["!it is a DeleteRequest, and nothing is deleted"])
    }

    @Test(arguments: [1, 3, 1 << 20])
    func `changes in Ion text become those in DynamoDB JSON`(piece: Int) {
        let text = #"""
            $ion_1_0 {Metadata:{WriteTimestampMicros:17.},Keys:{pk:"a",n:1.},OldImage:{pk:"a",n:1.}}
            $ion_1_0 {Metadata:{WriteTimestampMicros:{N:"18"}},NewImage:{pk:"b",n:2.,v:null}}
            $ion_1_0 {Metadata:{WriteTimestampMicros:"x"},Keys:{pk:"c",n:1.}}
            $ion_1_0 {Item:{pk:"d",n:1.}}
            """#
        let options = FormatOptions().ofExport(named: "x.ion.gz", holdsChanges: true)
        let read = Self.read(text, named: "x.ion.gz", options, piece: piece)
        let time = #"{"Metadata":{"WriteTimestampMicros":{"N":"#
        let key = #"{"pk":{"S":"a"},"n":{"N":"1"}}"#
        #expect(read.form == .change)
        #expect(
            Array(read.lines.prefix(2)) == [
                time + #""17"}},"Keys":\#(key),"OldImage":\#(key)}"#,
                time + #""18"}},"NewImage":{"pk":{"S":"b"},"n":{"N":"2"},"v":{"NULL":true}}}"#,
            ])
        #expect(read.defects.keys.sorted() == [2, 3])
    }
}
