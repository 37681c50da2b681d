import System

/// What a profile says of single sign-on, put together from it and its `sso-session` section.
struct SSOSettings: Equatable, Sendable {
    let profile: String
    /// Nil where the profile itself has the start URL, as was written before there were sessions.
    let session: String?
    let startURL: String
    let region: String
    let accountID: String
    let roleName: String

    /// Nil when the profile asks for no role by SSO. Throws when a part is missing, or when the
    /// profile and its session contradict each other.
    init?(
        profile: String, _ properties: ProfileFile.Properties, in config: ProfileFile
    ) throws(ConfigurationError) {
        guard properties["sso_role_name"] != nil || properties["sso_account_id"] != nil else {
            return nil
        }
        func failure(_ reason: String) -> ConfigurationError {
            ConfigurationError(.credentials, "profile \"\(profile)\" signs in by SSO: \(reason)")
        }
        var merged = properties
        if let name = properties["sso_session"] {
            guard let session = config.sections["sso-session \(name)"] else {
                throw failure("there is no sso-session \"\(name)\"")
            }
            for (key, value) in session {
                if let own = merged[key], own != value {
                    throw failure("its \(key) is not that of its sso-session \"\(name)\"")
                }
                merged[key] = value
            }
        }
        func part(_ key: String) throws(ConfigurationError) -> String {
            guard let value = merged[key], !value.isEmpty else {
                throw failure("\(key) is missing")
            }
            return value
        }
        self.profile = profile
        session = properties["sso_session"]
        startURL = try part("sso_start_url")
        region = try part("sso_region")
        accountID = try part("sso_account_id")
        roleName = try part("sso_role_name")
    }

    /// The name of the token's file (``SSOToken``).
    var tokenFileName: String {
        Hex.text(SHA1.hash(Array((session ?? startURL).utf8))) + ".json"
    }
}
