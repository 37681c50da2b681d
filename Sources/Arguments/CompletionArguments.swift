import CommandLine

/// What `dynaferry completion` was asked to print.
package struct CompletionArguments: CommandArguments, Equatable {
    package enum Shell: String, CaseIterable, Sendable {
        case bash
        case zsh
        case fish

        /// The program in the shell's language that completes command lines.
        package var script: String {
            switch self {
            case .bash: BashCompletion(.dynaferry).script
            case .zsh: ZshCompletion(.dynaferry).script
            case .fish: FishCompletion(.dynaferry).script
            }
        }
    }

    package var shell = Shell.bash

    package init() {}

    package static let name = "completion"
    package static let summary = "Print the script by which a shell completes dynaferry's words."

    package static let about = [
        """
        Completes commands, verbs, options, regions, profiles of the AWS configuration files and \
        ids of jobs, and proposes files where one is wanted. Made of the same declarations as help.
        """,
        """
        bash (4 or newer) looks in ~/.local/share/bash-completion/completions/dynaferry, zsh for \
        _dynaferry in the folders of $fpath, fish (3 or newer) in \
        ~/.config/fish/completions/dynaferry.fish.
        """,
    ]

    package static var operands: [Operand<Self>] {
        [Operand("SHELL", .choice, \.shell, "The shell: bash, zsh or fish.")]
    }

    package static let options: [Option<Self>] = []

    package static let examples = [
        Note("dynaferry completion bash", "For the file that bash looks in:"),
        Note("dynaferry completion zsh", "For a file _dynaferry in a folder of $fpath:"),
        Note("dynaferry completion fish", "For a file dynaferry.fish of fish's completions:"),
    ]

    package static let exitCodes: [Note] = [
        Note(.success, "Printed."), Note(.usage, "Wrong usage."),
    ]

    package static let environment: [Note] = []

    package func validate() throws(UsageError) {}
}
