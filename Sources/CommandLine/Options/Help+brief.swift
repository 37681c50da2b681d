/// Help on one screen, for `-h`: what a command is called with mostly, and where more is.
extension Help {
    /// Of a terminal of the usual size.
    package static let briefRows = 24
    package static let briefColumns = 80

    /// The page of `dynaferry -h`.
    package func briefOverview() -> String {
        let screen = onScreen
        let commands = program.commands.filter { !$0.name.contains(" ") }
        var lines = screen.wrapped(program.purpose)
        lines += ["", "Usage: \(program.name) COMMAND [OPTIONS]", "", "Commands:"]
        lines += commands.flatMap { screen.commandEntry($0) }
        lines += ["", "\(program.name) COMMAND -h has a command's usual options, --help has all."]
        return lines.joined(separator: "\n")
    }

    /// The page of `dynaferry COMMAND -h`.
    package func brief(_ command: CommandDescription) -> String {
        let screen = onScreen
        let visible = command.options.filter { !$0.isHidden }
        var lines = screen.wrapped(command.summary) + ["", "Usage: \(program.usage(command))"]
        lines += screen.section(
            "Verbs", program.verbs(of: command).flatMap { screen.verbEntry($0) })
        lines += screen.section(
            "Arguments", command.operands.flatMap { screen.entry($0.name, $0.help.firstClause) })
        let end = { (count: Int) -> [String] in
            let more = visible.count - count
            let left = more > 0 ? "\(more.grouped) more options" : "defaults"
            return [
                "", "\(program.name) \(command.name) --help has \(left), examples and exit codes.",
            ]
        }
        let room = Self.briefRows - lines.count - end(0).count - 2
        var (options, count): ([String], Int) = ([], 0)
        for option in command.usualOptions {
            let entry = screen.entry(option.briefSpelling, option.briefExplanation)
            guard options.count + entry.count <= room else { break }
            options += entry
            count += 1
        }
        let title = count < visible.count ? "Usual options" : "Options"
        lines += screen.section(title, options) + end(count)
        return lines.joined(separator: "\n")
    }

    private var onScreen: Help { Help(program, width: min(width, Self.briefColumns)) }

    /// A verb without its command's name.
    private func verbEntry(_ command: CommandDescription) -> [String] {
        let words =
            command.name.split(separator: " ").dropFirst() + command.operands.map { $0.name[...] }
        return entry(words.joined(separator: " "), command.summary.firstClause)
    }
}

extension CommandDescription {
    /// Those that its declaration calls usual, or all where it names none.
    fileprivate var usualOptions: [OptionDescription] {
        let visible = options.filter { !$0.isHidden }
        let names = usual
        return names.isEmpty
            ? visible : names.compactMap { name in visible.first { $0.names.contains(name) } }
    }
}

extension OptionDescription {
    /// By its chief name alone.
    fileprivate var briefSpelling: String {
        var option = self
        option.names = Array(names.prefix(1))
        return option.spelling
    }

    /// Of an option that each side has, with its names for one side.
    fileprivate var briefExplanation: String {
        let sides = names.filter { $0.hasPrefix("--source-") || $0.hasPrefix("--target-") }
        guard sides.count == 2, names.count > 2 else { return help.firstClause }
        return "\(help.firstClause.dropLast()): \(sides.joined(separator: ", "))."
    }
}

extension String {
    /// Its first sentence, as far as a semicolon or a colon, with a full stop. What it begins with
    /// may be too short to say anything: "With --repair:".
    var firstClause: String {
        let colon = range(of: ": ")?.lowerBound
        let ends = [
            range(of: ". ")?.lowerBound, range(of: "; ")?.lowerBound,
            hasPrefix("With ") ? nil : colon,
        ].compactMap(\.self)
        let clause = ends.min().map { self[..<$0] } ?? self[...]
        return clause.hasSuffix(".") ? String(clause) : clause + "."
    }

    private func range(of text: String) -> Range<Index>? { ranges(of: text).first }
}
