import CommandLine

/// What `dynaferry completion` was asked to print.
package struct CompletionArguments: CommandArguments, Equatable {
    package enum Shell: String, CaseIterable, Sendable {
        case bash
        case zsh

        /// The program in the shell's language that completes command lines.
        package var script: String {
            switch self {
            case .bash: BashCompletion(.dynaferry).script
            case .zsh: ZshCompletion(.dynaferry).script
            }
        }
    }

    package var shell = Shell.bash

    package init() {}

    package static let name = "completion"
    package static let summary = "Print the script by which a shell completes dynaferry's words."

    package static let about = [
        """
        Completes commands, verbs, options and the values that are known beforehand, and proposes \
        files where one is wanted. Made of the same declarations as help.
        """,
        """
        bash (4 or newer) looks in ~/.local/share/bash-completion/completions/dynaferry, zsh for \
        _dynaferry in the folders of $fpath.
        """,
    ]

    package static var operands: [Operand<Self>] {
        [Operand("SHELL", .choice, \.shell, "The shell: bash or zsh.")]
    }

    package static let options: [Option<Self>] = []

    package static let examples = [
        Note("dynaferry completion bash", "For the file that bash looks in:"),
        Note("dynaferry completion zsh", "For a file _dynaferry in a folder of $fpath:"),
    ]

    package static let exitCodes: [Note] = [
        Note(.success, "Printed."), Note(.usage, "Wrong usage."),
    ]

    package static let environment: [Note] = []

    package func validate() throws(UsageError) {}
}
