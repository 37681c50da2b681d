import Testing

@testable import AWS

/// Files of a test, by path.
private struct GivenFiles: FileReader {
    var files: [String: String] = [:]
    var unreadable: Set<String> = []

    func bytes(ofFileAt path: String) throws(ConfigurationError) -> [UInt8]? {
        if unreadable.contains(path) { throw ConfigurationError(.file, "can't read \(path)") }
        return files[path].map { Array($0.utf8) }
    }
}

/// Goal: options, environment and files meet in the documented order, and what is missing is named.
@Suite struct SideSettingsTests {
    private static let keys = ["AWS_ACCESS_KEY_ID": "EK", "AWS_SECRET_ACCESS_KEY": "ES"]
    private static let credentialsFile = """
        [default]
        aws_access_key_id = DK
        aws_secret_access_key = DS
        [staging]
        aws_access_key_id = SK
        aws_secret_access_key = SS
        aws_session_token = ST
        """
    private static let configFile = """
        [default]
        region = eu-west-1
        [profile staging]
        region = eu-north-1
        endpoint_url = http://127.0.0.1:1
        ca_bundle = /ca.pem
        [profile served]
        region = eu-north-1
        services = local
        endpoint_url = http://127.0.0.1:1
        [services local]
        s3 =
          endpoint_url = http://127.0.0.1:3
        dynamodb =
          endpoint_url = http://127.0.0.1:2
        [profile single]
        sso_session = s
        [profile login]
        login_session = arn:aws:iam::1:user/u
        [profile empty]
        region = eu-west-1
        [profile half]
        aws_access_key_id = HK
        """

    private static let files = GivenFiles(files: [
        "/users/u/.aws/credentials": credentialsFile, "/users/u/.aws/config": configFile,
        "/ca.pem": "-----BEGIN CERTIFICATE-----", "/other/credentials": "[default]\n",
        "/no.pem": "nothing",
    ])

    private func resolve(
        _ options: SideOptions = SideOptions(), _ environment: [String: String] = [:],
        files: GivenFiles = Self.files
    ) throws(ConfigurationError) -> SideSettings {
        try SideSettings.resolve(
            options,
            environment: ["HOME": "/users/u", "AWS_EC2_METADATA_DISABLED": "true"]
                .merging(environment) { $1 },
            files: files)
    }

    @Test func `the default profile is enough`() async throws {
        let settings = try resolve()
        #expect(settings.endpoint.region == "eu-west-1")
        #expect(settings.provider.origin == "profile \"default\"")
        #expect(try await settings.provider.credentials().secretAccessKey == "DS")
    }

    @Test func `options go before environment, environment before profiles`() async throws {
        let both = ["AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"]
        #expect(try resolve(.init(region: "sa-east-1"), both).endpoint.region == "sa-east-1")
        #expect(try resolve(.init(), both).endpoint.region == "us-east-1")
        #expect(
            try resolve(.init(), ["AWS_DEFAULT_REGION": "us-east-2"]).endpoint.region == "us-east-2"
        )
        #expect(try resolve(.init(), ["AWS_REGION": ""]).endpoint.region == "eu-west-1")

        let given = Credentials(accessKeyID: "OK", secretAccessKey: "OS")
        let fromOptions = try resolve(.init(credentials: given), Self.keys).provider
        #expect(try await fromOptions.credentials().accessKeyID == "OK")
        #expect(try await resolve(.init(), Self.keys).provider.credentials().accessKeyID == "EK")
    }

    @Test func `a profile by option goes before keys of the environment`() async throws {
        let staging = try resolve(.init(profile: "staging"), Self.keys)
        #expect(try await staging.provider.credentials().sessionToken == "ST")
        let old = ["AWS_SECURITY_TOKEN": "OT"]
        let tokens = try resolve(.init(), Self.keys.merging(old) { $1 }).provider
        #expect(try await tokens.credentials().sessionToken == "OT")
        let named = try resolve(.init(), Self.keys.merging(["AWS_PROFILE": "staging"]) { $1 })
        #expect(named.provider.origin == "environment")
        #expect(named.endpoint.region == "eu-north-1")
    }

    @Test func `the endpoint comes from the most particular place`() throws {
        let service = ["AWS_ENDPOINT_URL_DYNAMODB": "http://a"]
        let all = ["AWS_ENDPOINT_URL": "http://b"]
        let ignore = ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"]
        func url(_ options: SideOptions, _ environments: [String: String]...) throws -> String {
            try resolve(options, environments.reduce([:]) { $0.merging($1) { $1 } }).endpoint.url
        }
        #expect(try url(.init(endpoint: "http://o"), service, all) == "http://o")
        #expect(try url(.init(), service, all) == "http://a")
        #expect(try url(.init(), all) == "http://b")
        #expect(try url(.init(), all, ignore) == "https://dynamodb.eu-west-1.amazonaws.com")
        #expect(try url(.init(endpoint: "http://o"), ignore) == "http://o")
        #expect(try url(.init(profile: "staging")) == "http://127.0.0.1:1")
        let served = SideOptions(
            profile: "served", credentials: .init(accessKeyID: "a", secretAccessKey: "b"))
        #expect(try url(served) == "http://127.0.0.1:2")
        let fips = ["AWS_USE_FIPS_ENDPOINT": "true"]
        let dual = ["AWS_USE_DUALSTACK_ENDPOINT": "true"]
        #expect(try url(.init(), fips) == "https://dynamodb-fips.eu-west-1.amazonaws.com")
        #expect(try url(.init(), dual) == "https://dynamodb.eu-west-1.api.aws")
        #expect(throws: ConfigurationError.self) { try url(.init(), fips, all) }
    }

    @Test func `files are found where the variables say`() async throws {
        let moved = ["AWS_SHARED_CREDENTIALS_FILE": "/other/credentials"]
        #expect(await failure(.init(), moved)?.message == "no credentials")
        let config = [
            "AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
        ]
        #expect(try resolve(.init(), config).endpoint.region == "eu-west-1")
    }

    /// Whether it is known at once or only when credentials are wanted.
    private func failure(
        _ options: SideOptions = SideOptions(), _ environment: [String: String] = [:],
        files: GivenFiles = Self.files
    ) async -> ConfigurationError? {
        do throws(ConfigurationError) {
            _ = try await resolve(options, environment, files: files).provider.credentials()
            return nil
        } catch { return error }
    }

    @Test func `what is missing or can't be used is named`() async {
        let nothing = GivenFiles()
        let none = await failure(.init(region: "us-east-1"), files: nothing)
        #expect(none?.message == "no credentials")
        let places = [
            "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "/users/u/.aws/config",
            "container endpoint", "AWS_EC2_METADATA_DISABLED",
        ]
        for place in places { #expect(none?.hint?.contains(place) == true) }
        #expect(await failure(.init(), Self.keys, files: nothing)?.message == "no region")
        #expect(await failure(.init(region: "us_east_1"))?.kind == .region)
        let unknown = await failure(.init(profile: "stagin"))
        #expect(unknown?.kind == .profile && unknown?.hint?.contains("staging") == true)
        #expect(await failure(.init(), ["AWS_PROFILE": "nope"])?.kind == .profile)
        for (profile, word) in [
            ("single", "sso_session"), ("login", "login_session"),
            ("empty", "no credentials"), ("half", "aws_secret_access_key"),
        ] {
            let error = await failure(.init(region: "us-east-1", profile: profile))
            #expect(error?.message.contains(word) == true, "\(profile)")
            #expect(error?.message.contains(profile) == true)
        }
        let half = await failure(.init(), ["AWS_ACCESS_KEY_ID": "x"])
        #expect(half?.message.contains("only one") == true)
        let container = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://x", "AWS_REGION": "us-east-1",
        ]
        let open = await failure(.init(), container, files: nothing)
        #expect(open?.message.contains("CONTAINER") == true)
        #expect(await failure(.init(caBundle: "/absent.pem"))?.kind == .file)
        #expect(await failure(.init(caBundle: "/no.pem"))?.message.contains("PEM") == true)
    }

    @Test func `unreadable files matter only when they are needed`() async {
        let closed = GivenFiles(unreadable: ["/users/u/.aws/credentials"])
        #expect(await failure(files: closed)?.kind == .file)
        let region = SideOptions(region: "us-east-1")
        #expect(await failure(region, Self.keys, files: closed) == nil)
        let named = SideOptions(region: "us-east-1", profile: "x")
        #expect(await failure(named, Self.keys, files: closed) != nil)
    }

    @Test func `keys that would break a header are refused without being shown`() async {
        for bad in ["a\r\nX-Evil: 1", "a b", "", "ключ"] {
            let credentials = Credentials(
                accessKeyID: "AK", secretAccessKey: "s", sessionToken: bad)
            let error = await failure(.init(credentials: credentials))
            #expect(error?.kind == .credentials)
            #expect(bad.isEmpty || error?.description.contains(bad) == false)
        }
    }

    @Test func `a loopback endpoint goes around proxies that are elsewhere`() throws {
        let local = SideOptions(endpoint: "http://127.0.0.1:8000")
        #expect(try resolve(local).bypassesProxy)
        #expect(try resolve(local, ["http_proxy": "http://proxy.corp:3128"]).bypassesProxy)
        #expect(try !resolve(local, ["http_proxy": "http://u:p@127.0.0.1:3128/"]).bypassesProxy)
        #expect(try !resolve(local, ["ALL_PROXY": "localhost:3128"]).bypassesProxy)
        #expect(try !resolve(.init(endpoint: "http://10.0.0.1")).bypassesProxy)
    }

    @Test func `no description shows a secret`() async throws {
        let credentials = Credentials(
            accessKeyID: "AKID", secretAccessKey: TestClient.secret, sessionToken: TestClient.token)
        let settings = try resolve(.init(region: "us-east-1", credentials: credentials))
        let client = try await Client(settings, engine: HTTPEngine(), seed: 1)
        var texts = [
            "\(credentials)", String(reflecting: credentials), "\([credentials])",
            "\(Optional(credentials) as Any)", "\(settings)", String(reflecting: settings),
            "\(settings.provider)", "\(client)",
            "\(Signer(credentials: credentials, region: "r", service: "s"))",
        ]
        var dumped = ""
        dump(credentials, to: &dumped)
        dump(settings, to: &dumped)
        dump(SideOptions(credentials: credentials), to: &dumped)
        texts.append(dumped)
        for text in texts {
            #expect(
                !text.contains(TestClient.secret) && !text.contains(TestClient.token), "\(text)")
        }
    }

    @Test func `the endpoint of S3 comes from the most particular place`() throws {
        func url(_ options: SideOptions, _ environments: [String: String]...) throws -> String {
            try resolve(options, environments.reduce([:]) { $0.merging($1) { $1 } }).storage()
                .endpoint.url
        }
        let own = "https://s3.eu-west-1.amazonaws.com"
        let service = ["AWS_ENDPOINT_URL_S3": "http://a"]
        let all = ["AWS_ENDPOINT_URL": "http://b"]
        var option = SideOptions(endpoint: "http://o")
        #expect(try url(.init()) == own)
        #expect(try url(.init(), service, all) == "http://a")
        #expect(try url(.init(), all) == "http://b")
        #expect(try url(option) == "http://o", "a server of one's own has both")
        #expect(try url(option, service) == "http://a")
        option.storageEndpoint = "http://s"
        #expect(try url(option, service, all) == "http://s")
        #expect(try url(.init(), ["AWS_ENDPOINT_URL_DYNAMODB": "http://d"]) == own)
        let vpc = "https://vpce-1-a.dynamodb.eu-west-1.vpce.amazonaws.com"
        #expect(try url(.init(endpoint: vpc)) == own)
        let served = SideOptions(
            profile: "served", credentials: .init(accessKeyID: "a", secretAccessKey: "b"))
        #expect(try url(served) == "http://127.0.0.1:3")
        let ignore = ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"]
        #expect(try url(.init(), service, ignore) == own)
        #expect(
            try url(.init(), ["AWS_USE_FIPS_ENDPOINT": "true"])
                == "https://s3-fips.eu-west-1.amazonaws.com")
    }

    @Test func `what is wrong with S3 alone hinders no copy of tables`() throws {
        let contradictory = ["AWS_ENDPOINT_URL_S3": "http://a", "AWS_USE_FIPS_ENDPOINT": "true"]
        let settings = try resolve(.init(), contradictory)
        #expect(settings.endpoint.host == "dynamodb-fips.eu-west-1.amazonaws.com")
        #expect(throws: ConfigurationError.self) { try settings.storage() }
    }

    @Test func `checksums of S3 are sent and checked unless they are not to be`() throws {
        #expect(try resolve().storage().sums == ChecksumSettings())
        let sums = try resolve(
            .init(),
            [
                "AWS_REQUEST_CHECKSUM_CALCULATION": "WHEN_REQUIRED",
                "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
            ]
        ).storage().sums
        #expect(sums == ChecksumSettings(sending: .whenRequired, checking: .whenRequired))
        let error = #expect(throws: ConfigurationError.self) {
            try resolve(.init(), ["AWS_REQUEST_CHECKSUM_CALCULATION": "never"]).storage()
        }
        #expect(error?.description.contains("when_required") == true)
    }
}
