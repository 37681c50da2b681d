import AWS
import Arguments
import CommandLine

/// Makes settings of what was said about each side, on the command line and in a file of variables.
struct SideResolver {
    /// The sides, by the beginnings of their variables' names in an ``EnvFile``.
    enum Side: String {
        case source
        case target

        var prefixes: [String] {
            switch self {
            case .source: ["SRC_", "SOURCE_"]
            case .target: ["DEST_", "TARGET_"]
            }
        }
    }

    private let environment: [String: String]
    private let variables: EnvFile?
    private let tools: CredentialTools

    init(envFile: String?, environment: [String: String]) throws(ConfigurationError) {
        self.environment = environment
        var file: EnvFile?
        if let envFile { file = try EnvFile(path: envFile, SystemFiles()) }
        variables = file
        var tools = CredentialTools()
        tools.askForCode = { CodePrompt.ask($0) }
        self.tools = tools
    }

    typealias Pair = (
        source: Result<SideSettings, ConfigurationError>,
        target: Result<SideSettings, ConfigurationError>
    )

    /// Both sides' settings, or why there are none. Two sides of one identity share its
    /// credentials: they are fetched once, and a code is asked for once.
    func settings(source: SideArguments, target: SideArguments) -> Pair {
        let (first, second) = (options(source, .source), options(target, .target))
        let settings = first.flatMap(resolve)
        var others = second.flatMap(resolve)
        if case (.success(let one), .success(let two)) = (first, second),
            one.isSameIdentity(as: two),
            case (.success(let settings), .success(var same)) = (settings, others)
        {
            same.provider = settings.provider
            others = .success(same)
        }
        return (settings, others)
    }

    private func resolve(_ options: SideOptions) -> Result<SideSettings, ConfigurationError> {
        Result { () throws(ConfigurationError) in
            try SideSettings.resolve(options, environment: environment, tools: tools)
        }
    }

    private func options(
        _ side: SideArguments, _ name: Side
    ) -> Result<SideOptions, ConfigurationError> {
        Result { () throws(ConfigurationError) in
            var options = SideOptions(
                region: side.region, profile: side.profile, endpoint: side.endpoint,
                caBundle: side.caBundle)
            options.role = side.role
            options.variant.fips = side.fips ?? false
            options.variant.dualStack = side.dualStack ?? false
            guard let variables else { return options }
            let found = try variables.values(for: name)
            options.region = options.region ?? found.region
            if let credentials = found.credentials {
                if let profile = side.profile {
                    throw ConfigurationError(
                        .credentials,
                        "profile \"\(profile)\" and \(variables.path) both give credentials "
                            + "for the \(name.rawValue)",
                        hint: "Leave one out; --source-profile and --target-profile are for one "
                            + "side.")
                }
                options.credentials = credentials
                options.credentialsOrigin = variables.path
            } else if side.profile == nil {
                throw ConfigurationError(
                    .credentials, "\(variables.path) has no access keys for the \(name.rawValue)",
                    hint: "It is to have \(name.prefixes[1])AWS_ACCESS_KEY_ID and "
                        + "\(name.prefixes[1])AWS_SECRET_ACCESS_KEY, or name the side's profile "
                        + "with --\(name.rawValue)-profile.")
            }
            return options
        }
    }
}

extension SideOptions {
    /// Whether both sides are the same person or role to AWS. Sessions had from one region are good
    /// in all (IAM user guide, "Manage AWS STS in an AWS Region").
    fileprivate func isSameIdentity(as other: SideOptions) -> Bool {
        profile == other.profile && credentials == other.credentials && role == other.role
            && caBundle == other.caBundle
    }
}
