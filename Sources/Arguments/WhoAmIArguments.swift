import CommandLine

/// What `dynaferry whoami` was asked to show.
package struct WhoAmIArguments: SidedArguments, Equatable {
    package var sides = SidesArguments()
    package var json = false

    package init() {}

    package static let name = "whoami"
    package static let summary = "Say who each side is to AWS, and until when."

    package static let about = [
        """
        Finds each side's credentials as dynaferry copy would with the same options, and asks AWS \
        (STS GetCallerIdentity, which needs no permission) whose they are. Nothing is changed, and \
        no secret is shown.
        """,
        """
        Credentials are looked for in this order: a profile that was named by option, or else the \
        environment; the profile's role, web identity, SSO, keys or process; a container's \
        endpoint; the metadata of an EC2 instance. A role that was named by option is then assumed \
        with what was found.
        """,
    ]

    package static var operands: [Operand<Self>] { [] }

    package static var options: [Option<Self>] {
        sideOptions + [
            Option(flag: "--json", \.json, in: .output, "One JSON object, for programs.")
        ]
    }

    package static let examples = [
        Note("dynaferry whoami", "Both sides, by the environment:"),
        Note(
            "dynaferry whoami --source-profile prod --target-profile dev --region eu-central-1",
            "Before a copy between accounts:"),
    ]

    package static let exitCodes: [Note] = [
        Note(.success, "Both sides are known to AWS."),
        Note(.failure, "One is not; the last lines say why, and what was looked at."),
        Note(.usage, "Wrong usage; nothing was asked."),
    ]

    package static let environment = SideEnvironment.notes

    package func validate() throws(UsageError) { try sides.validateRoles() }
}
