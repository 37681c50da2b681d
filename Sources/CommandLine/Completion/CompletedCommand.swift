/// A program's commands as shells complete them.
struct CompletedProgram {
    let version: String
    let commands: [CompletedCommand]

    init(_ program: ProgramDescription) {
        version = program.version
        commands = program.commands.map { CompletedCommand($0, of: program) }
    }

    /// Those of one word.
    var topLevel: [CompletedCommand] { commands.filter { !$0.name.contains(" ") } }
}

/// What a shell may propose after a command's name.
struct CompletedCommand {
    let name: String
    let summary: String
    /// The last words of the commands that begin with this one's name, as `status` of `jobs`.
    let verbs: [CompletedCommand]
    let options: [OptionDescription]
    let operands: [OperandDescription]

    init(_ command: CommandDescription, of program: ProgramDescription) {
        name = command.name
        summary = command.summary
        verbs = program.verbs(of: command).map { CompletedCommand($0, of: program) }
        options = command.options.filter { !$0.isHidden }
        operands = command.operands
    }

    /// Its last word.
    var verb: String { name.split(separator: " ").last.map(String.init) ?? name }

    /// Options that every command has, and what they are for.
    static let common = [
        Note("--help", "Explain the command."), Note("--version", "Print the version."),
    ]
}

extension OptionDescription {
    /// The words by which it may be given; one whose value may be left out with each value too.
    var proposedWords: [String] {
        guard case .valueAfterEquals(let value) = syntax, case .choices(let all) = value.proposal
        else { return names }
        return names.flatMap { name in [name] + all.map { "\(name)=\($0)" } }
    }
}
