/// Where the two profile files are, and how they are read.
struct ProfileFiles: Sendable {
    /// `~/.aws/credentials` or AWS_SHARED_CREDENTIALS_FILE.
    let credentialsPath: String?
    /// `~/.aws/config` or AWS_CONFIG_FILE.
    let configPath: String?
    private let reader: any FileReader

    init(environment: [String: String], reader: any FileReader) {
        func path(_ variable: String, _ name: String) -> String? {
            let home = environment["HOME"]
            guard let path = environment[variable], !path.isEmpty else {
                return home.map { "\($0)/.aws/\(name)" }
            }
            guard path.hasPrefix("~/"), let home else { return path }
            return home + path.dropFirst()
        }
        credentialsPath = path("AWS_SHARED_CREDENTIALS_FILE", "credentials")
        configPath = path("AWS_CONFIG_FILE", "config")
        self.reader = reader
    }

    func read() throws(ConfigurationError) -> Profiles {
        Profiles(credentials: try read(credentialsPath), config: try read(configPath))
    }

    private func read(_ path: String?) throws(ConfigurationError) -> ProfileFile {
        guard let path, let bytes = try reader.bytes(ofFileAt: path) else { return ProfileFile() }
        return try ProfileFile(bytes, path: path)
    }
}

/// The profiles of both files.
struct Profiles {
    let credentials: ProfileFile
    let config: ProfileFile

    /// The properties of a profile, those of the credentials file first; nil when neither has it.
    func properties(of profile: String) -> ProfileFile.Properties? {
        let config = config.sections["profile \(profile)"] ?? configDefault(profile)
        guard let credentials = credentials.sections[profile] else { return config }
        return credentials.merging(config ?? [:]) { first, _ in first }
    }

    private func configDefault(_ profile: String) -> ProfileFile.Properties? {
        profile == "default" ? config.sections["default"] : nil
    }

    /// The DynamoDB endpoint that a profile sets, by its services section or for all services.
    func endpointURL(of properties: ProfileFile.Properties) -> String? {
        let services = properties["services"].flatMap { config.sections["services \($0)"] }
        return services?["dynamodb.endpoint_url"] ?? properties["endpoint_url"]
    }

    var names: [String] {
        let inConfig = config.sections.keys.compactMap { header in
            header == "default"
                ? header : header.hasPrefix("profile ") ? String(header.dropFirst(8)) : nil
        }
        return Set(inConfig).union(credentials.sections.keys).sorted()
    }

    /// What a profile may ask for that there is no provider for yet, by the property that asks. A
    /// role or single sign-on goes before keys in the same profile: they are another identity.
    private static let beforeKeys = [
        ("role_arn", "assumes a role"), ("web_identity_token_file", "uses a web identity"),
        ("sso_session", "signs in by SSO"), ("sso_start_url", "signs in by SSO"),
    ]
    private static let afterKeys = [
        ("credential_process", "runs a credential process"),
        ("login_session", "uses a login session"), ("credential_source", "names a source"),
    ]

    func credentials(of profile: String) throws(ConfigurationError) -> Credentials {
        guard let properties = properties(of: profile) else { throw missing(profile) }
        if let refusal = refusal(profile, properties, Self.beforeKeys) { throw refusal }
        switch (properties["aws_access_key_id"], properties["aws_secret_access_key"]) {
        case (let accessKeyID?, let secret?):
            let credentials = Credentials(
                accessKeyID: accessKeyID, secretAccessKey: secret,
                sessionToken: properties["aws_session_token"])
            if let defect = credentials.defect {
                throw ConfigurationError(.credentials, "profile \"\(profile)\": \(defect)")
            }
            return credentials
        case (nil, nil):
            if let refusal = refusal(profile, properties, Self.afterKeys) { throw refusal }
            throw ConfigurationError(
                .credentials, "profile \"\(profile)\" has no credentials",
                hint: "Give it aws_access_key_id and aws_secret_access_key.")
        case (nil, _?):
            throw ConfigurationError(
                .credentials, "profile \"\(profile)\" has a secret key but no aws_access_key_id")
        case (_?, nil):
            throw ConfigurationError(
                .credentials, "profile \"\(profile)\" has a key id but no aws_secret_access_key")
        }
    }

    private func refusal(
        _ profile: String, _ properties: ProfileFile.Properties, _ kinds: [(String, String)]
    ) -> ConfigurationError? {
        guard let (property, what) = kinds.first(where: { properties[$0.0] != nil }) else {
            return nil
        }
        return ConfigurationError(
            .credentials,
            "profile \"\(profile)\" \(what) (\(property)), which dynaferry can't do yet",
            hint: "Put keys into the environment: aws configure export-credentials "
                + "--profile \(profile) --format env")
    }

    func missing(_ profile: String) -> ConfigurationError {
        let known =
            names.isEmpty
            ? "There are no profiles." : "There are: \(names.joined(separator: ", "))."
        return ConfigurationError(.profile, "there is no profile \"\(profile)\"", hint: known)
    }
}
