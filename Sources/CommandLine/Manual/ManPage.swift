/// The page of the manual: everything that help says of all commands, from their declarations.
package struct ManPage {
    private let program: ProgramDescription
    private var commands: [CommandDescription] { program.commands }

    package init(_ program: ProgramDescription) { self.program = program }

    package var text: String {
        var page = Roff()
        // Readers are asked to run tbl(1).
        page.comment(" t")
        page.macro(
            "TH", program.name.uppercased(), "1", program.date,
            "\(program.name) \(program.version)", "User Commands")
        // Neither words cut by hyphens nor stretched lines: both are bad to copy.
        page.request("nh")
        page.request("ad l")
        page.macro("SH", "NAME")
        page.text("\(program.name) - \(program.title)")
        page.macro("SH", "SYNOPSIS")
        synopsis(&page)
        page.macro("SH", "DESCRIPTION")
        page.text(program.purpose)
        page.paragraph(
            """
            Results go to stdout; progress, messages, errors and hints go to stderr. \
            \(program.name) help COMMAND explains one command.
            """)
        page.macro("SH", "COMMANDS")
        for command in commands { self.command(command, &page) }
        page.macro("SH", "ENVIRONMENT")
        for note in environment { page.entry([.literal(note.subject)], note.text) }
        page.macro("SH", "FILES")
        for note in program.files { page.entry([.literal(note.subject)], note.text) }
        page.macro("SH", "EXIT STATUS")
        page.table(["Code", "Command", "Meaning"], exitCodes)
        page.macro("SH", "EXAMPLES")
        for example in commands.flatMap(\.examples) {
            page.paragraph(example.text)
            page.example(example.subject)
        }
        page.macro("SH", "SEE ALSO")
        page.spans([.literal("bash"), .plain("(1), "), .literal("zsh"), .plain("(1)")])
        page.paragraph(program.furtherReading)
        return page.lines.joined(separator: "\n")
    }

    private func synopsis(_ page: inout Roff) {
        for (index, command) in commands.enumerated() {
            if index > 0 { page.request("br") }
            page.spans(usage(command))
        }
    }

    private func usage(_ command: CommandDescription) -> [Roff.Span] {
        let options: [Roff.Span] =
            command.options.isEmpty
            ? [] : [.plain(" ["), .placeholder("OPTIONS"), .plain("]")]
        return [.literal("\(program.name) \(command.name)")] + options
            + command.operands.flatMap { [.plain(" "), .placeholder($0.name)] }
    }

    // MARK: Commands

    private func command(_ command: CommandDescription, _ page: inout Roff) {
        let operands = command.operands.map { " " + $0.name }.joined()
        page.macro("SS", "\(program.name) \(command.name)\(operands)")
        page.text(command.summary)
        for paragraph in command.about { page.paragraph(paragraph) }
        for operand in command.operands {
            page.entry([.placeholder(operand.name)], operand.help)
        }
        var options = command.options.filter { !$0.isHidden }
        if let other = whole(in: command) {
            options.removeAll { other.options.contains($0) }
            let end = options.isEmpty ? "." : ", and:"
            page.paragraph("Has all options of \(program.name) \(other.name)\(end)")
        }
        for (category, members) in OptionCategory.groups(options) {
            page.macro("PP")
            page.spans([.placeholder(category.rawValue + ":")])
            for option in members { page.entry(Self.spelling(option), option.explanation) }
        }
    }

    /// An earlier command all of whose options this one has, and with them most of its own.
    private func whole(in command: CommandDescription) -> CommandDescription? {
        commands.prefix { $0.name != command.name }.first { other in
            other.options.count * 2 > command.options.count
                && other.options.allSatisfy { command.options.contains($0) }
                && other.options.count > 1
        }
    }

    private static func spelling(_ option: OptionDescription) -> [Roff.Span] {
        var spans: [Roff.Span] = []
        for name in option.names {
            if !spans.isEmpty { spans.append(.plain(", ")) }
            spans.append(.literal(name))
        }
        switch option.syntax {
        case .flag: break
        case .value(let value): spans += [.plain(" "), .placeholder(value.name)]
        case .valueAfterEquals(let value):
            spans += [.plain("[="), .placeholder(value.name), .plain("]")]
        }
        return spans
    }

    // MARK: Of all commands

    private var environment: [Note] {
        var notes: [Note] = []
        for note in commands.flatMap(\.environment) where !notes.contains(note) {
            notes.append(note)
        }
        return notes
    }

    /// Each code with commands and what it means to them, a row each.
    private var exitCodes: [[String]] {
        let codes = Set(commands.flatMap(\.exitCodes).map(\.subject))
        let ordered = codes.sorted { ($0.count, $0) < ($1.count, $1) }
        return ordered.flatMap { number in
            var meanings: [(text: String, commands: [String])] = []
            for command in commands {
                let name = command.name.split(separator: " ").first.map(String.init) ?? ""
                for note in command.exitCodes where note.subject == number {
                    if let index = meanings.firstIndex(where: { $0.text == note.text }) {
                        if !meanings[index].commands.contains(name) {
                            meanings[index].commands.append(name)
                        }
                    } else {
                        meanings.append((note.text, [name]))
                    }
                }
            }
            return meanings.enumerated().map { index, meaning in
                [
                    index == 0 ? number : "", meaning.commands.formattedList(joinedBy: "and"),
                    meaning.text,
                ]
            }
        }
    }
}
