import CommandLine
import Connectors
import Transfer

extension ProgramDescription {
    /// dynaferry itself.
    package static let dynaferry = ProgramDescription(
        name: "dynaferry", version: Version.text, date: Version.date,
        title: "move DynamoDB tables between accounts and regions",
        purpose: "dynaferry moves DynamoDB tables between accounts and regions, exactly and fast.",
        commands: [
            CommandDescription(CopyArguments.self),
            CommandDescription(PlanArguments.self),
            CommandDescription(VerifyArguments.self),
            CommandDescription(JobsArguments.self),
            CommandDescription(JobStatusArguments.self),
            CommandDescription(JobReportArguments.self),
            CommandDescription(JobVerbArguments<PauseVerb>.self),
            CommandDescription(JobVerbArguments<ResumeVerb>.self),
            CommandDescription(JobVerbArguments<StopVerb>.self),
            CommandDescription(JobThrottleArguments.self),
            CommandDescription(JobVerbArguments<RetryVerb>.self),
            CommandDescription(JobVerbArguments<RemoveVerb>.self),
            CommandDescription(JobsPruneArguments.self),
            CommandDescription(WhoAmIArguments.self),
            CommandDescription(ServeArguments.self),
            CommandDescription(DemoArguments.self),
            CommandDescription(CompletionArguments.self),
            CommandDescription(ManArguments.self),
            CommandDescription(VersionArguments.self),
        ],
        files: [
            Note(
                "$XDG_STATE_HOME/dynaferry, ~/.local/state/dynaferry",
                "The state of jobs, readable by its owner alone, without secrets."
                    + " See --state-dir."),
            Note(
                "~/.aws/config, ~/.aws/credentials",
                "Profiles, from which credentials and regions come. See --profile."),
            Note(
                DeadLetterFile.defaultPath(table: "TARGET"),
                "Items that the target refused for good. See --dead-letters."),
        ],
        furtherReading:
            "Amazon DynamoDB Developer Guide; AWS SDKs and Tools Reference Guide.")
}

extension CommandArguments {
    package static var program: ProgramDescription { .dynaferry }
}

extension Note {
    /// What an exit code means.
    package init(_ code: ExitCode, _ meaning: String) { self.init("\(code.rawValue)", meaning) }
}
