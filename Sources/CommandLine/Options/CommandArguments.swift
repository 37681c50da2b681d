/// The arguments of one command: a plain struct that declares the command line that fills it.
///
/// The parser, `--help` and the tests over all options are derived from these declarations.
package protocol CommandArguments: Sendable {
    /// Every option at its default; operands are placeholders until parsed.
    init()

    /// The program that the command is one of.
    static var program: ProgramDescription { get }
    static var name: String { get }
    /// One sentence for the list of commands.
    static var summary: String { get }
    /// What the command does, in paragraphs.
    static var about: [String] { get }
    static var operands: [Operand<Self>] { get }
    /// Looked up several times while a command line is read: kept where they are many.
    static var options: [Option<Self>] { get }
    /// Names of the options that `-h` shows, the most used first; none: all, as far as a screen
    /// has room.
    static var usual: [String] { get }
    static var examples: [Note] { get }
    static var exitCodes: [Note] { get }
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
///
/// Made when they are asked for: a program that starts looks at the names of all its commands, and
/// at no more.
package struct CommandDescription: Sendable {
    private let arguments: any CommandArguments.Type

    package init(_ arguments: any CommandArguments.Type) { self.arguments = arguments }

    package var name: String { arguments.name }
    package var summary: String { arguments.summary }
    package var about: [String] { arguments.about }
    package var operands: [OperandDescription] { arguments.operandDescriptions }
    package var options: [OptionDescription] { arguments.optionDescriptions }
    package var usual: [String] { arguments.usual }
    package var examples: [Note] { arguments.examples }
    package var exitCodes: [Note] { arguments.exitCodes }
    package var environment: [Note] { arguments.environment }
}

extension CommandArguments {
    package static var usual: [String] { [] }

    fileprivate static var operandDescriptions: [OperandDescription] {
        operands.map(\.description)
    }

    fileprivate static var optionDescriptions: [OptionDescription] { options.map(\.description) }
}

/// A program: its name, and all its commands in the order in which help lists them.
package struct ProgramDescription: Sendable {
    package let name: String
    package let version: String
    /// Of the version, `2026-12-01`.
    package let date: String
    /// What it does, as the first line of its manual says: in lower case, no full stop.
    package let title: String
    /// One sentence: what it is for.
    package let purpose: String
    package let commands: [CommandDescription]
    /// What its manual says of files.
    package let files: [Note]
    /// One sentence: what else its manual names.
    package let furtherReading: String

    package init(
        name: String, version: String, date: String, title: String, purpose: String,
        commands: [CommandDescription], files: [Note], furtherReading: String
    ) {
        self.name = name
        self.version = version
        self.date = date
        self.title = title
        self.purpose = purpose
        self.commands = commands
        self.files = files
        self.furtherReading = furtherReading
    }

    /// Commands whose names begin with this one's, as `jobs status` does with `jobs`.
    package func verbs(of command: CommandDescription) -> [CommandDescription] {
        commands.filter { $0.name.hasPrefix(command.name + " ") }
    }

    /// `dynaferry copy [OPTIONS] SOURCE TARGET`
    func usage(_ command: CommandDescription) -> String {
        ([name, command.name, "[OPTIONS]"] + command.operands.map(\.name)).joined(separator: " ")
    }
}
