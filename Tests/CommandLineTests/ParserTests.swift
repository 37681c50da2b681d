import CommandLine
import LocalAWS
import System
import Testing
import Transfer

@testable import Arguments
@testable import dynaferry

@Suite struct ParserTests {
    private func copy(_ words: String...) throws -> CopyArguments {
        try CopyArguments(parsing: words)
    }

    private func complaint(_ words: String...) -> UsageError? {
        #expect(throws: UsageError.self) { _ = try CopyArguments(parsing: words) }
    }

    @Test func `values follow their option or an equals sign, and operands stand anywhere`() throws
    {
        let arguments = try copy(
            "--segments", "8", "Orders", "--memory=64MiB", "--gzip", "OrdersCopy", "--report=a=b")
        #expect(arguments.source.name == "Orders")
        #expect(arguments.target.name == "OrdersCopy")
        #expect(arguments.segments == 8)
        #expect(arguments.memory == 64 << 20)
        #expect(arguments.gzip)
        #expect(arguments.report == "a=b")
        #expect(!arguments.consistentRead)
    }

    @Test func `without options everything is at its default`() throws {
        var expected = CopyArguments()
        expected.source = try #require(Location("Orders"))
        expected.target = try #require(Location("OrdersCopy"))
        #expect(try copy("Orders", "OrdersCopy") == expected)
        #expect(expected.memory == nil && CopyOptions.memoryUsual == 26 << 20)
        #expect(expected.maxDeadLetters == 1_000)
        #expect(expected.giveUpAfter == .seconds(900))
    }

    @Test func `merge takes its value after an equals sign only`() throws {
        #expect(try copy("aaa", "bbb").merge == nil)
        #expect(try copy("--merge", "aaa", "bbb").merge == .replace)
        #expect(try copy("aaa", "bbb", "--merge=replace").merge == .replace)
        #expect(complaint("aaa", "bbb", "--merge=all")?.message.contains("replace") == true)
        #expect(complaint("aaa", "bbb", "--merge=")?.message.contains("not nothing") == true)
    }

    @Test func `two dashes end the options`() throws {
        #expect(try copy("--", "aaa", "bbb").target.name == "bbb")
        let arguments = try copy("aaa", "--", "--gzip")
        #expect(arguments.target.name == "--gzip" && !arguments.gzip)
    }

    @Test func `the last of a repeated option holds, and adding ones add up`() throws {
        #expect(try copy("aaa", "bbb", "--segments", "2", "--segments", "3").segments == 3)
        let served = try ServeArguments(parsing: ["--fill", "aaa=1", "--fill=bbb=2:1KB"])
        #expect(served.fills.map(\.table) == ["aaa", "bbb"])
        #expect(served.fills.map(\.items) == [1, 2])
    }

    @Test func `buckets are read with their region, and no other names are taken`() throws {
        let served = try ServeArguments(parsing: [
            "--bucket", "one", "--bucket=two:eu-west-1", "--s3-dir", "objects",
        ])
        #expect(served.buckets == [.init("one"), .init("two", region: "eu-west-1")])
        #expect(served.objectFolder == "objects")
        for words in [
            ["--bucket", "A"], ["--bucket", "one:"], ["--bucket=one", "--bucket=one:r"],
        ] {
            #expect(throws: UsageError.self) { try ServeArguments(parsing: words) }
        }
    }

    @Test func `a side's own option wins over the common one`() throws {
        let arguments = try copy(
            "aaa", "bbb", "--region", "eu-west-1", "--target-region", "us-east-1",
            "--source-profile", "prod", "--endpoint", "http://127.0.0.1:8000")
        #expect(arguments.sourceSide.region == "eu-west-1")
        #expect(arguments.targetSide.region == "us-east-1")
        #expect(arguments.sourceSide.profile == "prod")
        #expect(arguments.targetSide.profile == nil)
        #expect(arguments.sourceSide.endpoint == arguments.targetSide.endpoint)
    }

    @Test func `an ARN names its side's region`() throws {
        let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/Orders"
        let arguments = try copy(arn, "Orders", "--region", "us-east-1")
        #expect(arguments.sourceSide.region == "eu-west-1")
        #expect(arguments.targetSide.region == "us-east-1")
        let error = complaint(arn, "Orders", "--source-region", "us-east-1")
        #expect(error?.message == "SOURCE is in eu-west-1, but --source-region says us-east-1")
    }

    @Test func `a table is not copied onto itself`() throws {
        #expect(complaint("Orders", "Orders")?.message.contains("same table") == true)
        _ = try copy("Orders", "Orders", "--target-region", "eu-west-1")
    }

    @Test func `unknown options suggest the nearest`() {
        #expect(complaint("aaa", "bbb", "--segmnts", "4")?.hints == ["did you mean --segments?"])
        #expect(complaint("aaa", "bbb", "--write-unit=4")?.hints == ["did you mean --write-units?"])
        #expect(
            complaint("aaa", "bbb", "--fill")?.hints == ["--fill is an option of dynaferry serve"])
        #expect(complaint("aaa", "bbb", "--bananas")?.hints == [])
        #expect(complaint("aaa", "bbb", "-x")?.message == "unknown option -x")
        #expect(complaint("aaa", "bbb", "--exit-with-stdi")?.hints == [])
    }

    @Test func `forgotten and needless values are told`() {
        #expect(complaint("aaa", "bbb", "--segments")?.message == "--segments requires a value")
        #expect(
            complaint("aaa", "bbb", "--segments", "--gzip")?.message
                == "--segments requires a value")
        #expect(complaint("aaa", "bbb", "--gzip=yes")?.message.contains("takes no value") == true)
        #expect(complaint("aaa")?.message == "TARGET missing")
        #expect(complaint()?.message == "SOURCE and TARGET missing")
        #expect(complaint("aaa", "bbb", "ccc")?.message.contains("too many") == true)
    }

    @Test func `a table is filled once`() {
        #expect(throws: UsageError.self) {
            _ = try ServeArguments(parsing: ["--fill", "aaa=1", "--fill", "aaa=2"])
        }
    }

    @Test func `near words are found, others are not`() {
        let names = ["copy", "serve", "demo"]
        #expect(nearest(to: "cpoy", among: names) == "copy")
        #expect(nearest(to: "server", among: names) == "serve")
        #expect(nearest(to: "dem", among: names) == "demo")
        #expect(nearest(to: "banana", among: names) == nil)
        #expect(nearest(to: "", among: names) == nil)
        #expect(editDistance("abcd", "acbd") == 1)
        #expect(editDistance("", "abc") == 3)
        #expect(editDistance("kitten", "sitting") == 3)
    }

    @Test func `the demo's own command lines are understood`() throws {
        var demo = DemoArguments()
        demo.items = 500
        demo.faults = try FaultPlan(parsing: "error=0.05,latency-ms=3")
        demo.writeUnits = .perSecond(250)
        demo.report = "report.json"
        let serve = try ServeArguments(parsing: Array(demo.serveWords.dropFirst()))
        #expect(serve.fills.first?.items == 500)
        #expect(serve.faults == demo.faults)
        #expect(serve.port == 0 && serve.exitsWithInput)
        demo.memory = 50 << 20
        let commands = demo.copies(endpoint: "http://127.0.0.1:9")
        let copy = try CopyArguments(parsing: Array(commands[0].dropFirst()))
        #expect(commands.count == 1 && copy.writeUnits == .perSecond(250))
        #expect(copy.memory == demo.memory && copy.report == "report.json")
        #expect(copy.sourceSide.endpoint == "http://127.0.0.1:9")
    }

    @Test(arguments: [false, true])
    func `by way of a bucket the demo has two command lines`(migration: Bool) throws {
        var demo = DemoArguments()
        (demo.migration, demo.viaFiles) = (migration, true)
        (demo.report, demo.writeUnits) = ("report.json", .perSecond(250))
        let serve = try ServeArguments(parsing: Array(demo.serveWords.dropFirst()))
        #expect(serve.buckets.count == 1)
        let copies = try demo.copies(endpoint: "http://127.0.0.1:9").map {
            try CopyArguments(parsing: Array($0.dropFirst()))
        }
        #expect(copies.count == 2 && copies[0].filesSide == .target && copies[0].report == nil)
        #expect(copies[1].filesSide == .source && copies[1].report == "report.json")
        #expect(copies[1].writeUnits == .perSecond(250))
        #expect(copies[0].source.text == (migration ? "acme-staging-*" : DemoArguments.source))
        #expect(copies[1].target.text == (migration ? "acme-*-dev" : DemoArguments.target))
    }

    @Test(arguments: [["--skip-expired"], ["--merge=keep"]])
    func `what leaves items out can't be verified by what was read`(options: [String]) {
        #expect(throws: UsageError.self) {
            _ = try CopyArguments(parsing: ["a-table", "b-table", "--verify"] + options)
        }
        #expect(throws: Never.self) {
            _ = try CopyArguments(parsing: ["a-table", "b-table"] + options)
        }
    }
}
