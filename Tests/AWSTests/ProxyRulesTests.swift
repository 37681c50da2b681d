import Foundation
import JSON
import System
import TestSupport
import Testing

@testable import AWS

/// Goal: proxy variables hold as other tools read them, upper case and ports among them.
@Suite struct ProxyRulesTests {
    @Test(arguments: [
        (
            "http://db.example:8000/", ["HTTP_PROXY": "http://p:1"],
            ProxyRules.Route.through("http://p:1")
        ),
        ("https://db.example/", ["HTTP_PROXY": "http://p:1"], .usual),
        ("http://db.example/", ["HTTP_PROXY": "http://p:1", "http_proxy": "http://q:2"], .usual),
        (
            "http://db.example:8000/", ["HTTP_PROXY": "http://p:1", "NO_PROXY": "db.example:8000"],
            .direct
        ),
        (
            "http://a.db.example:8000/", ["HTTP_PROXY": "p", "NO_PROXY": ".db.example:8000"],
            .direct
        ),
        (
            "http://a.db.example:8000/", ["HTTP_PROXY": "p", "NO_PROXY": "x, db.example:8000"],
            .direct
        ),
        (
            "http://db.example:8001/", ["HTTP_PROXY": "p", "NO_PROXY": "db.example:8000"],
            .through("p")
        ),
        ("https://db.example/", ["NO_PROXY": "db.example:443"], .direct),
        ("http://db.example/", ["no_proxy": "db.example:80", "NO_PROXY": ""], .direct),
        ("http://adb.example:80/", ["no_proxy": "db.example:80"], .usual),
        ("http://[::1]:80/", ["no_proxy": "[::1]:80"], .direct),
    ])
    func `a request takes the way that the variables say`(
        url: String, environment: [String: String], route: ProxyRules.Route
    ) {
        #expect(ProxyRules(environment: environment).route(to: url) == route)
    }

    /// Goal: what libcurl itself does not heed is heeded on the wire.
    @Test func `HTTP_PROXY in upper case is used, and NO_PROXY with a port goes around it`()
        async throws
    {
        let asked = Locked<[String]>([])
        let proxy = try ScriptedServer { request in
            asked.withLock { $0.append(request.header("Host") ?? "") }
            return .bytes(Canned.reply("{}"))
        }
        defer { proxy.stop() }
        func ask(_ environment: [String: String]) async throws -> Result<Reply, AWSError> {
            var engine = HTTPEngine.Configuration()
            engine.proxies = ProxyRules(environment: environment)
            let client = try await Client(
                try Endpoint(url: "http://db.invalid:8000", region: "us-east-1"),
                FixedCredentials(
                    Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "s"), origin: "test"),
                bypassesProxy: false, engine: HTTPEngine(engine), seed: 1)
            return await client.attempt()
        }
        #expect(try await ask(["HTTP_PROXY": proxy.url]).failure == nil)
        #expect(asked.withLock { $0 } == ["db.invalid:8000"])
        let around = ["HTTP_PROXY": proxy.url, "NO_PROXY": "db.invalid:8000"]
        #expect(try await ask(around).failure?.localCode == .connectionFailed)
        #expect(asked.withLock { $0.count } == 1)
    }
}

/// Goal: DynamoDB's account-based endpoints are used where the SDKs use them (endpoint rules of
/// botocore).
@Suite struct AccountHostsTests {
    private static let keys = [
        "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "S",
        "AWS_EC2_METADATA_DISABLED": "true",
    ]

    private struct NoFiles: FileReader {
        func bytes(ofFileAt path: String) throws(ConfigurationError) -> [UInt8]? { nil }
    }

    private func host(
        _ region: String, _ environment: [String: String] = [:],
        _ configure: (inout SideOptions) -> Void = { _ in }
    ) async throws -> String {
        var options = SideOptions(region: region)
        configure(&options)
        let settings = try SideSettings.resolve(
            options, environment: Self.keys.merging(environment) { $1 }, files: NoFiles())
        let credentials = try await settings.provider.credentials()
        return try settings.accountHosts.address(
            of: settings.endpoint, account: credentials.accountID
        ).host
    }

    private static let account = ["AWS_ACCOUNT_ID": "123456789012"]

    @Test func `the account's own host is used where the account is known`() async throws {
        let own = "123456789012.ddb.eu-west-1.amazonaws.com"
        #expect(try await host("eu-west-1", Self.account) == own)
        #expect(try await host("eu-west-1") == "dynamodb.eu-west-1.amazonaws.com")
        let disabled = Self.account.merging(["AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled"]) { $1 }
        #expect(try await host("eu-west-1", disabled) == "dynamodb.eu-west-1.amazonaws.com")
        #expect(
            try await host("eu-west-1", Self.account) { $0.variant.dualStack = true }
                == "123456789012.ddb.eu-west-1.api.aws")
        #expect(
            try await host("eu-west-1", Self.account) { $0.variant.fips = true }
                == "dynamodb-fips.eu-west-1.amazonaws.com")
        #expect(
            try await host("cn-north-1", Self.account) == "dynamodb.cn-north-1.amazonaws.com.cn")
        #expect(
            try await host("eu-west-1", Self.account) { $0.endpoint = "http://127.0.0.1:1" }
                == "127.0.0.1:1")
    }

    @Test func `where it is required and can't be, that is said`() async throws {
        let required = ["AWS_ACCOUNT_ID_ENDPOINT_MODE": "required"]
        let cases: [(String, [String: String], Bool)] = [
            ("eu-west-1", required, false), ("cn-north-1", required, false),
            ("eu-west-1", required.merging(Self.account) { $1 }, true),
            ("eu-west-1", ["AWS_ACCOUNT_ID_ENDPOINT_MODE": "maybe"], false),
        ]
        for (region, environment, isFIPS) in cases {
            await #expect(throws: ConfigurationError.self, "\(region) \(environment)") {
                try await host(region, environment) { $0.variant.fips = isFIPS }
            }
        }
    }
}
