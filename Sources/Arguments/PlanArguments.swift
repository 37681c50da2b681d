import CommandLine

/// What `dynaferry plan` was asked to foresee: a copy, by the same arguments.
package struct PlanArguments: ConfigurableArguments, Equatable {
    package var copy = CopyArguments()
    package var json = false
    package var iam = false
    /// Items that are shown before and after.
    package var show: Int?
    package var showsRaw = false
    /// Say of all items, not of some, what the rules do.
    package var isFull = false

    package init() {}

    package static let name = "plan"
    package static let summary = "Say what copy would do, take and cost; change nothing."

    package static let about = [
        """
        Takes the arguments of dynaferry copy, makes reading calls only, and says for each table \
        what would happen: its name on both sides, items and bytes, the units that reading and \
        writing it would consume, how long that takes at least and what holds it back, what it \
        costs, and what to look out for.
        """,
        """
        Items and bytes are what the tables report, up to six hours old; what an item takes is \
        estimated from one page of each of a few segments. Times are those of limits and \
        capacity, and of on-demand tables as they grow. Writing permissions are not tried: --iam \
        prints the policies that copy needs.
        """,
    ]

    package static var operands: [Operand<Self>] {
        CopyArguments.operands.map { $0.lifted(to: \.copy) }
    }

    package static let options: [Option<Self>] =
        CopyArguments.options.map { $0.lifted(to: \.copy) } + [
            Option(flag: "--json", \.json, in: .output, "The plan as JSON, for programs."),
            Option(
                flag: "--iam", \.iam, in: .output,
                "Print the least policies that the credentials of both sides need."),
            Option(
                "--show", .integer(1...1_000), \.show, in: .output, default: "none",
                """
                Show N items of each table before and after --set, --remove or --rules. What these \
                hide is not shown as it is.
                """),
            Option(
                flag: "--show-raw", \.showsRaw, in: .output,
                "With --show: also items before what is hidden of them."),
            Option(
                flag: "--full", \.isFull, in: .output,
                """
                With --rules or --show: look at all items, not at some hundred, at the units that \
                reading them takes.
                """),
        ]

    package static let examples = [
        Note(
            "dynaferry plan Orders OrdersCopy --region eu-central-1 --write-units 500",
            "Before a copy:"),
        Note("dynaferry plan 'acme-staging-*' 'acme-*-dev' --json", "For a program:"),
        Note("dynaferry plan --config migration.json", "Of what a file says:"),
    ]

    package static let usual = [
        "--region", "--profile", "--exclude", "--write-units", "--read-units", "--show", "--iam",
        "--prices", "--json",
    ]

    package static let exitCodes: [Note] = [
        Note(.success, "Copy would go ahead."),
        Note(.failure, "Copy would be refused, or the tables could not be looked at."),
        Note(.usage, "Wrong usage."),
    ]

    package static let environment = CopyArguments.environment

    package func validate() throws(UsageError) {
        try copy.validate()
        if showsRaw, show == nil {
            throw UsageError("--show-raw requires --show", hints: ["say how many: --show 5"])
        }
        let hasRules = ([copy] + copy.entries.map(\.arguments))
            .contains { $0.transform.rulesFile != nil }
        if isFull, show == nil, !hasRules {
            throw UsageError(
                "--full requires --rules or --show",
                hints: ["a plan without them is made of a few pages"])
        }
        if copy.listsKeys, show != nil || isFull {
            throw UsageError(
                "--show and --full look at items of the whole table, not at those of --keys",
                hints: ["leave --keys out"])
        }
        if copy.filesSide == .source, show != nil || isFull {
            throw UsageError(
                "--show and --full read a table, but the source is files",
                hints: ["look at a line of them: zcat FILE | head -n 1"])
        }
    }
}
