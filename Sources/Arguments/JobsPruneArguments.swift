import CommandLine

/// What `dynaferry jobs prune` was asked to remove.
package struct JobsPruneArguments: CommandArguments, Equatable {
    /// Since a job was last updated.
    package var olderThan: Duration = .seconds(30 * 86_400)
    /// Also jobs that could be resumed.
    package var all = false
    package var dryRun = false
    package var stateFolder: String?

    package init() {}

    package static let name = "jobs prune"
    package static let summary = "Remove the state of jobs that ended long ago."
    package static let about = [
        """
        Deletes the state of finished jobs that were last updated before a time, and says which. \
        The tables are not touched. A job that runs is never removed.
        """
    ]

    package static var operands: [Operand<Self>] { [] }

    package static var options: [Option<Self>] {
        [
            Option(
                "--older-than", .duration, \.olderThan, in: .work,
                "Only jobs that were last updated longer ago than this."),
            Option(
                flag: "--all", \.all, in: .work,
                """
                Also jobs that stopped, failed or crashed, which can't be resumed afterwards, and \
                those with dead letters, which can't be retried.
                """),
            Option(
                flag: "--dry-run", \.dryRun, in: .work,
                "Say which jobs would be removed, and remove none."),
            .stateFolder(\.stateFolder),
        ]
    }

    package static let examples = [
        Note("dynaferry jobs prune --older-than 30d --dry-run", "What would be removed:"),
        Note("dynaferry jobs prune --older-than 30d", "Remove it:"),
    ]

    package static let exitCodes: [Note] = JobExitCodes.all
    package static let environment = JobEnvironment.notes

    package func validate() throws(UsageError) {}
}
