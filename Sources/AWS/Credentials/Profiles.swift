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

    /// The `services` section that a profile names.
    func services(of properties: ProfileFile.Properties) -> ProfileFile.Properties {
        properties["services"].flatMap { config.sections["services \($0)"] } ?? [:]
    }

    var names: [String] {
        let inConfig = config.sections.keys.compactMap { header in
            header == "default"
                ? header : header.hasPrefix("profile ") ? String(header.dropFirst(8)) : nil
        }
        return Set(inConfig).union(credentials.sections.keys).sorted()
    }

    enum Place {
        case credentials
        case config
    }

    /// The access keys that a profile has in one of the files; nil when it names no access key
    /// there. A key and its secret belong together: each file is looked at by itself.
    func keys(of profile: String, in place: Place) throws(ConfigurationError) -> Credentials? {
        let properties =
            switch place {
            case .credentials: credentials.sections[profile]
            case .config: config.sections["profile \(profile)"] ?? configDefault(profile)
            }
        guard let properties, let accessKeyID = properties["aws_access_key_id"] else { return nil }
        guard let secret = properties["aws_secret_access_key"] else {
            throw ConfigurationError(
                .credentials, "profile \"\(profile)\" has a key id but no aws_secret_access_key")
        }
        let credentials = Credentials(
            accessKeyID: accessKeyID, secretAccessKey: secret,
            // The second is the name that old programs write.
            sessionToken: properties["aws_session_token"] ?? properties["aws_security_token"],
            accountID: properties["aws_account_id"])
        if let defect = credentials.defect {
            throw ConfigurationError(.credentials, "profile \"\(profile)\": \(defect)")
        }
        return credentials
    }

    func missing(_ profile: String) -> ConfigurationError {
        let known =
            names.isEmpty
            ? "There are no profiles." : "There are: \(names.joined(separator: ", "))."
        return ConfigurationError(.profile, "there is no profile \"\(profile)\"", hint: known)
    }
}
