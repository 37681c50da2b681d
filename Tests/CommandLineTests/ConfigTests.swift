import CommandLine
import TestSupport
import Testing
import Transfer

@testable import Arguments
@testable import dynaferry

/// Goal: a file gives what the command line gives, and whatever is wrong in it is told with its
/// place.
@Suite struct ConfigTests {
    private func copy(_ file: String, _ words: String...) throws -> CopyArguments {
        try CopyArguments(parsing: ["--config", "m.json"] + words) { path in
            #expect(path == "m.json")
            return Array(file.utf8)
        }
    }

    private func complaint(
        _ file: String, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) -> UsageError? {
        #expect(throws: UsageError.self, sourceLocation: sourceLocation) {
            try CopyArguments(parsing: words + ["--config=m.json"]) { _ in Array(file.utf8) }
        }
    }

    // MARK: Every option

    /// Texts of which each option takes one at least.
    private static let samples = [
        "5", "20m", "64MiB", "eu-west-1", "http://127.0.0.1:8000",
        "arn:aws:iam::123456789012:role/copier", "old-*=new-*", "Orders=50", "abc", "18:30",
        "5%", "pk:S", "AES256", "123456789012", "2026-11-28T06:00:00Z", "s3://ccc/",
    ]

    /// What a file may say of an option, beside the words that mean the same.
    private static func spellings(
        _ option: OptionDescription, _ name: String, _ sample: String
    ) -> [(json: String, words: [String])] {
        let quoted = "\"\(sample)\""
        switch option.syntax {
        case .flag: return [("true", [name]), ("false", [])]
        case .valueAfterEquals:
            return [("true", [name]), ("false", []), (quoted, ["\(name)=\(sample)"])]
        case .value:
            let words = ["\(name)=\(sample)"]
            // In quotes it would be a table's name.
            var all = name == "--tables" ? [] : [(json: quoted, words: words)]
            if option.repeats { all.append(("[\(quoted), \(quoted)]", words + words)) }
            if Double(sample) != nil { all.append((sample, words)) }
            return all
        }
    }

    private func check<Arguments: ConfigurableArguments & Equatable>(
        _: Arguments.Type
    ) throws {
        var names: [String] = []
        func parse(_ words: [String], _ file: String? = nil) throws -> Arguments {
            let words = names + words + (file.map { _ in ["--config", "f"] } ?? [])
            var arguments = try Arguments(parsing: words) { _ in Array((file ?? "").utf8) }
            arguments.copy.config = nil
            return arguments
        }
        for option in Arguments.options.map(\.description) where option.filePlace != .nowhere {
            for name in option.names {
                names = Self.names(for: name)
                let role = option.names.contains("--role-arn") ? [] : Self.companions(of: name)
                let choices =
                    if case .choices(let all)? = option.value?.proposal { all } else {
                        Self.samples + [Self.rulesFile.path("rules")]
                    }
                let sample = choices.first { (try? parse(role + ["\(name)=\($0)"])) != nil }
                let text = sample ?? (option.syntax == .flag ? "" : nil)
                guard let text else {
                    Issue.record("\(name): no sample will do; add one")
                    continue
                }
                for (json, words) in Self.spellings(option, name, text) {
                    let key = name.dropFirst(2)
                    let given = try parse(role, "{\"\(key)\": \(json)}")
                    #expect(try given == parse(role + words), "\(key): \(json)")
                }
            }
        }
    }

    /// What is said of files has a side of files.
    private static func names(for option: String) -> [String] {
        switch option {
        case "--file-size", "--compression", "--level": ["aaa", "./bbb/"]
        case "--like", "--key", "--latest", "--check-first", "--apply-deletes", "--format",
            "--csv-types",
            "--csv-header", "--csv-delimiter":
            ["./aaa/", "bbb"]
        case "--load": ["s3://aaa/", "bbb"]
        case "--snapshot", "--snapshot-time", "--since", "--expected-bucket-owner",
            "--requester-pays", "--sse", "--sse-kms-key-id",
            "--bucket-owner-full-control":
            ["aaa", "s3://bbb/"]
        default: ["aaa", "bbb"]
        }
    }

    /// Some say nothing without another.
    private static func companions(of option: String) -> [String] {
        switch option {
        case "--through-jobs", "--through-timeout": ["--through=cat"]
        case "--show-raw", "--full": ["--show=5"]
        case "--snapshot-time": ["--snapshot"]
        case "--via-cleanup": ["--via=s3://ccc/"]
        default: ["--role-arn=\(role)"]
        }
    }

    /// A file of rules, for the option that reads one.
    private static let rulesFile: TemporaryFolder = {
        guard let folder = try? TemporaryFolder(),
            (try? #"{"a": {"keep": ["x"]}}"#.write(
                toFile: folder.path("rules"), atomically: true, encoding: .utf8)) != nil
        else { preconditionFailure("no folder can be made") }
        return folder
    }()

    private static let role = "arn:aws:iam::123456789012:role/copier"

    @Test func `each option of each command that takes a file has its key there`() throws {
        try check(CopyArguments.self)
        try check(PlanArguments.self)
        try check(VerifyArguments.self)
        let names = ProgramDescription.dynaferry.commands.filter { command in
            command.options.contains { $0.names.contains("--config") }
        }.map(\.name)
        #expect(names.contains("copy") && names.contains("plan") && names.contains("verify"))
    }

    @Test func `each option is for tables, for the whole, or for the command line`() throws {
        for option in CopyArguments.options.map(\.description) where !option.isHidden {
            let key = String(option.names[0].dropFirst(2))
            let alone = complaint("{\"\(key)\": {\"x\": 1}}", "aaa", "bbb")
            let inTable = complaint("{\"tables\": [{\"source\": \"aaa\", \"\(key)\": {\"x\": 1}}]}")
            switch option.filePlace {
            case .nowhere:
                #expect(alone?.message == "m.json:1: \(key): is for the command line only")
                #expect(inTable?.message == alone?.message)
            case .top:
                #expect(
                    inTable?.message == "m.json:1: \(key): holds for all tables, not for some")
            case .table:
                #expect(inTable?.message.contains("\(key): expected ") == true, "\(key)")
            }
        }
    }

    @Test func `no option but one has the key of a part of the file`() {
        for command in ProgramDescription.dynaferry.commands {
            let names = command.options.flatMap(\.names)
            #expect(!names.contains("--source") && !names.contains("--target"))
        }
    }

    // MARK: Tables and sides

    @Test func `a table's entry wins over the whole, and the command line over both`() throws {
        let file = """
            {
                // Slow, but for one.
                "write-units": 100, "merge": true, "consistent-read": true, "segments": 8,
                "tables": [
                    {"source": "stage-orders", "target": "orders-dev",
                     "write-units": "50%", "merge": false, "consistent-read": false},
                    {"source": "stage-*", "target": "*-dev", "segments": 16},
                    "lookup",
                ],
                "target": {"region": "eu-west-1"}, "source-region": "us-east-1",
                "rename": {"a-*": "b-*", "ccc": "ddd"},
            }
            """
        let arguments = try copy(file)
        #expect(arguments.selection.map(\.source.text) == ["stage-orders", "stage-*", "lookup"])
        #expect(arguments.selection.map(\.target.text) == ["orders-dev", "*-dev", "lookup"])
        #expect(arguments.renamings.map(\.text) == ["a-*=b-*", "ccc=ddd"])
        #expect(arguments.sourceSide.region == "us-east-1")
        #expect(arguments.targetSide.region == "eu-west-1")
        let orders = arguments.own(ofTable: "stage-orders")
        #expect(orders.writeUnits == .percent(50) && orders.segments == 8)
        #expect(orders.merge == nil && !orders.consistentRead)
        let users = arguments.own(ofTable: "stage-users")
        #expect(users.writeUnits == .perSecond(100) && users.segments == 16)
        #expect(users.merge == .replace && users.consistentRead)
        #expect(arguments.own(ofTable: "lookup").segments == 8)

        let faster = try copy(file, "--write-units", "900")
        for name in ["stage-orders", "stage-users", "lookup"] {
            #expect(faster.own(ofTable: name).writeUnits == .perSecond(900))
        }
        #expect(faster.own(ofTable: "stage-users").segments == 16)
        let one = try copy(file, "stage-orders", "somewhere")
        #expect(one.selection.map(\.target.text) == ["somewhere"])
        #expect(one.own(ofTable: "stage-orders").writeUnits == .percent(50))
    }

    @Test func `the command line's word for both sides leaves nothing of the file's for one`()
        throws
    {
        let file = """
            {"source": {"region": "eu-west-1", "profile": "prod"}, "exclude": ["a-*", "b-*"],
             "tables": ["abc"]}
            """
        let both = try copy(file, "--region", "us-east-1", "--target-profile", "dev")
        #expect(both.sourceSide.region == "us-east-1" && both.targetSide.region == "us-east-1")
        #expect(both.sourceSide.profile == "prod" && both.targetSide.profile == "dev")
        #expect(both.excluded.map(\.text) == ["a-*", "b-*"])
        #expect(try copy(file, "--exclude", "c-*", "--region=x").excluded.map(\.text) == ["c-*"])
    }

    @Test func `how many tables are copied at a time has two names`() throws {
        #expect(try copy(#"{"tables": 7}"#, "aaa", "bbb").tables == 7)
        #expect(
            try copy(
                #"{"table-concurrency": 7, "tables": ["aaa", "bbb"]}"#, "--region=x",
                "--target-region=y"
            ).tables == 7)
        #expect(
            try copy(#"{"tables": 7}"#, "aaa", "bbb", "--table-concurrency", "2").tables == 2)
    }

    @Test func `options of the other commands that a file serves are left alone`() throws {
        let file = #"{"json": true, "prices": "p.json", "write-units": 3}"#
        #expect(try copy(file, "aaa", "bbb").writeUnits == .perSecond(3))
        let plan = try PlanArguments(parsing: ["aaa", "bbb", "--config", "f"]) { _ in
            Array(file.utf8)
        }
        #expect(plan.json && plan.copy.prices == "p.json" && plan.copy.writeUnits == .perSecond(3))
    }

    // MARK: Mistakes

    @Test(arguments: [
        (
            "{\n\"write-units\": true}", "m.json:2: write-units: expected units a second",
            "found true"
        ),
        ("{\n\n\"gzip\": \"yes\"}", "m.json:3: gzip: expected true or false, found 'yes'", ""),
        (#"{"merge": 4}"#, "m.json:1: merge: expected true, false, or replace", "found 4"),
        (#"{"merge": "all"}"#, "merge: expected true, false, or replace", "'all'"),
        (#"{"segments": null}"#, "expected a whole number from 1 to 1,000,000, found null", ""),
        (#"{"segments": 1.5}"#, "from 1 to 1,000,000, found 1.5", ""),
        (#"{"segments": [1]}"#, "from 1 to 1,000,000, found a list", ""),
        (#"{"exclude": [["a"]]}"#, "exclude: expected a table's name, or a pattern", "a list"),
        (#"{"exclude": {"a": "b"}}"#, "or a list of such, found an object", ""),
        (#"{"rename": {"abc": 4}}"#, "rename: expected a text beside each name, found 4", ""),
        (#"{"rename": {"a-*": "abc"}}"#, "rename: expected two names or patterns", "'a-*=abc'"),
        (#"{"memory": "32M"}"#, "memory: expected a size", "32MiB"),
        (#"{"give-up-after": 15}"#, "give-up-after: expected a time", "15s, 15m or 15h"),
        (#"{"write-unit": 4}"#, "m.json:1: write-unit: unknown key", "did you mean write-units?"),
        (#"{"bananas": 4}"#, "m.json:1: bananas: unknown key", "see --help"),
        (#"{"source": {"regoin": "x"}}"#, "regoin: unknown key", "did you mean region?"),
        (#"{"source": {"segments": 4}}"#, "segments: is no option of one side", "top of the file"),
        (#"{"source": "abc"}"#, "expected an object of the source's options", "under tables"),
        (#"{"tables": []}"#, "tables: one list of at least one table is expected", ""),
        (#"{"tables": true}"#, "tables: expected a list of tables", "found true"),
        (#"{"tables": [4]}"#, "expected a table's name, a pattern, or an object", "found 4"),
        (#"{"tables": ["x"]}"#, "tables: expected a table's name (3 to 255", "found 'x'"),
        (#"{"tables": [{"target": "abc"}]}"#, "an entry names its source", ""),
        (#"{"tables": [{"source": "abc", "wrte-units": 4}]}"#, "unknown key", "write-units?"),
        (#"{"tables": [{"source": "a-*", "target": "abc"}]}"#, "a-* has 1 star, but abc has 0", ""),
        ("{\"tables\": [\"a-*\",\n\"a-b\"]}", "m.json:2: tables: a-b is taken", "on line 1"),
        ("{\"region\": \"x\",\n\"region\": \"y\"}", "m.json:2: region: is given twice", "line 1"),
        (#"{"source-region": "x", "source": {"region": "y"}}"#, "region: is given twice", ""),
        (#"{"restart": true}"#, "restart: is for the command line only", "each time"),
        (#"{"exit-with-stdin": true}"#, "unknown key", ""),
        ("[]", "m.json:1: the file: expected an object", "found a list"),
        ("{\n  \"a\" 1}", "m.json:2:7: expected ':'", "JSON"),
        ("", "m.json:1:1: unexpected end", ""),
        (#"{"log": "\u001b[31m", "loog": 1}"#, "loog: unknown key", "did you mean log?"),
    ])
    func `what is wrong is told with its line, and what to do`(
        file: String, message: String, more: String
    ) {
        let error = complaint(file, "aaa", "bbb")
        let text = "\(error?.message ?? "")\n\(error?.hints.joined(separator: "\n") ?? "")"
        #expect(error?.message.contains(message) == true, "\(text)")
        #expect(more.isEmpty || text.contains(more), "\(text)")
        #expect(!text.contains("\u{1B}"))
    }

    @Test(arguments: [
        "aws_access_key_id", "secret-access-key", "secretAccessKey", "session-token", "password",
        "credentials",
    ])
    func `keys of accounts are refused wherever they stand, and not shown`(key: String) {
        let member = "\"\(key)\": \"AKIDEXAMPLE\""
        for file in [
            "{\(member)}", "{\"source\": {\(member)}}",
            "{\"tables\": [{\"source\": \"abc\", \(member)}]}",
        ] {
            let error = complaint(file)
            #expect(error?.message.contains("no place in this file") == true, "\(file)")
            #expect(error?.hints.first?.contains("env-file") == true)
            #expect("\(String(describing: error))".contains("AKIDEXAMPLE") == false)
        }
    }

    @Test func `without tables on either side, both are missing`() {
        #expect(complaint(#"{"gzip": true}"#)?.message == "SOURCE and TARGET missing")
        #expect(complaint(#"{"tables": ["abc"]}"#, "abc")?.message == "TARGET missing")
        #expect(complaint(#"{"tables": ["abc"]}"#)?.message.contains("same table") == true)
    }

    @Test func `tables of one side are in one region`() throws {
        func arn(_ region: String, _ name: String) -> String {
            "arn:aws:dynamodb:\(region):123456789012:table/\(name)"
        }
        let error = complaint(
            """
            {"tables": [{"source": "\(arn("eu-west-1", "abc"))", "target": "abd"},
                        {"source": "\(arn("us-east-1", "abe"))", "target": "abf"}]}
            """)
        #expect(error?.message.contains("another table of its side in eu-west-1") == true)
    }
}
