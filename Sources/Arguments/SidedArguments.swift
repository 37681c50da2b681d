import CommandLine

/// The arguments of a command that works on a source and a target: each side has the same options.
package protocol SidedArguments: CommandArguments {
    var sides: SidesArguments { get set }
}

extension SidedArguments {
    /// How to reach each side, and as whom.
    package static var sideOptions: [Option<Self>] { placeOptions + roleOptions + hostOptions }

    private static var placeOptions: [Option<Self>] {
        [
            .sided(
                "region", .region, \.region, default: "AWS_REGION, then the profile's",
                "Region of both tables, or of one."),
            .sided(
                "profile", .profile, \.profile,
                default: "the credentials in the environment, then AWS_PROFILE, then 'default'",
                "Profile of the AWS configuration files that gives credentials and region."),
            .sided(
                "endpoint", .endpoint, \.endpoint, default: "the region's own",
                "Another server than AWS's to send requests to."),
            .sided(
                "ca-bundle", .file, \.caBundle, default: "AWS_CA_BUNDLE, then the system's",
                "PEM file of the certificates to trust. TLS is always verified."),
            Option(
                "--env-file", .file, \.sides.envFile, in: .sides, default: "none",
                """
                File of lines NAME=VALUE with keys and region of each side: \
                SRC_AWS_ACCESS_KEY_ID, SRC_AWS_SECRET_ACCESS_KEY, SRC_AWS_SESSION_TOKEN, \
                SRC_AWS_REGION and the same with DEST_ (SOURCE_ and TARGET_ will do too).
                """),
        ]
    }

    private static var roleOptions: [Option<Self>] {
        [
            .sided(
                "role-arn", .roleARN, \.roleARN, default: "none",
                "Role to assume with the credentials that are found."),
            .sided(
                "external-id", .text("TEXT", expected: "the text that the role wants"),
                \.externalID, default: "none", "External id that the role's trust policy wants."),
            .sided(
                "session-name", .sessionName, \.sessionName, default: "dynaferry-TIME",
                "Name of the role's session in the logs of its account."),
            .sided(
                "session-duration", .sessionDuration, \.sessionDuration, default: "1h",
                "How long a session of the role lasts, from 15m to 12h. It is renewed in time."),
        ]
    }

    private static var hostOptions: [Option<Self>] {
        [
            .sided(
                flag: "fips", \.fips, default: "off, or AWS_USE_FIPS_ENDPOINT",
                "Use the hosts whose cryptography is validated by FIPS 140."),
            .sided(
                flag: "dual-stack", \.dualStack, default: "off, or AWS_USE_DUALSTACK_ENDPOINT",
                "Use the hosts that are reached by IPv6 too."),
        ]
    }
}

/// The environment variables that the sides' settings come from, for help.
package enum SideEnvironment {
    package static let notes = [
        Note(
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",
            "Credentials for a side without a profile."),
        Note("AWS_PROFILE", "Profile for a side without one."),
        Note("AWS_REGION, AWS_DEFAULT_REGION", "Region for a side without one."),
        Note(
            "AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL", "Endpoint for a side without one."),
        Note(
            "AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE",
            "Profile files, instead of those in ~/.aws."),
        Note(
            "AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME",
            "A web identity, as in EKS."),
        Note(
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "A container's credentials, as in ECS and EKS."),
        Note("AWS_EC2_METADATA_DISABLED", "When true, no instance's metadata is asked for."),
        Note(
            "AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_SSO, AWS_ENDPOINT_URL_SSO_OIDC",
            "Endpoints of the services that credentials come from."),
        Note("AWS_CA_BUNDLE", "Certificates for a side without --ca-bundle."),
        Note(
            "SSL_CERT_FILE, SSL_CERT_DIR",
            "Certificates, a file or hashed folders, where neither is given."),
        Note("HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "Proxies."),
    ]
}

extension Option where Arguments: SidedArguments {
    /// The same option for both sides and for each: `--NOUN`, `--source-NOUN`, `--target-NOUN`.
    package static func sided<Value>(
        _ noun: String, _ kind: ValueKind<Value>,
        _ path: WritableKeyPath<SideArguments, Value?> & Sendable,
        default standard: String, _ help: String
    ) -> Self {
        Option(names(noun), kind, in: .sides, default: standard, help) { arguments, name, value in
            set(&arguments, name, noun, path, value)
        }
    }

    /// The same flag for both sides and for each.
    package static func sided(
        flag noun: String, _ path: WritableKeyPath<SideArguments, Bool?> & Sendable,
        default standard: String, _ help: String
    ) -> Self {
        Option(flags: names(noun), in: .sides, default: standard, help) { arguments, name in
            set(&arguments, name, noun, path, true)
        }
    }

    private static func names(_ noun: String) -> [String] {
        ["--\(noun)", "--source-\(noun)", "--target-\(noun)"]
    }

    private static func set<Value>(
        _ arguments: inout Arguments, _ name: String, _ noun: String,
        _ path: WritableKeyPath<SideArguments, Value?>, _ value: Value
    ) {
        switch name {
        case "--source-\(noun)": arguments.sides.source[keyPath: path] = value
        case "--target-\(noun)": arguments.sides.target[keyPath: path] = value
        default: arguments.sides.both[keyPath: path] = value
        }
    }
}
