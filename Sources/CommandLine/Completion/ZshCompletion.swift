/// Completion for zsh, from the declarations of the commands. (zshcompsys(1), `_arguments`.)
package struct ZshCompletion {
    private let program: CompletedProgram
    private var commands: [CompletedCommand] { program.topLevel }

    package init(_ program: ProgramDescription) { self.program = CompletedProgram(program) }

    package var script: String {
        """
        #compdef dynaferry
        # Completes dynaferry \(program.version) in zsh; made by: dynaferry completion zsh
        \(function("_dynaferry", commands, options: common, whole: true))

        \(list("_dynaferry_commands", commands, extra: ["help:Explain one command."]))
        \(commands.map(functions).joined(separator: "\n"))

        _dynaferry_help() {
            _arguments -S '1: :_dynaferry_commands'
        }

        \(Self.functions)

        if [ "$funcstack[1]" = "_dynaferry" ]; then
            _dynaferry "$@"
        else
            compdef _dynaferry dynaferry
        fi
        """
    }

    private static let functions = """
        # Proposes the ids of jobs, by their files in the state folder.
        _dynaferry_job_ids() {
            setopt localoptions nullglob
            local folder=$HOME/.local/state file
            local -a ids
            [[ $XDG_STATE_HOME != /* ]] || folder=$XDG_STATE_HOME
            folder+=/dynaferry
            [[ -z $opt_args[--state-dir] ]] || folder=$opt_args[--state-dir]
            for file in "${folder/#'~/'/$HOME/}"/*.db; do
                file=${file##*/}
                ids+=("${file%.db}")
            done
            compadd -a ids
        }

        # Proposes the profiles of the AWS configuration files.
        _dynaferry_profiles() {
            local config=${AWS_CONFIG_FILE:-$HOME/.aws/config}
            local credentials=${AWS_SHARED_CREDENTIALS_FILE:-$HOME/.aws/credentials}
            local -a names
            names=($({
                sed -n '\(ProfileNames.inConfig)' "${config/#'~/'/$HOME/}"
                echo
                sed -n '\(ProfileNames.inCredentials)' "${credentials/#'~/'/$HOME/}"
            } 2>/dev/null))
            compadd -a names
        }
        """

    /// The functions of a command and of its verbs.
    private func functions(_ command: CompletedCommand) -> String {
        let name = functionName(command)
        guard !command.verbs.isEmpty else {
            return "\n" + plain(name, command)
        }
        let verbs = command.verbs.map { "\n" + plain(functionName($0), $0) }
        return """

            \(function(name, command.verbs, options: specs(command), whole: false))

            \(list(name + "_commands", command.verbs, extra: []))
            \(verbs.joined(separator: "\n"))
            """
    }

    private func functionName(_ command: CompletedCommand) -> String {
        "_dynaferry_" + command.name.replacing(" ", with: "_")
    }

    /// A command without verbs.
    private func plain(_ name: String, _ command: CompletedCommand) -> String {
        """
        \(name)() {
            _arguments -S \(joined(specs(command)))
        }
        """
    }

    /// A function that leaves what follows one of `commands` to that one's.
    private func function(
        _ name: String, _ commands: [CompletedCommand], options: [String], whole: Bool
    ) -> String {
        var cases = commands.map { "\($0.verb)) \(functionName($0)) && result=0 ;;" }
        if whole { cases.append("help) _dynaferry_help && result=0 ;;") }
        let specs = options + ["'(-)1: :\(name)_commands'", "'(-)*::: :->rest'"]
        return """
            \(name)() {
                local curcontext="$curcontext" state line result=1
                typeset -A opt_args
                _arguments -S -C \(joined(specs)) && result=0
                [[ $state == rest ]] || return result
                # What follows sees its own name first, as if it had been called.
                words=("$line[1]" "${words[@]}")
                ((CURRENT += 1))
                curcontext="${curcontext%:*:*}:dynaferry-$line[1]:"
                case $line[1] in
            \(cases.map { "    " + $0 }.joined(separator: "\n"))
                esac
                return result
            }
            """
    }

    /// A function that proposes commands, each with what it does.
    private func list(
        _ name: String, _ commands: [CompletedCommand], extra: [String]
    ) -> String {
        let entries = (commands.map { "\($0.verb):\($0.summary)" } + extra).map(quoted)
        return """
            \(name)() {
                local -a commands=(
            \(entries.map { "        " + $0 }.joined(separator: "\n"))
                )
                _describe -t commands command commands
            }
            """
    }

    // MARK: Words for _arguments

    private var common: [String] {
        CompletedCommand.common.map {
            quoted("(- *)\($0.subject)[\(escaped($0.text))]")
        }
    }

    private func specs(_ command: CompletedCommand) -> [String] {
        command.options.flatMap { option in option.names.map { quoted(spec(option, $0)) } }
            + common
            + command.operands.enumerated().map { index, operand in
                quoted("\(index + 1):\(message(operand.name)):\(action(operand.value))")
            }
    }

    private func spec(_ option: OptionDescription, _ name: String) -> String {
        let help = "[\(escaped(option.help))]"
        let head = (option.repeats ? "*" : "") + name
        switch option.syntax {
        case .flag: return head + help
        case .value(let value): return "\(head)=\(help):\(message(value.name)):\(action(value))"
        case .valueAfterEquals(let value):
            return "\(head)=-\(help)::\(message(value.name)):\(action(value))"
        }
    }

    private func action(_ value: ValueDescription) -> String {
        switch value.proposal {
        case .nothing: " "
        case .file: "_files"
        case .folder: "_files -/"
        case .choices(let all): "(\(all.joined(separator: " ")))"
        case .job: "_dynaferry_job_ids"
        case .profile: "_dynaferry_profiles"
        }
    }

    /// An explanation, which ends at a bracket.
    private func escaped(_ text: String) -> String { escaped(text, "\\[]:") }

    /// What is said of a value, which ends at a colon.
    private func message(_ text: String) -> String { escaped(text, "\\:") }

    private func escaped(_ text: String, _ special: String) -> String {
        var escaped = ""
        for character in text {
            if special.contains(character) { escaped.append("\\") }
            escaped.append(character)
        }
        return escaped
    }

    private func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }

    private func joined(_ specs: [String]) -> String {
        specs.map { "\\\n        " + $0 }.joined(separator: " ")
    }
}
