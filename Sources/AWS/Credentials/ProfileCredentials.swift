/// Access keys of a profile, read anew each time: another program may have renewed them.
package struct ProfileCredentials: CredentialProvider {
    package let profile: String
    private let files: ProfileFiles

    init(profile: String, files: ProfileFiles) {
        self.profile = profile
        self.files = files
    }

    package var origin: String { "profile \"\(profile)\"" }

    package func credentials() async throws(ConfigurationError) -> Credentials {
        let profiles = try files.read()
        if let found = try profiles.keys(of: profile, in: .credentials) { return found }
        if let found = try profiles.keys(of: profile, in: .config) { return found }
        throw ConfigurationError(
            .credentials, "profile \"\(profile)\" has no access keys any more")
    }
}
