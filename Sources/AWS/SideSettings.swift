/// What the user said about one side, on the command line. Nil means: look further.
package struct SideOptions: Sendable {
    package var region: String?
    package var profile: String?
    package var endpoint: String?
    package var credentials: Credentials?
    package var caBundle: String?

    package init(
        region: String? = nil, profile: String? = nil, endpoint: String? = nil,
        credentials: Credentials? = nil, caBundle: String? = nil
    ) {
        self.region = region
        self.profile = profile
        self.endpoint = endpoint
        self.credentials = credentials
        self.caBundle = caBundle
    }
}

/// Everything that makes a client of one side: the one place where options, environment and
/// profile files meet, in this order of precedence.
///
/// | setting | option | environment (AWS_...) | profile |
/// |---|---|---|---|
/// | region | `--region` | REGION, DEFAULT_REGION | `region` |
/// | endpoint | `--endpoint` | ENDPOINT_URL_DYNAMODB, ENDPOINT_URL | `services`, `endpoint_url` |
/// | credentials | given ones | ACCESS_KEY_ID ... | keys of the profile |
/// | profile | `--profile` | PROFILE | `default` |
/// | trust | `--ca-bundle` | CA_BUNDLE | `ca_bundle` |
///
/// A profile named by option goes before credentials of the environment, as in the AWS CLI.
package struct SideSettings: Sendable {
    package let endpoint: Endpoint
    package let provider: any CredentialProvider
    package let caBundle: String?
    /// Requests go around any proxy: a loopback address means this machine, and a proxy on another
    /// one would take it for itself. One on loopback is obeyed.
    package let bypassesProxy: Bool

    package static func resolve(
        _ options: SideOptions, environment: [String: String],
        files reader: any FileReader = SystemFiles()
    ) throws(ConfigurationError) -> SideSettings {
        // An empty variable is one that is not set.
        let environment = environment.filter { !$0.value.isEmpty }
        let files = ProfileFiles(environment: environment, reader: reader)
        let named = options.profile ?? environment["AWS_PROFILE"]
        let profiles: Profiles
        do {
            profiles = try files.read()
        } catch {
            // Files that nothing is wanted from may be unreadable, as a stranger's home is.
            guard named == nil, isComplete(options, environment) else { throw error }
            profiles = Profiles(credentials: ProfileFile(), config: ProfileFile())
        }
        let profile = named ?? "default"
        let found = profiles.properties(of: profile)
        if let named, found == nil { throw profiles.missing(named) }
        let sources = Sources(
            options: options, environment: environment, profile: profile,
            properties: found ?? [:], profiles: profiles)

        let endpoint = try sources.endpoint()
        let provider = try sources.provider(files)
        let caBundle = try sources.caBundle(reader)
        return SideSettings(
            endpoint: endpoint, provider: provider, caBundle: caBundle,
            bypassesProxy: endpoint.isLoopback && !sources.hasLoopbackProxy)
    }

    private static func isComplete(
        _ options: SideOptions, _ environment: [String: String]
    ) -> Bool {
        let variables = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        let hasRegion = options.region != nil || variables.contains { environment[$0] != nil }
        return hasRegion
            && (options.credentials != nil || environment["AWS_ACCESS_KEY_ID"] != nil)
    }
}

/// All that settings are resolved from.
private struct Sources {
    let options: SideOptions
    let environment: [String: String]
    let profile: String
    let properties: ProfileFile.Properties
    let profiles: Profiles

    func endpoint() throws(ConfigurationError) -> Endpoint {
        var variant = Endpoint.Variant()
        variant.fips = isTrue("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
        variant.dualStack = isTrue("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
        let region =
            options.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
            ?? properties["region"]
        guard let region else {
            throw ConfigurationError(
                .region, "no region",
                hint: "Name one with --region, AWS_REGION or the profile's region.")
        }
        guard let url = endpointURL else { return try Endpoint(region: region, variant: variant) }
        if variant.fips || variant.dualStack {
            throw ConfigurationError(
                .endpoint, "FIPS or dual-stack hosts are asked for, and a custom endpoint too",
                hint: "Unset AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, or the endpoint."
            )
        }
        return try Endpoint(url: url, region: region)
    }

    private var endpointURL: String? {
        if let endpoint = options.endpoint { return endpoint }
        if isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") {
            return nil
        }
        return environment["AWS_ENDPOINT_URL_DYNAMODB"] ?? environment["AWS_ENDPOINT_URL"]
            ?? profiles.endpointURL(of: properties)
    }

    private func isTrue(_ variable: String, _ property: String) -> Bool {
        (environment[variable] ?? properties[property])?.lowercased() == "true"
    }

    func provider(_ files: ProfileFiles) throws(ConfigurationError) -> any CredentialProvider {
        if let given = options.credentials { return try fixed(given, origin: "options") }
        if options.profile == nil, let found = try environmentCredentials() {
            return try fixed(found, origin: "environment")
        }
        let namesNone = options.profile == nil && environment["AWS_PROFILE"] == nil
        if namesNone, properties.keys.allSatisfy({ !$0.isAboutCredentials }) { throw noCredentials }
        _ = try profiles.credentials(of: profile)
        return ProfileCredentials(profile: profile, files: files)
    }

    private func fixed(
        _ credentials: Credentials, origin: String
    ) throws(ConfigurationError) -> FixedCredentials {
        if let defect = credentials.defect {
            throw ConfigurationError(.credentials, "credentials from \(origin): \(defect)")
        }
        return FixedCredentials(credentials, origin: origin)
    }

    private func environmentCredentials() throws(ConfigurationError) -> Credentials? {
        let secret = environment["AWS_SECRET_ACCESS_KEY"]
        switch (environment["AWS_ACCESS_KEY_ID"], secret) {
        case (let accessKeyID?, let secret?):
            return Credentials(
                accessKeyID: accessKeyID, secretAccessKey: secret,
                sessionToken: environment["AWS_SESSION_TOKEN"])
        case (_?, nil), (nil, _?):
            throw ConfigurationError(
                .credentials,
                "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set",
                hint: "Set both, or neither.")
        case (nil, nil): return nil
        }
    }

    private var noCredentials: ConfigurationError {
        let others = [
            "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ]
        if let other = others.first(where: { environment[$0] != nil }) {
            return ConfigurationError(
                .credentials, "no credentials: \(other) is set, which dynaferry can't use yet",
                hint: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
        }
        return ConfigurationError(
            .credentials, "no credentials",
            hint: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile.")
    }

    func caBundle(_ reader: any FileReader) throws(ConfigurationError) -> String? {
        let path = options.caBundle ?? environment["AWS_CA_BUNDLE"] ?? properties["ca_bundle"]
        guard let path else { return nil }
        guard let bytes = try reader.bytes(ofFileAt: path) else {
            throw ConfigurationError(
                .file, "there is no CA bundle at \(path)",
                hint: "Name a PEM file of the certificates to trust.")
        }
        let isPEM = String(decoding: bytes, as: UTF8.self).contains("-----BEGIN ")
        guard isPEM else {
            throw ConfigurationError(
                .file, "the CA bundle \(path) holds no PEM certificates",
                hint: "Name a PEM file of the certificates to trust.")
        }
        return path
    }

    /// Whether a proxy that libcurl would use for some URL is on this machine.
    var hasLoopbackProxy: Bool {
        let variables = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        return variables.contains { variable in
            guard let proxy = environment[variable] else { return false }
            let authority = proxy.split(separator: "/", omittingEmptySubsequences: true)
                .first { !$0.hasSuffix(":") }
            guard let host = authority?.split(separator: "@").last else { return false }
            return EndpointURL.isLoopback(host.lowercased())
        }
    }
}

extension String {
    /// Whether a profile's property of this name says where credentials come from.
    fileprivate var isAboutCredentials: Bool {
        hasPrefix("aws_") || hasPrefix("sso_") || hasPrefix("credential_")
            || ["role_arn", "web_identity_token_file", "login_session"].contains(self)
    }
}
