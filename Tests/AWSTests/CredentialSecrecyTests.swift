import System
import Testing

@testable import AWS

/// Goal: no description of a side, of any provider or of what fails has a secret in it.
/// Method: each kind of provider with a secret of its own, dumped whole.
@Suite struct CredentialSecrecyTests {
    private static let secrets = ["hidden-key", "hidden-token", "hidden-word", "hidden-auth"]

    private static let environment = [
        "AWS_SECRET_ACCESS_KEY": "hidden-key", "AWS_SESSION_TOKEN": "hidden-token",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "hidden-auth",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/?hidden-word",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1",
    ]
    private static let config = """
        [profile keys]
        aws_access_key_id = AKIDEXAMPLE
        aws_secret_access_key = hidden-key
        aws_session_token = hidden-token
        [profile role]
        role_arn = arn:aws:iam::1:role/r
        source_profile = keys
        [profile container]
        role_arn = arn:aws:iam::1:role/r
        credential_source = EcsContainer
        [profile process]
        credential_process = false --password hidden-word
        [profile sso]
        sso_start_url = https://start.example
        sso_region = eu-west-1
        sso_account_id = 1
        sso_role_name = R
        [profile web]
        role_arn = arn:aws:iam::1:role/r
        web_identity_token_file = FILE
        """

    private func check(_ value: Any, _ profile: String) {
        var dumped = ""
        dump(value, to: &dumped)
        for text in ["\(value)", String(reflecting: value), dumped] {
            for secret in Self.secrets {
                #expect(!text.contains(secret), "\(profile): \(text)")
            }
        }
    }

    @Test(arguments: ["keys", "role", "container", "process", "sso", "web", ""])
    func `no description and no error shows a secret`(profile: String) async throws {
        let home = try CredentialHome()
        let file = try home.write("token", "hidden-token")
        try home.config(Self.config.replacing("FILE", with: file))
        var environment = Self.environment
        if profile.isEmpty { environment["AWS_ACCESS_KEY_ID"] = "AKIDEXAMPLE" }
        let settings = try home.settings(
            .init(profile: profile.isEmpty ? nil : profile), environment)
        check(settings, profile)
        do {
            let credentials = try await settings.provider.credentials()
            check(credentials, profile)
            _ = try await settings.identity(of: credentials)
        } catch {
            check(error, profile)
        }
        check(settings, profile)
        withExtendedLifetime(home) {}
    }

    @Test func `an SSO token shows its end alone`() throws {
        let text =
            #"{"accessToken":"hidden-token","expiresAt":"2026-11-25T18:00:00UTC","#
            + #""clientSecret":"hidden-key","refreshToken":"hidden-word"}"#
        let token = try #require(SSOToken(Array(text.utf8)))
        #expect(token.expiresAt == UTCTime(iso8601: "2026-11-25T18:00:00Z"))
        check(token, "token")
    }
}

/// Goal: the texts that services answer with are read strictly.
@Suite struct IdentityTextTests {
    @Test func `times are read in the spellings of ISO 8601 that AWS uses`() throws {
        let time = try #require(UTCTime(iso8601: "2026-11-25T17:20:33Z"))
        #expect(time.secondsSinceEpoch == 1_795_627_233)
        #expect(time.iso8601 == "2026-11-25T17:20:33Z")
        for same in [
            "2026-11-25T17:20:33.123Z", "2026-11-25T17:20:33UTC", "2026-11-25T18:20:33+01:00",
            "2026-11-25T12:50:33-0430", "2026-11-25t17:20:33z", "2026-11-25T17:20:33+00:00",
        ] {
            #expect(UTCTime(iso8601: same) == time, "\(same)")
        }
        for bad in [
            "", "2026-11-25", "2026-11-25T17:20Z", "2026-13-25T17:20:33Z", "2026-11-25T24:20:33Z",
            "2026-11-25T17:20:33", "2026-11-25T17:20:33+1", "2026-11-25T17:20:33ZZ", "1795627233",
            "+026-11-25T17:20:33Z",
        ] {
            #expect(UTCTime(iso8601: bad) == nil, "\(bad)")
        }
    }

    @Test func `an element's text is found when it is there once and is text`() {
        func text(_ xml: String) -> String? { XMLReply(Array(xml.utf8)).text(of: "A") }
        #expect(text("<R><A>x</A></R>") == "x")
        #expect(
            text("<R><AB>y</AB><A>1 &lt;2&gt; &amp;&#65;&#x42;&quot;&apos;</A></R>")
                == "1 <2> &AB\"'")
        for bad in [
            "<R></R>", "<A>x", "<A>1</A><A>2</A>", "<A><B>1</B></A>", "<!-- <A>1</A> -->",
            "<![CDATA[<A>1</A>]]>", "<A>&nbsp;</A>", "<A>&#xD800;</A>", "<A>&lt</A>",
        ] {
            #expect(text(bad) == nil, "\(bad)")
        }
        #expect(XMLReply(Array("<?xml version='1.0'?>\n<R x=\"y\"><A/></R>".utf8)).isNamed("R"))
        #expect(!XMLReply(Array("<Response/>".utf8)).isNamed("R"))
        #expect(!XMLReply(Array("{}".utf8)).isNamed("R"))
    }

    @Test func `roles and sessions are checked before they are asked for`() {
        func defect(_ arn: String, _ name: String? = nil, _ seconds: Int? = nil) -> String? {
            AssumedRole(arn: arn, sessionName: name, durationSeconds: seconds).defect
        }
        let arn = "arn:aws-cn:iam::123456789012:role/path/name"
        #expect(defect(arn, "a+=,.@_-9", 43_200) == nil)
        for bad in ["", "role/x", "arn:aws:iam::1:user/u", "arn:aws:iam::1:role/a\r\nb"] {
            #expect(defect(bad) != nil, "\(bad)")
        }
        for bad in ["", "a", "a b", String(repeating: "a", count: 65), "a\u{E9}"] {
            #expect(defect(arn, bad) != nil, "\(bad)")
        }
        #expect(defect(arn, nil, 899) != nil && defect(arn, nil, 43_201) != nil)
    }
}
