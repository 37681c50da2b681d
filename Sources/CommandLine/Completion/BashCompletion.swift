/// Completion for bash, version 4 or newer, from the declarations of the commands.
///
/// From the words before the cursor the script finds the command, and whether an option waits for
/// its value. (Bash reference manual, "Programmable Completion".)
package struct BashCompletion {
    private let program: CompletedProgram
    private var commands: [CompletedCommand] { program.commands }

    package init(_ program: ProgramDescription) { self.program = CompletedProgram(program) }

    package var script: String {
        """
        # Completes dynaferry \(program.version) in bash; made by: dynaferry completion bash
        _dynaferry() {
            local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
            local command=${COMP_WORDS[1]} name= equals= prefix= words= kind=words index
            COMPREPLY=()
            # Bash may have cut --name=value at its equals sign.
            if [[ $current == '=' ]]; then
                name=$previous equals='=' current=
            elif [[ $previous == '=' && $COMP_CWORD -gt 2 ]]; then
                name=${COMP_WORDS[COMP_CWORD - 2]} equals='='
            elif [[ $current == --*=* ]]; then
                name=${current%%=*} equals='=' prefix=$name= current=${current#*=}
            else
                name=$previous
            fi
            for ((index = 2; index < COMP_CWORD; index++)); do
                [[ ${COMP_WORDS[index]} == -- ]] && return
            done
            if ((COMP_CWORD > 2)); then
                case "$command ${COMP_WORDS[2]}" in
                \(pattern(ofTwoWords)) \
        command+=" ${COMP_WORDS[2]}" ;;
                esac
            fi
            if ((COMP_CWORD == 1)); then
                words='\(firstWords)'
            else
                case "$command $name" in
        \(valueCases)
                *)
                    case "$command $name$equals" in
        \(attachedCases)
                    *=) return ;;
                    *) _dynaferry_words ;;
                    esac
                    ;;
                esac
            fi
            case $kind in
            file)
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
                # Of what only the shell expands, as in ~/file, it finds the rest.
                ((${#COMPREPLY[@]})) || compopt -o default 2>/dev/null
                ;;
            folder)
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen -d -- "$current")
                ((${#COMPREPLY[@]})) || compopt -o dirnames 2>/dev/null
                ;;
            words) _dynaferry_matching "$words" "$current" ;;
            esac
            [[ -z $prefix ]] || COMPREPLY=("${COMPREPLY[@]/#/$prefix}")
        }

        # Sets $words to the options of $command, or to what may stand in the place of an operand.
        _dynaferry_words() {
            case $command in
        \(wordCases)
            esac
        }

        \(Self.functions)

        complete -F _dynaferry dynaferry
        """
    }

    private static let functions = """
        # Proposes those of the words $1 that begin with $2. compgen -W would run what stands in
        # them, and names may come from files.
        _dynaferry_matching() {
            local word
            COMPREPLY=()
            while IFS= read -r word; do
                [[ -z $word || $word != "$2"* ]] || COMPREPLY+=("$word")
            done < <(tr -s '[:space:]' '\\n' <<<"$1")
        }

        # Prints the ids of jobs, by their files in the state folder.
        _dynaferry_job_ids() {
            local folder=$HOME/.local/state index file
            [[ $XDG_STATE_HOME != /* ]] || folder=$XDG_STATE_HOME
            folder+=/dynaferry
            for ((index = 2; index < COMP_CWORD - 1; index++)); do
                case ${COMP_WORDS[index]} in
                --state-dir=*) folder=${COMP_WORDS[index]#*=} ;;
                --state-dir)
                    folder=${COMP_WORDS[index + 1]}
                    [[ $folder != '=' ]] || folder=${COMP_WORDS[index + 2]}
                    ;;
                esac
            done
            for file in "${folder/#'~/'/$HOME/}"/*.db; do
                file=${file##*/}
                [[ $file == '*.db' ]] || printf '%s\\n' "${file%.db}"
            done
        }

        # Prints the profiles of the AWS configuration files.
        _dynaferry_profiles() {
            local config=${AWS_CONFIG_FILE:-$HOME/.aws/config}
            local credentials=${AWS_SHARED_CREDENTIALS_FILE:-$HOME/.aws/credentials}
            {
                sed -n '\(ProfileNames.inConfig)' "${config/#'~/'/$HOME/}"
                echo
                sed -n '\(ProfileNames.inCredentials)' "${credentials/#'~/'/$HOME/}"
            } 2>/dev/null | grep . | sort -u
        }
        """

    /// Commands that are known by their first two words.
    private var ofTwoWords: [String] {
        commands.map(\.name).filter { $0.contains(" ") }
            + program.topLevel.filter { !$0.verbs.isEmpty }.map { "help \($0.name)" }
    }

    private var firstWords: String {
        let common = CompletedCommand.common.map(\.subject)
        return (program.topLevel.map(\.name) + ["help"] + common).joined(separator: " ")
    }

    /// `'a b' | 'a c')`
    private func pattern(_ texts: [String]) -> String {
        texts.map { "'\($0)'" }.joined(separator: " | ") + ")"
    }

    // MARK: Values

    /// What stands after an option that always takes a value.
    private var valueCases: String {
        cases { if case .value(let value) = $0.syntax { value } else { nil } }
    }

    /// What stands after the equals sign of an option whose value may be left out.
    private var attachedCases: String {
        cases(suffix: "=", indent: "            ") {
            if case .valueAfterEquals(let value) = $0.syntax { value } else { nil }
        }
    }

    /// One case for each thing that may be proposed, of all options that it may be proposed for.
    private func cases(
        suffix: String = "", indent: String = "        ",
        _ value: (OptionDescription) -> ValueDescription?
    ) -> String {
        var proposals: [(proposal: Proposal, places: [String])] = []
        for command in commands {
            for option in command.options {
                guard let proposal = value(option)?.proposal else { continue }
                let places = option.names.map { "\(command.name) \($0)\(suffix)" }
                if let index = proposals.firstIndex(where: { $0.proposal == proposal }) {
                    proposals[index].places += places
                } else {
                    proposals.append((proposal, places))
                }
            }
        }
        return proposals.map { proposal, places in
            let action =
                switch proposal {
                case .nothing: "return"
                case .file: "kind=file"
                case .folder: "kind=folder"
                case .choices(let all): "words='\(all.joined(separator: " "))'"
                case .job: "words=$(_dynaferry_job_ids)"
                case .profile: "words=$(_dynaferry_profiles)"
                }
            return "\(indent)\(pattern(places)) \(action) ;;"
        }.joined(separator: "\n")
    }

    // MARK: Words

    private var wordCases: String {
        let help = program.topLevel.filter { !$0.verbs.isEmpty }.map { command in
            let verbs = command.verbs.map(\.verb).joined(separator: " ")
            return "    'help \(command.name)') words='\(verbs)' ;;"
        }
        let names = program.topLevel.map(\.name).joined(separator: " ")
        return (commands.map(wordCase) + help + ["    help) words='\(names)' ;;"])
            .joined(separator: "\n")
    }

    private func wordCase(_ command: CompletedCommand) -> String {
        let options = command.options.flatMap(\.proposedWords)
        let all = (options + CompletedCommand.common.map(\.subject)).joined(separator: " ")
        var lines = ["    '\(command.name)')"]
        // Without operands there is nothing else that could be meant.
        let takesOthers = !command.operands.isEmpty || !command.verbs.isEmpty
        lines.append("        \(takesOthers ? "[[ $current != -* ]] || " : "")words='\(all)'")
        let choices = command.operands.flatMap { operand -> [String] in
            if case .choices(let all) = operand.value.proposal { all } else { [] }
        }
        let others = choices + command.verbs.map(\.verb)
        if !others.isEmpty {
            let others = others.joined(separator: " ")
            lines.append(
                "        ((COMP_CWORD > 2)) || [[ $current == -* ]] || words='\(others)'")
        }
        if command.operands.contains(where: { $0.value.proposal == .job }) {
            lines.append("        [[ $current == -* ]] || words=$(_dynaferry_job_ids)")
        }
        return (lines + ["        ;;"]).joined(separator: "\n")
    }
}
