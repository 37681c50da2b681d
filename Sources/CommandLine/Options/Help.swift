/// Help as text, generated from the declarations and wrapped to a terminal's width.
package struct Help: Sendable {
    /// The terminal's columns, within what can be read.
    package let width: Int

    let program: ProgramDescription

    /// The column at which explanations begin.
    private let margin = 26

    package init(_ program: ProgramDescription, width: Int) {
        self.program = program
        self.width = min(100, max(50, width))
    }

    /// The page of `dynaferry --help`.
    package func overview() -> String {
        var lines = wrapped(program.purpose)
        lines += ["", "Usage: \(program.name) COMMAND [OPTIONS]", "", "Commands:"]
        for command in program.commands { lines += commandEntry(command) }
        lines += ["", "Options:"]
        lines += entry(
            "-h", "The same for \(program.name), or the command before it, on one screen.")
        lines += entry("--help", "Explain \(program.name), or the command before it.")
        lines += entry("--version", "Print the version.")
        lines += ["", "\(program.name) help COMMAND explains one command."]
        return lines.joined(separator: "\n")
    }

    /// The page of `dynaferry COMMAND --help`.
    package func page(_ command: CommandDescription) -> String {
        var lines: [String] = []
        for paragraph in command.about { lines += wrapped(paragraph) + [""] }
        lines.append("Usage: \(program.usage(command))")
        lines += section("Verbs", program.verbs(of: command).flatMap { commandEntry($0) })
        lines += section("Arguments", command.operands.flatMap { entry($0.name, $0.help) })
        let options = command.options.filter { !$0.isHidden }
        for (category, members) in OptionCategory.groups(options) {
            lines += section(category.rawValue, members.flatMap(entry))
        }
        lines += section(
            "Help",
            entry("-h", "Print the usual options, on one screen.")
                + entry("--help", "Print this page.") + entry("--version", "Print the version."))
        lines += section("Examples", examples(command.examples))
        lines += section("Environment", command.environment.flatMap { entry($0.subject, $0.text) })
        lines += section("Exit codes", command.exitCodes.flatMap { entry($0.subject, $0.text) })
        return lines.joined(separator: "\n")
    }

    func commandEntry(_ command: CommandDescription) -> [String] {
        let operands = command.operands.map { " " + $0.name }.joined()
        return entry(command.name + operands, command.summary)
    }

    func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", title + ":"] + lines
    }

    private func entry(_ option: OptionDescription) -> [String] {
        entry(option.spelling, option.explanation)
    }

    /// What is looked up on the left, what it means on the right, or below when the left is wide.
    func entry(_ subject: String, _ text: String) -> [String] {
        let indent = String(repeating: " ", count: margin)
        let explanation = wrapped(text, width: width - margin).map { indent + $0 }
        let head = wrapped(subject, width: width - 2, hanging: 4).map { "  " + $0 }
        guard head.count == 1, head[0].count + 2 <= margin, let first = explanation.first else {
            return head + explanation
        }
        return [head[0] + first.dropFirst(head[0].count)] + explanation.dropFirst()
    }

    /// Commands are not wrapped by width: a reader copies them as they stand.
    private func examples(_ examples: [Note]) -> [String] {
        var lines: [String] = []
        for example in examples {
            if !lines.isEmpty { lines.append("") }
            lines += wrapped("# " + example.text, width: width - 2, hanging: 2).map { "  " + $0 }
            lines += example.subject.split(separator: "\n").map { "  " + $0 }
        }
        return lines
    }

    func wrapped(_ text: String, width: Int? = nil, hanging: Int = 0) -> [String] {
        text.wrapped(to: width ?? self.width, hanging: hanging)
    }
}

extension OptionCategory {
    /// The options by their categories, in the order in which these occur.
    package static func groups(
        _ options: [OptionDescription]
    ) -> [(category: OptionCategory, members: [OptionDescription])] {
        var groups: [(category: OptionCategory, members: [OptionDescription])] = []
        for option in options {
            if let index = groups.firstIndex(where: { $0.category == option.category }) {
                groups[index].members.append(option)
            } else {
                groups.append((option.category, [option]))
            }
        }
        return groups
    }
}

extension OptionDescription {
    /// What it is for, and what holds without it.
    var explanation: String {
        "\(help)\(repeats ? " May be given several times." : "") Default: \(standard)."
    }

    /// `--region, --source-region REGION`
    var spelling: String {
        let names = self.names.joined(separator: ", ")
        switch syntax {
        case .flag: return names
        case .value(let value): return "\(names) \(value.name)"
        case .valueAfterEquals(let value): return "\(names)[=\(value.name)]"
        }
    }
}

extension String {
    /// The words in lines of at most `width` columns, those after the first indented by `hanging`.
    /// A word wider than a line gets a line of its own.
    package func wrapped(to width: Int, hanging: Int = 0) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: hanging) + word
            } else {
                line += line.isEmpty ? String(word) : " " + word
            }
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
