import DynamoModel
import Foundation
import JSON
import LocalAWS
import TestSupport
import Testing

/// Goal: everything that can be found out before the first write is; whoever gave it is told by its
/// name, and nothing was changed.
@Suite(.timeLimit(.minutes(20))) struct CheckedBeforeTests {
    private func site() throws -> TrustSite {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<5))
        try site.load(
            "provisioned", TrustSite.items(0..<5),
            billing: .provisioned(Throughput(readUnits: 50, writeUnits: 50)))
        return site
    }

    /// A command's words, its exit code, and what it says.
    private static let cases: [(words: String, status: Int32, said: String)] = [
        ("copy source target --replica mars", 2, "--replica mars: that is not the name"),
        ("copy source target --replica us-east-1", 1, "that is the target's own region"),
        ("copy source target --replica cn-north-1", 1, "is in another partition of AWS"),
        ("copy source target --replica eu-west-1 --no-replicas", 2, "--no-replicas leaves out"),
        ("copy source target --kms-key k --no-encryption", 2, "--no-encryption leaves out"),
        ("copy source target --policy-file f --no-resource-policy", 2, "leaves out"),
        (
            "copy source target --kinesis-stream arn:aws:kinesis:us-east-1:1:stream/s --no-kinesis",
            2, "leaves out"
        ),
        ("copy source target --schema-only --verify", 2, "--verify is about them"),
        ("copy source target --schema-only --merge", 2, "--merge is about them"),
        ("copy source target --schema-only --skip-expired", 2, "--skip-expired is about them"),
        ("copy source target --schema-only --boost-write 100", 2, "--boost-write is about them"),
        (
            "copy source target --target-capacity 5:5 --billing-mode on-demand", 2,
            "--billing-mode says on-demand"
        ),
        ("copy source target --target-capacity 5", 2, "such as 10:50"),
        ("copy source target --billing-mode provisioned", 1, "--target-capacity READ:WRITE"),
        ("copy source target --dead-letters /nowhere/letters", 1, "--dead-letters: cannot write"),
        ("copy source target --dead-letters /proc/letters", 1, "--dead-letters: cannot write"),
        ("copy source target --report /nowhere/report", 1, "cannot write /nowhere/report"),
        ("copy source target --log /nowhere/log", 1, "cannot write /nowhere/log"),
        ("copy source target --policy-file /nowhere/policy", 1, "/nowhere/policy"),
        ("copy source target --prices /nowhere/prices", 1, "/nowhere/prices"),
        ("copy source target --env-file /nowhere/env", 1, "/nowhere/env"),
        ("copy source target --ca-bundle /nowhere/ca", 1, "/nowhere/ca"),
        ("copy --config /nowhere/config", 1, "/nowhere/config"),
        (
            "copy source target --kms-key arn:aws:kms:eu-west-1:1:key/k", 1,
            "--kms-key is in eu-west-1, but the target in us-east-1"
        ),
        (
            "copy source target --kinesis-stream arn:aws:kinesis:eu-west-1:1:stream/s", 1,
            "--kinesis-stream is in eu-west-1"
        ),
        (
            "copy provisioned target --replica eu-west-1", 1,
            "a replica of it needs auto scaling of its write units"
        ),
        ("verify source source2 --output /nowhere/list", 1, "cannot write /nowhere/list"),
        // Files without an end.
        ("copy --config /dev/zero", 1, "larger than"),
        ("copy source target --policy-file /dev/zero", 1, "larger than"),
        ("copy source target --prices /dev/zero", 1, "larger than"),
        ("copy source target --env-file /dev/zero", 1, "larger than"),
        ("copy source target --ca-bundle /dev/zero", 1, "larger than"),
        ("plan source target --prices /dev/zero", 1, "larger than"),
        ("copy source target --profile p", 1, "there is no profile"),
    ]

    @Test func `what is missing is named in words, and a folder is no file`() throws {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<5))
        let missing = try site.run(["copy", "source", "target", "--write-units"])
        #expect(missing.status == 2 && !missing.err.contains("ValueDescription"), "\(missing)")
        let folder = try site.run(
            "copy", "source", "target", "--dead-letters", site.folder.path("."))
        #expect(folder.status == 1 && folder.err.contains("--dead-letters"), "\(folder)")
        #expect(site.server.count(of: "target") == nil)
    }

    @Test func `what can't be, or contradicts itself, is refused before anything is made`() throws {
        let site = try site()
        for (text, status, said) in Self.cases {
            let result = try site.run(text.split(separator: " ").map(String.init))
            let isUsual =
                result.status == status || (text.contains("--config") && result.status == 2)
            #expect(isUsual, "\(text): \(result)")
            #expect(result.err.contains(said), "\(text): \(result.err)")
        }
        for name in ["target"] { #expect(site.server.count(of: name) == nil) }
        for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
            let result = try site.run(
                "copy", "source", "target", "--profile", "p", environment: [variable: "/dev/zero"])
            #expect(result.status == 1 && result.err.contains("larger than"), "\(result)")
        }
        // Without a limit these would have taken gigabytes.
        let endless = try Binary.shell("yes | head -c 100000000 | \"$0\" copy --config -")
        #expect(endless.status != 0 && endless.err.contains("larger than"), "\(endless)")
    }

    @Test(arguments: ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "--endpoint"])
    func `a password in an endpoint is never shown`(place: String) throws {
        let site = try site()
        let url = "http://user:hunter2@127.0.0.1:1"
        let isOption = place.hasPrefix("--")
        let result = try Binary.shell(
            "exec \"$0\" copy source target --region us-east-1 \"$@\"",
            ["--state-dir", site.folder.path("jobs")] + (isOption ? [place, url] : []),
            environment: isOption ? [:] : [place: url])
        #expect(result.status != 0)
        #expect(!(result.out + result.err).contains("hunter2"), "\(result)")
        #expect(result.err.contains("***@127.0.0.1"), "\(result)")
    }

    /// Goal: what a server says reaches the terminal as text, and no more of it than can be read.
    @Test func `a server's message is shown short and without what a terminal obeys`() throws {
        let site = try site()
        let proxy = try site.proxy { exchange in
            guard exchange.operation == "DescribeTable" else { return nil }
            var answer = exchange
            answer.status = 400
            let text =
                "\u{1B}]0;owned\u{07}\u{1B}[2J\u{9B}31m"
                + String(repeating: "long ", count: 200_000)
            answer.reply = ["__type": "AccessDeniedException", "message": .string(text)]
            return answer
        }
        let result = try site.run("copy", "source", "target", at: proxy.url)
        #expect(result.status == 1)
        let controls = result.err.unicodeScalars.filter { $0.value < 0x20 && $0 != "\n" }
        #expect(controls.isEmpty && !result.err.contains("\u{9B}"), "\(result.err.prefix(300))")
        #expect(result.err.utf8.count < 3_000, "\(result.err.utf8.count) bytes")
        #expect(result.err.contains("owned"))
    }

    // MARK: What is made

    @Test func `targets are made with the billing that was asked for, and plan shows it`() throws {
        let site = try site()
        func made(_ source: String, _ name: String, _ options: String...) throws -> JSON? {
            let words = [source, name] + options
            let plan = try site.run(["plan"] + words + ["--json"])
            #expect(plan.status == 0, "\(plan)")
            let result = try site.run(["copy"] + words)
            #expect(result.status == 0, "\(result)")
            let table = try site.describe(name)
            let planned = try JSON(parsing: plan.out)["tables"]?.array?.first?["billing"]
            #expect(
                (planned?["mode"] == "on-demand")
                    == (table["BillingModeSummary"]?["BillingMode"] == "PAY_PER_REQUEST"))
            return table
        }
        let given = try made("source", "one", "--target-capacity", "7:9")
        #expect(given?["ProvisionedThroughput"]?["ReadCapacityUnits"] == 7)
        #expect(given?["ProvisionedThroughput"]?["WriteCapacityUnits"] == 9)
        let free = try made("provisioned", "two", "--billing-mode", "on-demand")
        #expect(free?["BillingModeSummary"]?["BillingMode"] == "PAY_PER_REQUEST")
        let same = try made("provisioned", "three", "--billing-mode", "source")
        #expect(same?["ProvisionedThroughput"]?["WriteCapacityUnits"] == 50)
        let plan = try site.run("plan", "source", "four", "--target-capacity", "7:9")
        #expect(plan.out.contains("is made with 7 read and 9 write units"), "\(plan)")
        // A target that is there stays as it is.
        let merged = try site.run("copy", "source", "three", "--merge", "--target-capacity", "7:9")
        #expect(merged.status == 0 && merged.err.contains("three stays as it is"), "\(merged)")
        #expect(
            try site.describe("three")["ProvisionedThroughput"]?["WriteCapacityUnits"] == 50)
    }

    /// Goal: what was not carried is in the final summary, of one table and of many.
    @Test func `an index that a target lacked is said at the end, and fails a strict copy`() throws
    {
        let site = try TrustSite()
        for name in ["a", "b"] {
            var definition = TableDefinition(name: "s-\(name)", schema: TrustSite.schema)
            definition.attributes.append(KeyAttribute(name: "note", type: .string))
            definition.globalIndexes = [
                IndexDefinition(
                    name: "by-note", keys: [KeyElement(attribute: "note", role: .partition)])
            ]
            try site.server.load(definition, items: TrustSite.items(0..<5))
            try site.load("t-\(name)", [])
        }
        let many = try site.run("copy", "s-*", "t-*")
        #expect(many.status == 0, "\(many)")
        #expect(many.out.contains("left as it is: index by-note: not there"), "\(many.out)")
        #expect(many.err.contains("not all settings and indexes"), "\(many.err)")
        let strict = try site.run("copy", "s-*", "t-*", "--merge", "--strict-settings")
        #expect(strict.status == 3, "\(strict)")
        #expect(strict.out.contains("copied, but for settings,"), "\(strict.out)")
        let one = try site.run("copy", "s-a", "t-a", "--merge")
        #expect(one.status == 0 && one.out.contains("left as it is index by-note"), "\(one)")
        let whole = try site.run("copy", "s-a", "new", "--strict-settings")
        #expect(whole.status == 0, "\(whole)")
        let reports = try site.jobs.map { file in
            try Binary.shell(
                "exec \"$0\" jobs report \"$@\"",
                [String(file.dropLast(3)), "--state-dir", site.folder.path("jobs")]
            ).out
        }
        #expect(
            reports.contains {
                $0.contains("2 tables: left as it is: index by-note: not there: t-a, t-b")
            },
            "\(reports)")
    }

    /// Goal: a server that does not know a setting costs the setting, not the copy.
    @Test func `settings that a custom endpoint refuses do not fail a copy after all its items`()
        throws
    {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<5))
        try site.call(
            "UpdateTimeToLive",
            [
                "TableName": "source",
                "TimeToLiveSpecification": ["Enabled": true, "AttributeName": "expires"],
            ])
        let proxy = try site.proxy { exchange in
            guard exchange.operation == "UpdateTimeToLive" else { return nil }
            var answer = exchange
            answer.status = 400
            answer.reply = ["__type": "ValidationException", "message": "what is that?"]
            return answer
        }
        let words = ["copy", "source", "target", "--target-endpoint", proxy.url]
        let sides = ["--source-endpoint", site.server.endpoint]
        let result = try site.run(words + sides)
        #expect(result.status == 0, "\(result)")
        #expect(
            result.out.contains(
                "not carried   TTL on expires: the endpoint refuses UpdateTimeToLive"),
            "\(result.out)")
        let strict = try site.run(
            ["copy", "source", "strict", "--strict-settings", "--target-endpoint", proxy.url]
                + sides)
        #expect(strict.status == 3, "\(strict)")
    }

    // MARK: Two servers

    /// Goal: two servers of any seed hold tables of their own.
    @Test func `two servers do not share table ids, unless they are told to`() throws {
        func ids(_ options: [String]) throws -> [String?] {
            try (0..<2).map { _ in
                let server = try Served(["--fill", "table=3"] + options)
                return try server.call("DescribeTable", ["TableName": "table"])["Table"]?[
                    "TableId"]?
                    .string
            }
        }
        let own = try ids([])
        #expect(own[0] != nil && own[0] != own[1])
        let shared = try ids(["--seed", "7"])
        #expect(shared[0] != nil && shared[0] == shared[1])
    }

    @Test func `a server is in the region that it was told, and in its partition`() throws {
        for (region, partition) in [
            ("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"),
        ] {
            let server = try Served(["--fill", "table=3", "--region", region])
            let table = try server.call("DescribeTable", ["TableName": "table"])["Table"]
            #expect(
                table?["TableArn"]?.string
                    == "arn:\(partition):dynamodb:\(region):000000000000:table/table")
        }
    }

    @Test(arguments: [
        (["--region", "cn-north-1"], "arn:aws-cn:dynamodb:cn-north-1:*:table/Orders"),
        (["--region", "us-gov-west-1"], "arn:aws-us-gov:dynamodb:us-gov-west-1:*:table/Orders"),
        (
            ["--region", "eu-west-1", "--role-arn", "arn:aws:iam::123456789012:role/r"],
            "arn:aws:dynamodb:eu-west-1:123456789012:table/Orders"
        ),
    ])
    func `policies name the partition, region and account that are known`(
        options: [String], arn: String
    ) throws {
        let result = try Binary.run(["plan", "Orders", "Copy", "--iam"] + options)
        #expect(result.status == 0, "\(result)")
        let json = try JSON(parsing: result.out)
        #expect(
            json["source"]?["Statement"]?.array?.first?["Resource"]?.array?.first?.string == arn,
            "\(result.out)")
    }
}
