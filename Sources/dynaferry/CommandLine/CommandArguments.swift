/// The arguments of one command: a plain struct that declares the command line that fills it.
///
/// The parser, `--help` and the tests over all options are derived from these declarations.
package protocol CommandArguments: Sendable {
    /// Every option at its default; operands are placeholders until parsed.
    init()

    /// Reads the words after the command's name, and a file that they name options in.
    init(parsing words: [String], reading: ConfigReader) throws(UsageError)

    static var name: String { get }
    /// One sentence for the list of commands.
    static var summary: String { get }
    /// What the command does, in paragraphs.
    static var about: [String] { get }
    static var operands: [Operand<Self>] { get }
    static var options: [Option<Self>] { get }
    static var examples: [Note] { get }
    static var exitCodes: [(code: ExitCode, meaning: String)] { get }
    static var environment: [Note] { get }

    /// Checks what no single option can: how they go together.
    func validate() throws(UsageError)
}

/// Something to look up in help and what it means.
package struct Note: Equatable, Sendable {
    package let subject: String
    package let text: String

    package init(_ subject: String, _ text: String) {
        self.subject = subject
        self.text = text
    }
}

/// A command's declarations without its argument type, for help and for lists.
package struct CommandDescription: Sendable {
    package let name: String
    package let summary: String
    package let about: [String]
    package let operands: [OperandDescription]
    package let options: [OptionDescription]
    package let examples: [Note]
    package let exitCodes: [Note]
    package let environment: [Note]

    package init<Arguments: CommandArguments>(_: Arguments.Type) {
        name = Arguments.name
        summary = Arguments.summary
        about = Arguments.about
        operands = Arguments.operands.map(\.description)
        options = Arguments.options.map(\.description)
        examples = Arguments.examples
        exitCodes = Arguments.exitCodes.map { Note("\($0.code.rawValue)", $0.meaning) }
        environment = Arguments.environment
    }

    /// Every command there is.
    package static let all = [
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
        CommandDescription(WhoAmIArguments.self),
        CommandDescription(ServeArguments.self),
        CommandDescription(DemoArguments.self),
        CommandDescription(CompletionArguments.self),
        CommandDescription(ManArguments.self),
    ]
}
