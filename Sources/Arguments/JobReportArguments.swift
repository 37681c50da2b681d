import CommandLine

/// What `dynaferry jobs report` was asked to write.
package struct JobReportArguments: CommandArguments, Equatable {
    package enum Format: String, CaseIterable, Sendable {
        case text
        case json
        case md
    }

    package var id = ""
    package var stateFolder: String?
    package var format = Format.text

    package init() {}

    package static let name = "jobs report"
    package static let summary = "Report what a job has done, table by table."
    package static let about = [
        """
        Items, sizes, units, requests, throttles and dead letters of each table, over all runs of \
        the job, and what to do next. Figures of a run that crashed are those of its last save.
        """
    ]

    package static var operands: [Operand<Self>] { [Operand("ID", .jobID, \.id, "The job.")] }

    package static var options: [Option<Self>] {
        [
            Option(
                "--format", .choice, \.format, in: .output,
                "For people, for programs, or for a page in Markdown."),
            .stateFolder(\.stateFolder),
        ]
    }

    package static let examples = [
        Note("dynaferry jobs report transactions-7f3a", "For people:"),
        Note("dynaferry jobs report transactions-7f3a --format md", "For the change's ticket:"),
    ]

    package static let exitCodes: [Note] = JobExitCodes.all
    package static let environment = JobEnvironment.notes

    package func validate() throws(UsageError) {}
}
