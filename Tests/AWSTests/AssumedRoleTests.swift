import System
import TestSupport
import Testing

@testable import AWS

/// Goal: roles are assumed with the credentials that profiles, variables or options say.
/// Method: an STS on loopback whose keys tell who assumed what.
@Suite(.timeLimit(.minutes(20))) struct AssumedRoleTests {
    private static let files = """
        [profile base]
        aws_access_key_id = BASE
        aws_secret_access_key = S
        [profile role]
        role_arn = arn:aws:iam::1:role/r1
        source_profile = base
        external_id = ex&id
        role_session_name = me@here
        duration_seconds = 1800
        [profile chain]
        role_arn = arn:aws:iam::1:role/r2
        source_profile = role
        [profile itself]
        role_arn = arn:aws:iam::1:role/r3
        source_profile = itself
        aws_access_key_id = SELF
        aws_secret_access_key = S
        [profile variables]
        role_arn = arn:aws:iam::1:role/r4
        credential_source = Environment
        [profile mfa]
        role_arn = arn:aws:iam::1:role/r5
        source_profile = base
        mfa_serial = arn:aws:iam::1:mfa/me
        [profile loop1]
        role_arn = arn:aws:iam::1:role/r
        source_profile = loop2
        [profile loop2]
        role_arn = arn:aws:iam::1:role/r
        source_profile = loop1
        [profile alone]
        role_arn = arn:aws:iam::1:role/r
        [profile both]
        role_arn = arn:aws:iam::1:role/r
        source_profile = base
        credential_source = Environment
        [profile nowhere]
        role_arn = arn:aws:iam::1:role/r
        source_profile = missing
        [profile odd]
        role_arn = arn:aws:iam::1:role/r
        credential_source = Moon
        [profile bad]
        role_arn = arn:aws:iam::1:user/u
        source_profile = base
        """

    private let home: CredentialHome

    init() throws {
        home = try CredentialHome()
        try home.config(Self.files)
    }

    private func key(
        _ profile: String, _ sts: STSServer, _ environment: [String: String] = [:]
    ) async throws -> String {
        try await home.provider(
            .init(profile: profile), sts.environment.merging(environment) { $1 }
        ).credentials().accessKeyID
    }

    @Test func `a role is assumed with the source profile's keys and the profile's wishes`()
        async throws
    {
        let sts = try STSServer()
        let credentials = try await home.provider(.init(profile: "role"), sts.environment)
            .credentials()
        #expect(credentials.accessKeyID == "BASE.r1")
        #expect(credentials.sessionToken == TestClient.token)
        #expect(credentials.expiration == UTCTime(iso8601: "2099-01-01T00:00:00Z"))
        #expect(
            sts.forms == [
                [
                    "Action": "AssumeRole", "Version": "2011-06-15",
                    "RoleArn": "arn:aws:iam::1:role/r1", "RoleSessionName": "me@here",
                    "DurationSeconds": "1800", "ExternalId": "ex&id",
                ]
            ])
        let authorization = sts.server.requests[0].header("Authorization")
        #expect(authorization?.contains("/us-east-1/sts/aws4_request") == true)
    }

    @Test func `source profiles may assume roles themselves`() async throws {
        let sts = try STSServer()
        #expect(try await key("chain", sts) == "BASE.r1.r2")
        #expect(try await key("itself", sts) == "SELF.r3")
        let keys = ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "S"]
        #expect(try await key("variables", sts, keys) == "ENV.r4")
    }

    @Test func `a role by option is assumed with whatever the chain finds`() async throws {
        let sts = try STSServer()
        var options = SideOptions(profile: "chain")
        options.role = AssumedRole(
            arn: "arn:aws:iam::2:role/last", externalID: "x", sessionName: "ferry",
            durationSeconds: 900)
        let provider = try home.provider(options, sts.environment)
        #expect(try await provider.credentials().accessKeyID == "BASE.r1.r2.last")
        #expect(provider.origin.hasPrefix("role arn:aws:iam::2:role/last, assumed with role "))
        #expect(sts.forms.last?["RoleSessionName"] == "ferry")
        options = SideOptions(credentials: Credentials(accessKeyID: "K", secretAccessKey: "S"))
        options.role = AssumedRole(arn: "arn:aws:iam::2:role/last")
        let given = try home.provider(options, sts.environment)
        #expect(try await given.credentials().accessKeyID == "K.last")
    }

    @Test(arguments: [
        ("loop1", "go round"), ("alone", "neither source_profile nor credential_source"),
        ("both", "both source_profile"), ("nowhere", "\"missing\", which is not there"),
        ("odd", "must be Environment"), ("bad", "is not the ARN of a role"),
        ("variables", "AWS_ACCESS_KEY_ID is not set"),
    ])
    func `what can't work is told before anything is sent`(
        profile: String, words: String
    ) async throws {
        let sts = try STSServer()
        let error = await home.failure(.init(profile: profile), sts.environment)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(sts.forms.isEmpty)
    }

    @Test func `a code is asked for once, and only of a terminal`() async throws {
        let sts = try STSServer()
        let none = await home.failure(.init(profile: "mfa"), sts.environment)
        #expect(none?.message.contains("there is no terminal") == true)
        let nonsense = await home.failure(.init(profile: "mfa"), sts.environment) { _ in "12ab56" }
        #expect(nonsense?.message.contains("six digits") == true)
        #expect(sts.forms.isEmpty)
        let provider = try home.provider(.init(profile: "mfa"), sts.environment) { device in
            device == "arn:aws:iam::1:mfa/me" ? "123456" : nil
        }
        let credentials = try await provider.credentials()
        #expect(credentials.accessKeyID == "BASE.r5")
        #expect(sts.forms.last?["TokenCode"] == "123456")
        #expect(sts.forms.last?["SerialNumber"] == "arn:aws:iam::1:mfa/me")
        provider.forget(credentials)
        let again = await #expect(throws: ConfigurationError.self) {
            _ = try await provider.credentials()
        }
        #expect(again?.message.contains("new code") == true && sts.forms.count == 1)
    }

    @Test func `a refusal is told in AWS's words, their first line, without secrets`() async throws
    {
        let sts = try STSServer(override: { request in
            STSServer.error(
                "AccessDenied",
                "User: arn:aws:iam::1:user/u &amp; S is not authorized\n\(TestClient.token)",
                status: 403)
        })
        let error = await home.failure(.init(profile: "role"), sts.environment)
        #expect(error?.message.contains("AccessDenied") == true)
        #expect(error?.hint?.contains("trust policy") == true)
        #expect(error?.description.contains(TestClient.token) == false)
    }

    @Test func `a passing fault of STS is survived, a lasting one told`() async throws {
        let sts = try STSServer(override: {
            $0.number < 2 ? .bytes(Canned.reply("", status: 503)) : nil
        })
        #expect(try await key("role", sts) == "BASE.r1")
        let down = try STSServer(override: { _ in .bytes(Canned.reply("no", status: 503)) })
        let error = await home.failure(.init(profile: "role"), down.environment)
        #expect(error?.message.contains("status 503") == true && down.forms.count == 3)
        let closed = ["AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"]
        let unreachable = await home.failure(.init(profile: "role"), closed)
        #expect(unreachable?.hint?.contains("127.0.0.1:1") == true)
    }

    @Test func `a clock that is wrong is put right by the server's`() async throws {
        let real = home.clock.after(-7_200)
        let date = HTTPDate.text(of: real)
        let sts = try STSServer(override: { request in
            request.header("X-Amz-Date")
                == String(decoding: real.basicFormat, as: UTF8.self)
                ? nil
                : STSServer.error(
                    "SignatureDoesNotMatch", "Signature not yet current: 1", status: 403,
                    headers: ["Date: \(date)"])
        })
        let provider = try home.provider(.init(profile: "role"), sts.environment)
        #expect(try await provider.credentials().accessKeyID == "BASE.r1")
    }

    @Test func `the endpoint is the region's, of the partition and variant asked for`() throws {
        func host(_ region: String, fips: Bool = false, dualStack: Bool = false) throws -> String {
            var options = SideOptions(
                region: region, credentials: Credentials(accessKeyID: "a", secretAccessKey: "b"))
            options.variant.fips = fips
            options.variant.dualStack = dualStack
            let settings = try home.settings(options)
            return try #require(settings.tokenService).host
        }
        #expect(try host("eu-central-1") == "sts.eu-central-1.amazonaws.com")
        #expect(try host("cn-north-1") == "sts.cn-north-1.amazonaws.com.cn")
        #expect(try host("us-east-2", fips: true) == "sts-fips.us-east-2.amazonaws.com")
        #expect(try host("us-east-2", dualStack: true) == "sts.us-east-2.api.aws")
        #expect(try host("us-gov-west-1", fips: true) == "sts.us-gov-west-1.amazonaws.com")
    }
}

/// HTTP dates as servers write them (RFC 9110 section 5.6.7); the day of the week is not read.
enum HTTPDate {
    static func text(of time: UTCTime) -> String {
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let text = time.iso8601
        let parts = text.prefix(10).split(separator: "-").map { Int($0) ?? 0 }
        let day = parts[2] < 10 ? "0\(parts[2])" : "\(parts[2])"
        return "Mon, \(day) \(months[parts[1] - 1]) \(parts[0]) \(text.dropFirst(11).prefix(8)) GMT"
    }
}
