import JSON
import TestSupport
import Testing

/// Goal: the source is never written, however its address is spelt and whatever its server says of
/// it.
/// Method: the built program, against servers that give no table ids (DynamoDB Local and moto give
/// none), or no creation times either.
@Suite(.timeLimit(.minutes(20))) struct SameTableTests {
    private static func without(_ fields: [String]) -> TamperingProxy.Hook {
        { exchange in
            guard exchange.operation == "DescribeTable" else { return nil }
            return fields.reduce(exchange) { $0.setting("Table.\($1)", to: nil) ?? $0 }
        }
    }

    private static let commands = [
        ["copy", "live", "live", "--merge"], ["copy", "live", "live", "--merge=keep"],
        ["copy", "live", "live", "--only-changed"],
        ["verify", "live", "live", "--repair", "--delete-extra"],
    ]

    @Test(arguments: ["localhost", "127.1", "[::ffff:127.0.0.1]"])
    func `a table without an id is known under every name of its address`(name: String) throws {
        let site = try TrustSite()
        try site.load("live", TrustSite.items(0..<40))
        let proxy = try site.proxy(Self.without(["TableId"]))
        let other = proxy.url.replacing("127.0.0.1", with: name)
        for command in Self.commands {
            let result = try site.run(
                command + ["--source-endpoint", proxy.url, "--target-endpoint", other, "--yes"])
            #expect(result.status == 1, "\(command): \(result)")
            #expect(result.err.contains("error: "), "\(command): \(result)")
        }
        #expect(site.server.meter["tables"]?["live"]?["items_written"]?.int == 0)
    }

    @Test func `a table without an id is known behind a proxy by its name, ARN and time`() throws {
        let site = try TrustSite()
        try site.load("live", TrustSite.items(0..<40))
        let proxies = try [0, 1].map { _ in try site.proxy(Self.without(["TableId"])) }
        for command in Self.commands {
            let result = try site.run(
                command + [
                    "--source-endpoint", proxies[0].url, "--target-endpoint", proxies[1].url,
                    "--yes",
                ])
            #expect(result.status == 1, "\(command): \(result)")
        }
        #expect(site.server.meter["tables"]?["live"]?["items_written"]?.int == 0)
    }

    /// Goal: where nothing tells, nothing is assumed: its user is asked.
    @Test func `a table of which nothing tells what it is is asked about`() throws {
        let site = try TrustSite()
        try site.load("live", TrustSite.items(0..<40))
        let proxies = try [0, 1].map { _ in
            try site.proxy(Self.without(["TableId", "CreationDateTime", "TableArn"]))
        }
        let sides = [
            "--source-endpoint", proxies[0].url, "--target-endpoint", proxies[1].url,
        ]
        for command in Self.commands.prefix(3) {
            let result = try site.run(command + sides)
            #expect(result.status == 1 && result.err.contains("may be the source"), "\(result)")
            #expect(result.err.contains("hint: --yes copies into it all the same"), "\(result)")
        }
        let repair = try site.run(["verify", "live", "live", "--repair"] + sides)
        #expect(repair.status == 1 && repair.err.contains("may be the source"), "\(repair)")
        let plan = try site.run(["plan", "live", "live", "--merge"] + sides)
        #expect(plan.status == 1 && plan.err.contains("may be the source"), "\(plan)")
        #expect(site.server.meter["tables"]?["live"]?["items_written"]?.int == 0)
    }

    @Test func `tables of one name that begin otherwise are not asked about`() throws {
        let (one, other) = (try TrustSite(), try TrustSite { $0.idSeed = 2 })
        try one.load("live", TrustSite.items(0..<40))
        try other.load("live", TrustSite.items(50..<60))
        let hook = Self.without(["TableId", "CreationDateTime", "TableArn"])
        let (source, target) = (try one.proxy(hook), try other.proxy(hook))
        let result = try one.run([
            "copy", "live", "live", "--merge", "--source-endpoint", source.url,
            "--target-endpoint", target.url,
        ])
        #expect(result.status == 0, "\(result)")
        #expect(other.server.count(of: "live") == 50)
    }
}
