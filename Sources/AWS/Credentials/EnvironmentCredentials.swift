import System

/// Credentials of the environment's variables.
enum EnvironmentCredentials {
    /// Nil when there are none; throws when there is a part of them.
    static func find(
        in environment: [String: String]
    ) throws(ConfigurationError) -> FixedCredentials? {
        switch (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]) {
        case (let accessKeyID?, let secret?):
            let credentials = Credentials(
                accessKeyID: accessKeyID, secretAccessKey: secret,
                sessionToken: environment["AWS_SESSION_TOKEN"] ?? environment["AWS_SECURITY_TOKEN"],
                // `aws configure export-credentials --format env` sets it.
                expiration: environment["AWS_CREDENTIAL_EXPIRATION"]
                    .flatMap(UTCTime.init(iso8601:)), accountID: environment["AWS_ACCOUNT_ID"])
            return try FixedCredentials(checked: credentials, origin: "environment")
        case (_?, nil), (nil, _?):
            throw ConfigurationError(
                .credentials,
                "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set",
                hint: "Set both, or neither.")
        case (nil, nil): return nil
        }
    }
}

extension FixedCredentials {
    /// Throws when they can't be sent.
    init(checked credentials: Credentials, origin: String) throws(ConfigurationError) {
        if let defect = credentials.defect {
            throw ConfigurationError(.credentials, "credentials from \(origin): \(defect)")
        }
        self.init(credentials, origin: origin)
    }
}
