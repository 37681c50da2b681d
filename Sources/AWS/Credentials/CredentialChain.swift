import System

/// Chooses where a side's credentials come from: the first source that is configured, in the order
/// of botocore (its `create_credential_resolver`).
///
/// 1. keys in the environment, unless a profile was named by option
/// 2. the profile's `role_arn`, with `source_profile` or `credential_source`
/// 3. a web identity, of the environment or the profile
/// 4. single sign-on of the profile
/// 5. keys in the credentials file
/// 6. the profile's `credential_process`
/// 7. keys in the config file
/// 8. a container's endpoint, when the environment names one
/// 9. the metadata service of an EC2 instance
///
/// What is configured wrongly is an error at once, not a reason to go on to the next. Only the last
/// source has to be asked to know whether it is there.
struct CredentialChain {
    let context: CredentialContext
    let profiles: Profiles
    let profile: String
    /// By option: then the environment's variables about credentials don't count.
    let isNamedByOption: Bool

    func provider() throws(ConfigurationError) -> any CredentialProvider {
        if !isNamedByOption, let found = try EnvironmentCredentials.find(in: context.environment) {
            return found
        }
        if let properties = profiles.properties(of: profile), Self.assumesRole(properties) {
            return try role(of: profile, properties, after: [profile])
        }
        if let found = try own(of: profile, readsEnvironment: !isNamedByOption) { return found }
        if let container = try ContainerCredentials(context) { return context.renewed(container) }
        let instance = try InstanceCredentials(context)
        return context.renewed(
            NoCredentials(instance, lookedAt: lookedAt + [instance.place], flaw: flaw))
    }

    // MARK: one profile

    /// A web identity goes before: it is another way to the same role.
    private static func assumesRole(_ properties: ProfileFile.Properties) -> Bool {
        properties["role_arn"] != nil && properties["web_identity_token_file"] == nil
    }

    /// What a profile has itself, without assuming a role with other credentials.
    private func own(
        of name: String, readsEnvironment: Bool
    ) throws(ConfigurationError) -> (any CredentialProvider)? {
        let properties = profiles.properties(of: name) ?? [:]
        if let found = try webIdentity(properties, readsEnvironment) { return found }
        if let settings = try SSOSettings(
            profile: name, properties, in: profiles.config)
        {
            return context.renewed(try SSOCredentials(settings, context))
        }
        let keys = ProfileCredentials(profile: name, files: context.profileFiles)
        if try profiles.keys(of: name, in: .credentials) != nil { return keys }
        if properties["login_session"] != nil {
            throw ConfigurationError(
                .credentials,
                "profile \"\(name)\" uses a login session (login_session), which dynaferry can't",
                hint: "Put keys into the environment: aws configure export-credentials "
                    + "--profile \(name) --format env")
        }
        if let command = properties["credential_process"] {
            return context.renewed(
                try CredentialProcess(profile: name, command: command, context))
        }
        return try profiles.keys(of: name, in: .config) == nil ? nil : keys
    }

    private func webIdentity(
        _ properties: ProfileFile.Properties, _ readsEnvironment: Bool
    ) throws(ConfigurationError) -> (any CredentialProvider)? {
        func setting(_ variable: String, _ property: String) -> String? {
            (readsEnvironment ? context.environment[variable] : nil) ?? properties[property]
        }
        guard
            let tokenFile = setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file"),
            !tokenFile.isEmpty
        else { return nil }
        guard let arn = setting("AWS_ROLE_ARN", "role_arn"), !arn.isEmpty else {
            throw ConfigurationError(
                .credentials, "a web identity token is given, but no role for it",
                hint: "Set AWS_ROLE_ARN, or role_arn in the profile.")
        }
        let role = AssumedRole(
            arn: arn, sessionName: setting("AWS_ROLE_SESSION_NAME", "role_session_name"))
        return context.renewed(
            try WebIdentityCredentials(role, tokenFile: tokenFile, context))
    }

    // MARK: roles

    /// - Parameter visited: the profiles on the way here, this one the last.
    private func role(
        of name: String, _ properties: ProfileFile.Properties, after visited: [String]
    ) throws(ConfigurationError) -> any CredentialProvider {
        func failure(_ reason: String, hint: String? = nil) -> ConfigurationError {
            ConfigurationError(.credentials, "profile \"\(name)\" \(reason)", hint: hint)
        }
        let source: any CredentialProvider
        switch (properties["source_profile"], properties["credential_source"]) {
        case (nil, nil):
            throw failure(
                "assumes a role (role_arn), but has neither source_profile nor credential_source")
        case (_?, _?):
            throw failure("has both source_profile and credential_source", hint: "Keep one.")
        case (nil, let place?): source = try self.source(place, of: name)
        case (let other?, nil): source = try self.source(profile: other, of: name, visited)
        }
        // An empty or odd duration is left to STS's own default, as botocore does.
        let role = AssumedRole(
            arn: properties["role_arn"] ?? "", externalID: properties["external_id"],
            sessionName: properties["role_session_name"],
            durationSeconds: properties["duration_seconds"].flatMap { Int($0) },
            mfaSerial: properties["mfa_serial"])
        do {
            return context.renewed(try AssumedRoleCredentials(role, from: source, context))
        } catch {
            throw ConfigurationError(
                error.kind, "profile \"\(name)\": \(error.message)", hint: error.hint)
        }
    }

    private func source(
        profile source: String, of name: String, _ visited: [String]
    ) throws(ConfigurationError) -> any CredentialProvider {
        guard let properties = profiles.properties(of: source) else {
            throw ConfigurationError(
                .profile,
                "profile \"\(name)\" has source_profile \"\(source)\", which is not there",
                hint: "Check its spelling, and AWS_CONFIG_FILE.")
        }
        let hasKeys =
            properties["aws_access_key_id"] != nil || properties["aws_secret_access_key"] != nil
        // A profile may be its own source when it has keys.
        if visited.contains(source), source != name || !hasKeys {
            throw ConfigurationError(
                .profile,
                "the source profiles go round: "
                    + (visited + [source]).map { "\"\($0)\"" }.joined(separator: ", "))
        }
        if !hasKeys, Self.assumesRole(properties) {
            return try role(of: source, properties, after: visited + [source])
        }
        guard let found = try own(of: source, readsEnvironment: false) else {
            throw ConfigurationError(
                .credentials,
                "profile \"\(source)\", the source_profile of \"\(name)\", has no credentials")
        }
        return found
    }

    private func source(
        _ place: String, of name: String
    ) throws(ConfigurationError) -> any CredentialProvider {
        func failure(_ reason: String) -> ConfigurationError {
            ConfigurationError(
                .credentials,
                "profile \"\(name)\" has credential_source \(place.printable)"
                    + reason)
        }
        switch place {
        case "Environment":
            guard let found = try EnvironmentCredentials.find(in: context.environment) else {
                throw failure(", but AWS_ACCESS_KEY_ID is not set")
            }
            return found
        case "EcsContainer":
            guard let found = try ContainerCredentials(context) else {
                throw failure(", but no container endpoint is set")
            }
            return context.renewed(found)
        case "Ec2InstanceMetadata": return context.renewed(try InstanceCredentials(context))
        default: throw failure(": it must be Environment, EcsContainer or Ec2InstanceMetadata")
        }
    }

    // MARK: nothing found

    private var lookedAt: [String] {
        let variables =
            isNamedByOption ? [] : ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"]
        let files = [context.profileFiles.credentialsPath, context.profileFiles.configPath]
        let places = files.compactMap { $0 }.joined(separator: " and ")
        return variables + ["profile \"\(profile)\" in \(places)", "container endpoint"]
    }

    /// What may be the reason, where the profile is there.
    private var flaw: String? {
        guard let properties = profiles.properties(of: profile) else { return nil }
        if properties["aws_secret_access_key"] != nil {
            return "profile \"\(profile)\" has a secret key but no aws_access_key_id"
        }
        if properties["sso_session"] != nil || properties["sso_start_url"] != nil {
            return "profile \"\(profile)\" has sso_session or sso_start_url, but no "
                + "sso_account_id and sso_role_name"
        }
        return isNamedByOption ? "profile \"\(profile)\" has no credentials" : nil
    }
}

/// The last source of the chain: when it has nothing, there are no credentials at all.
private struct NoCredentials: CredentialProvider {
    let instance: InstanceCredentials
    let lookedAt: [String]
    let flaw: String?

    init(_ instance: InstanceCredentials, lookedAt: [String], flaw: String?) {
        self.instance = instance
        self.lookedAt = lookedAt
        self.flaw = flaw
    }

    var origin: String { instance.origin }

    func credentials() async throws(ConfigurationError) -> Credentials {
        do {
            return try await instance.credentials()
        } catch {
            throw ConfigurationError(
                .credentials, flaw ?? "no credentials",
                hint: "Looked at: \(lookedAt.joined(separator: ", ")).")
        }
    }
}
