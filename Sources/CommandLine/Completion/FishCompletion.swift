/// Completion for fish, version 3 or newer, from the declarations of the commands. (complete(1).)
package struct FishCompletion {
    private let program: CompletedProgram
    private var commands: [CompletedCommand] { program.commands }

    package init(_ program: ProgramDescription) { self.program = CompletedProgram(program) }

    package var script: String {
        """
        # Completes dynaferry \(program.version) in fish; made by: dynaferry completion fish
        \(Self.functions)

        complete -c dynaferry -f
        \((firstWords + commands.flatMap(lines) + help).joined(separator: "\n"))
        """
    }

    private static let functions = """
        # Whether the words before the cursor, after the program's, are exactly these.
        function __dynaferry_exactly
            set -l words (commandline -opc)
            set -e words[1]
            test "$words" = "$argv"
        end

        # Whether they begin with these, and options may still follow.
        function __dynaferry_in
            set -l words (commandline -opc)
            set -e words[1]
            contains -- -- $words; and return 1
            set -l length (count $argv)
            test (count $words) -ge $length; or return 1
            test "$words[1..$length]" = "$argv"
        end

        # The same, where nothing but options has followed.
        function __dynaferry_alone
            __dynaferry_in $argv; or return 1
            set -l words (commandline -opc)
            set -e words[1..(math 1 + (count $argv))]
            for word in $words
                string match -q -- '-*' $word; or return 1
            end
        end

        # Ids of jobs, by their files in the state folder.
        function __dynaferry_job_ids
            set -l folder ~/.local/state
            string match -q '/*' -- "$XDG_STATE_HOME"; and set folder $XDG_STATE_HOME
            set folder $folder/dynaferry
            set -l words (commandline -opc)
            for index in (seq (count $words))
                switch $words[$index]
                    case --state-dir
                        set folder $words[(math $index + 1)]
                    case '--state-dir=*'
                        set folder (string replace -- --state-dir= '' $words[$index])
                end
            end
            set folder (string replace -r '^~/' "$HOME/" -- $folder)
            for file in $folder/*.db
                string replace -r '.*/(.*)\\.db$' '$1' -- $file
            end
        end

        # Profiles of the AWS configuration files.
        function __dynaferry_profiles
            set -l config $AWS_CONFIG_FILE ~/.aws/config
            set -l credentials $AWS_SHARED_CREDENTIALS_FILE ~/.aws/credentials
            set config (string replace -r '^~/' "$HOME/" -- $config[1])
            set credentials (string replace -r '^~/' "$HOME/" -- $credentials[1])
            begin
                sed -n '\(ProfileNames.inConfig)' $config
                echo
                sed -n '\(ProfileNames.inCredentials)' $credentials
            end 2>/dev/null | grep . | sort -u
        end
        """

    // MARK: Commands

    private var firstWords: [String] {
        program.topLevel.map { proposal("__dynaferry_exactly", $0.verb, $0.summary) }
            + [proposal("__dynaferry_exactly", "help", "Explain one command.")]
            + CompletedCommand.common.map {
                complete("__dynaferry_exactly", "-l \($0.subject.dropFirst(2))", $0.text)
            }
    }

    private func lines(_ command: CompletedCommand) -> [String] {
        let place =
            (command.verbs.isEmpty ? "__dynaferry_in " : "__dynaferry_alone ") + command.name
        return command.verbs.map {
            proposal("__dynaferry_exactly \(command.name)", $0.verb, $0.summary)
        }
            + command.options.flatMap { option in
                option.names.map { name in
                    complete(place, "-l \(name.dropFirst(2)) \(form(option))", option.help)
                }
            }
            + CompletedCommand.common.map {
                complete(place, "-l \($0.subject.dropFirst(2))", $0.text)
            }
            + command.operands.compactMap { operand in
                words(operand.value).map { complete(place, "-a \(quoted($0))", operand.help) }
            }
    }

    /// What follows `help`.
    private var help: [String] {
        program.topLevel.map { proposal("__dynaferry_exactly help", $0.verb, $0.summary) }
            + program.topLevel.flatMap { command in
                command.verbs.map {
                    proposal("__dynaferry_exactly help \(command.name)", $0.verb, $0.summary)
                }
            }
    }

    // MARK: Words for complete

    private func proposal(_ condition: String, _ word: String, _ text: String) -> String {
        complete(condition, "-a \(word)", text)
    }

    private func complete(_ condition: String, _ what: String, _ text: String) -> String {
        let what = what.split(separator: " ", omittingEmptySubsequences: true)
            .joined(separator: " ")
        return
            "complete -c dynaferry -n \(quoted(condition)) \(what) -d \(quoted(text.firstClause))"
    }

    /// Whether an option takes a value, and which may be proposed.
    private func form(_ option: OptionDescription) -> String {
        switch option.syntax {
        case .flag: return ""
        case .valueAfterEquals(let value): return words(value).map { "-a \(quoted($0))" } ?? ""
        case .value(let value):
            if value.proposal == .file { return "-r -F" }
            return "-x" + (words(value).map { " -a \(quoted($0))" } ?? "")
        }
    }

    /// nil where there is nothing to propose.
    private func words(_ value: ValueDescription) -> String? {
        switch value.proposal {
        case .nothing, .file: nil
        case .folder: "(__fish_complete_directories)"
        case .choices(let all): all.joined(separator: " ")
        case .job: "(__dynaferry_job_ids)"
        case .profile: "(__dynaferry_profiles)"
        }
    }

    private func quoted(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}
