/// What the user said about one side, on the command line. Nil means: look further.
package struct SideOptions: Sendable {
    package var region: String?
    package var profile: String?
    package var endpoint: String?
    /// Of S3, where it has one of its own.
    package var storageEndpoint: String?
    /// How buckets of a custom endpoint are named.
    package var addressing: StorageEndpoint.Addressing?
    package var credentials: Credentials?
    /// Where those were given, for people.
    package var credentialsOrigin = "options"
    package var caBundle: String?
    /// To be assumed with whatever credentials are found.
    package var role: AssumedRole?
    /// FIPS and dual-stack hosts, asked for besides what the environment asks for.
    package var variant = Endpoint.Variant()

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
/// | endpoint of S3 | | ENDPOINT_URL_S3, ENDPOINT_URL | `services`, `endpoint_url` |
/// | checksums of S3 | | REQUEST_CHECKSUM_CALCULATION, | the same in lower case |
/// | | | RESPONSE_CHECKSUM_VALIDATION | |
/// | credentials | given ones | see `CredentialChain` | the same |
/// | role | `--role-arn` | | |
/// | profile | `--profile` | PROFILE | `default` |
/// | trust | `--ca-bundle` | CA_BUNDLE, then see `CertificateSearch` | `ca_bundle` |
///
/// A profile named by option goes before credentials of the environment, as in the AWS CLI.
package struct SideSettings: Sendable {
    package internal(set) var endpoint: Endpoint
    package var provider: any CredentialProvider
    package let trust: TrustedCertificates
    /// Requests go around any proxy: a loopback address means this machine, and a proxy on another
    /// one would take it for itself. One on loopback is obeyed.
    package internal(set) var bypassesProxy: Bool
    /// Of Application Auto Scaling; nil where DynamoDB's own is a custom one and none is named.
    var scalingEndpoint: Endpoint?
    /// What ``storage()`` gives. Who copies tables alone does not care what is wrong with it.
    /// It is looked up only then, and with the credentials that the side has by then.
    var storageSettings:
        (@Sendable (any CredentialProvider) throws(ConfigurationError) -> StorageSettings)?
    /// Whether an account's own hosts are used.
    var accountHosts = AccountHosts.disabled
    var hasLoopbackProxy = false
    /// Says whose credentials are; nil where there is none for the region.
    var tokenService: TokenService?

    /// - Throws: for settings that contradict each other, name nothing that is there, or are
    ///   missing.
    package static func resolve(
        _ options: SideOptions, environment: [String: String],
        files reader: any FileReader = SystemFiles(), tools: CredentialTools = CredentialTools()
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
            options: options, environment: environment, properties: found ?? [:],
            services: profiles.services(of: found ?? [:]))

        let endpoint = try sources.endpoint()
        let trust = try sources.trust(reader)
        let context = CredentialContext(
            environment: environment, files: reader, profileFiles: files,
            services: sources.locator,
            caller: HTTPCaller(
                trust: trust, hasLoopbackProxy: sources.hasLoopbackProxy,
                proxies: ProxyRules(environment: environment)),
            region: endpoint.region, tools: tools)
        let chain = CredentialChain(
            context: context, profiles: profiles, profile: profile,
            isNamedByOption: options.profile != nil)
        let provider = try provider(options, chain)
        return SideSettings(
            endpoint: endpoint, provider: provider, trust: trust,
            bypassesProxy: endpoint.isLoopback && !sources.hasLoopbackProxy,
            scalingEndpoint: try sources.scalingEndpoint(in: endpoint.region),
            storageSettings: { (provider) throws(ConfigurationError) in
                try sources.storage(in: endpoint.region, provider, trust)
            },
            accountHosts: try sources.accountHosts(of: endpoint),
            hasLoopbackProxy: sources.hasLoopbackProxy,
            tokenService: try? context.tokenService())
    }

    /// The same side, as Application Auto Scaling is asked; nil where it can't be.
    package var scaling: SideSettings? {
        guard let scalingEndpoint else { return nil }
        var settings = self
        settings.endpoint = scalingEndpoint
        settings.accountHosts = .disabled
        settings.bypassesProxy = scalingEndpoint.isLoopback && !hasLoopbackProxy
        return settings
    }

    /// The same side, as S3 is asked.
    /// - Throws: where its endpoint or its settings make no sense.
    package func storage() throws(ConfigurationError) -> StorageSettings {
        guard let storageSettings else {
            throw ConfigurationError(.endpoint, "no endpoint of S3 is known")
        }
        return try storageSettings(provider)
    }

    /// Asks AWS whose `credentials` are.
    /// - Throws: when the token service refuses, or does not answer.
    package func identity(
        of credentials: Credentials
    ) async throws(ConfigurationError) -> CallerIdentity {
        guard let tokenService else {
            throw ConfigurationError(.region, "there is no STS for region \(endpoint.region)")
        }
        return try await tokenService.identity(of: credentials)
    }

    private static func provider(
        _ options: SideOptions, _ chain: CredentialChain
    ) throws(ConfigurationError) -> any CredentialProvider {
        let found: any CredentialProvider
        if let given = options.credentials {
            found = try FixedCredentials(checked: given, origin: options.credentialsOrigin)
        } else {
            found = try chain.provider()
        }
        guard let role = options.role else { return found }
        return chain.context.renewed(
            try AssumedRoleCredentials(role, from: found, chain.context))
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
    let properties: ProfileFile.Properties
    let services: ProfileFile.Properties

    var locator: ServiceLocator {
        ServiceLocator(
            environment: environment, properties: properties, services: services,
            variant: variant)
    }

    private var variant: Endpoint.Variant {
        func isTrue(_ variable: String, _ property: String) -> Bool {
            (environment[variable] ?? properties[property])?.lowercased() == "true"
        }
        var variant = options.variant
        if isTrue("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint") { variant.fips = true }
        if isTrue("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint") {
            variant.dualStack = true
        }
        return variant
    }

    func endpoint() throws(ConfigurationError) -> Endpoint {
        let variant = variant
        let region =
            options.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
            ?? properties["region"]
        guard let region else {
            throw ConfigurationError(
                .region, "no region",
                hint: "Name one with --region, AWS_REGION or the profile's region.")
        }
        guard let url = customURL else { return try Endpoint(region: region, variant: variant) }
        if variant.fips || variant.dualStack {
            throw ConfigurationError(
                .endpoint, "FIPS or dual-stack hosts are asked for, and a custom endpoint too",
                hint: "Leave out --fips, --dual-stack, AWS_USE_FIPS_ENDPOINT and "
                    + "AWS_USE_DUALSTACK_ENDPOINT, or the endpoint.")
        }
        return try Endpoint(url: url, region: region)
    }

    /// (SDKs' reference guide, "Account-based endpoints".)
    func accountHosts(of endpoint: Endpoint) throws(ConfigurationError) -> AccountHosts {
        let text =
            environment["AWS_ACCOUNT_ID_ENDPOINT_MODE"] ?? properties["account_id_endpoint_mode"]
            ?? AccountHosts.preferred.rawValue
        guard let mode = AccountHosts(rawValue: text.lowercased()) else {
            throw ConfigurationError(
                .endpoint, "AWS_ACCOUNT_ID_ENDPOINT_MODE is \"\(text.printable)\"",
                hint: "It is preferred, required or disabled.")
        }
        guard customURL == nil else { return .disabled }
        let reason: String? =
            variant.fips
            ? "FIPS hosts are asked for"
            : endpoint.partition == "aws" ? nil : "the partition \(endpoint.partition) has none"
        guard mode == .required, let reason else { return reason == nil ? mode : .disabled }
        throw ConfigurationError(
            .endpoint, "account-based endpoints are required, but \(reason)",
            hint: "Set AWS_ACCOUNT_ID_ENDPOINT_MODE to preferred or disabled.")
    }

    /// Of DynamoDB, where it is not AWS's own.
    private var customURL: String? {
        options.endpoint ?? locator.configuredURL(variable: "DYNAMODB", section: "dynamodb")
    }

    /// `--endpoint` is for DynamoDB alone: whoever gave it did not mean AWS's own for the rest.
    func scalingEndpoint(in region: String) throws(ConfigurationError) -> Endpoint? {
        let configured = locator.configuredURL(
            variable: "APPLICATION_AUTO_SCALING", section: "application_auto_scaling")
        if let configured {
            return try Endpoint(url: configured, region: region, service: .autoScaling)
        }
        guard customURL == nil else { return nil }
        return try Endpoint(region: region, variant: variant, service: .autoScaling)
    }

    func storage(
        in region: String, _ provider: any CredentialProvider, _ trust: TrustedCertificates
    ) throws(ConfigurationError) -> StorageSettings {
        let endpoint = try storageEndpoint(in: region)
        return StorageSettings(
            endpoint: endpoint, provider: provider, trust: trust,
            bypassesProxy: endpoint.isLoopback && !hasLoopbackProxy,
            sums: ChecksumSettings(
                sending: try checksums("REQUEST_CHECKSUM_CALCULATION"),
                checking: try checksums("RESPONSE_CHECKSUM_VALIDATION")))
    }

    private func storageEndpoint(in region: String) throws(ConfigurationError) -> StorageEndpoint {
        let addressing = try addressing()
        guard let url = storageURL(in: region) else {
            return try StorageEndpoint(region: region, variant: variant, addressing: addressing)
        }
        if variant.fips || variant.dualStack {
            throw ConfigurationError(
                .endpoint, "FIPS or dual-stack hosts are asked for, and a custom endpoint of S3",
                hint: "Leave out one of them.")
        }
        return try StorageEndpoint(url: url, region: region, addressing: addressing)
    }

    /// A custom endpoint that was given for DynamoDB is a server's that has S3, too, unless S3 has
    /// one of its own; AWS's own of a private network is of DynamoDB alone.
    private func storageURL(in region: String) -> String? {
        if let own = options.storageEndpoint ?? locator.configuredURL(variable: "S3", section: "s3")
        {
            return own
        }
        guard let url = options.endpoint, let endpoint = try? Endpoint(url: url, region: region),
            endpoint.isCustom
        else { return nil }
        return url
    }

    /// (AWS CLI, "S3 configuration".)
    private func addressing() throws(ConfigurationError) -> StorageEndpoint.Addressing {
        if let addressing = options.addressing { return addressing }
        switch properties["s3.addressing_style"]?.lowercased() {
        case nil, "auto": return .automatic
        case "path": return .path
        case "virtual": return .virtualHost
        case .some(let text):
            throw ConfigurationError(
                .endpoint, "the profile's addressing_style is \"\(text.printable)\"",
                hint: "It is auto, path or virtual.")
        }
    }

    /// (SDKs' reference guide, "Data Integrity Protections for Amazon S3".)
    private func checksums(_ name: String) throws(ConfigurationError) -> ChecksumSettings.Use {
        guard let text = environment["AWS_\(name)"] ?? properties[name.lowercased()] else {
            return .whenSupported
        }
        guard let use = ChecksumSettings.Use(rawValue: text.lowercased()) else {
            throw ConfigurationError(
                .endpoint, "AWS_\(name) is \"\(text.printable)\"",
                hint: "It is when_supported or when_required.")
        }
        return use
    }

    func trust(_ reader: any FileReader) throws(ConfigurationError) -> TrustedCertificates {
        let path = options.caBundle ?? environment["AWS_CA_BUNDLE"] ?? properties["ca_bundle"]
        guard let path else {
            return try CertificateSearch(files: reader).found(environment: environment)
        }
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
        return TrustedCertificates(file: path)
    }

    /// Whether a proxy that libcurl would use for some URL is on this machine.
    var hasLoopbackProxy: Bool {
        let variables = [
            "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
        ]
        return variables.contains { variable in
            guard let proxy = environment[variable] else { return false }
            let authority = proxy.split(separator: "/", omittingEmptySubsequences: true)
                .first { !$0.hasSuffix(":") }
            guard let host = authority?.split(separator: "@").last else { return false }
            return Endpoint.isLoopback(host.lowercased())
        }
    }
}
