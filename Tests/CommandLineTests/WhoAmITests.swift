import AWS
import JSON
import System
import TestSupport
import Testing

@testable import dynaferry

/// Goal: `whoami` says what is known of each side, and why there is nothing.
/// Method: the built program without any credentials, and blocks made of given facts. Against a
/// server that others wrote it runs in `RoleTests` of InteropTests.
@Suite(.timeLimit(.minutes(20))) struct WhoAmITests {
    private static let offline = ["AWS_EC2_METADATA_DISABLED": "true"]

    private func run(_ words: String..., environment: [String: String] = [:]) throws
        -> Binary.Result
    {
        try Binary.shell(
            "exec \"$0\" whoami \"$@\"", words,
            environment: Self.offline.merging(environment) { $1 })
    }

    @Test func `without credentials it says what was looked at, and ends with 1`() throws {
        let result = try run("--region", "us-east-1")
        #expect(result.status == 1)
        #expect(result.out.contains("source: nobody known to AWS"), "\(result.out)")
        #expect(result.out.contains("target: nobody known to AWS"), "\(result.out)")
        #expect(result.err.contains("error: source: no credentials\n"), "\(result.err)")
        for place in ["AWS_ACCESS_KEY_ID", "/.aws/credentials", "container", "metadata"] {
            #expect(result.err.contains(place), "\(result.err)")
        }
    }

    @Test func `a side that is wrong does not hide the other, in JSON too`() throws {
        let result = try run(
            "--json", "--source-region", "us-east-1", "--source-profile", "absent",
            environment: ["AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SECRET"])
        #expect(result.status == 1)
        let json = try JSON(parsing: result.out)
        #expect(json["source"]?["error"]?.string?.contains("no profile") == true)
        #expect(json["target"]?["error"] == "no region" && json["target"]?["arn"] == .null)
        #expect(!result.out.contains("SECRET") && !result.err.contains("SECRET"))
    }

    @Test func `keys that no service can be asked about are told with where they come from`() throws
    {
        let result = try run(
            "--region", "us-east-1",
            environment: [
                "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SECRET",
                "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1",
                "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z",
            ])
        #expect(result.status == 1)
        #expect(result.out.contains("  from      environment\n"), "\(result.out)")
        #expect(result.out.contains("2020-01-01T00:00:00Z, which is over"), "\(result.out)")
        #expect(result.err.contains("127.0.0.1:1"), "\(result.err)")
        #expect(!result.out.contains("SECRET") && !result.err.contains("SECRET"))
    }

    /// Goal: without DNS nobody looks for what is wrong with the credentials.
    @Test func `a host whose name has no address is told as such, not as wrong credentials`()
        throws
    {
        let keys = ["AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SECRET"]
        let url = ["AWS_ENDPOINT_URL_STS": "http://sts.nowhere.invalid"]
        let role = "arn:aws:iam::123456789012:role/r"
        for words in [[], ["--role-arn", role]] {
            let result = try Binary.shell(
                "exec \"$0\" whoami --region us-east-1 \"$@\"", words,
                environment: Self.offline.merging(keys) { $1 }.merging(url) { $1 })
            #expect(result.status == 1)
            let told = result.err
            #expect(told.contains("Could not resolve host: sts.nowhere.invalid"), "\(told)")
            #expect(told.contains("getent hosts sts.nowhere.invalid"), "\(told)")
            #expect(!told.contains("does not accept"), "\(told)")
        }
    }

    @Test func `what answers and is no STS is not taken for a refusal`() throws {
        let server = try Served()
        let result = try run(
            "--region", "us-east-1",
            environment: [
                "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SECRET",
                "AWS_ENDPOINT_URL_STS": server.url,
            ])
        #expect(result.status == 1)
        #expect(result.err.contains("hint: check AWS_ENDPOINT_URL_STS"), "\(result.err)")
    }

    @Test func `a block has the identity, its source and its end`() throws {
        var identity = SideIdentity(side: "source")
        identity.endpoint = try Endpoint(region: "eu-west-1")
        identity.origin = "profile \"p\""
        identity.certificates = "/etc/ssl/cert.pem"
        identity.accessKeyID = "AKIDEXAMPLE"
        identity.expiration = UTCTime(iso8601: "2026-11-25T18:00:00Z")
        identity.caller = CallerIdentity(account: "1", arn: "arn:aws:iam::1:user/u")
        let now = try #require(UTCTime(iso8601: "2026-11-25T17:01:30Z"))
        #expect(
            identity.lines(now: now).joined(separator: "\n") == """
                source: arn:aws:iam::1:user/u
                  account   1
                  key       AKIDEXAMPLE
                  from      profile "p"
                  until     2026-11-25T18:00:00Z, in 58 min
                  region    eu-west-1
                  endpoint  https://dynamodb.eu-west-1.amazonaws.com
                  trusts    /etc/ssl/cert.pem
                """)
        #expect(identity.json["expiration"] == "2026-11-25T18:00:00Z")
        #expect(identity.json["error"] == .null)
    }
}
