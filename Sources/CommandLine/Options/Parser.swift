import System

/// The words of a command line, assigned by its declaration.
package struct GivenWords: Sendable {
    package var settings: [OptionSetting] = []
    package var operands: [String] = []
}

extension CommandArguments {
    /// Reads the words after the command's name.
    ///
    /// Options and operands may be mixed; `--` ends the options. An option given again replaces
    /// what it was given before, unless it may be repeated.
    package init(parsing words: [String]) throws(UsageError) {
        let given = try Self.given(words)
        self.init()
        try apply(given.settings)
        try keep(given.operands)
        try validate()
    }

    package static func given(_ words: [String]) throws(UsageError) -> GivenWords {
        let options = options.map(\.description)
        var given = GivenWords()
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                given.operands += rest
                break
            }
            guard word.hasPrefix("-"), word != "-" else {
                given.operands.append(word)
                continue
            }
            let (name, inline) = cut(word)
            guard let option = options.first(where: { $0.names.contains(name) }) else {
                throw unknownOption(name)
            }
            let text = try value(of: option, name, inline, &rest)
            given.settings.append(OptionSetting(name: name, value: text.map { .text($0) } ?? .bare))
        }
        return given
    }

    /// Keeps what options were given.
    package mutating func apply(_ settings: [OptionSetting]) throws(UsageError) {
        let options = settings.isEmpty ? [] : Self.options
        for setting in settings {
            let option = options.first { $0.description.names.contains(setting.name) }
            guard let option else { preconditionFailure("\(setting.name) is not declared") }
            try keep(setting, as: option)
        }
    }

    private mutating func keep(
        _ setting: OptionSetting, as option: Option<Self>
    ) throws(UsageError) {
        do {
            switch setting.value {
            case .bare: try option.keep(&self, setting.name, nil)
            case .text(let text): try option.keep(&self, setting.name, text)
            case .off: break
            }
        } catch {
            guard let origin = setting.origin else { throw error }
            throw origin.unexpected(option.description.expectedInFile, hints: error.hints)
        }
    }

    /// `--name=value` in its two parts.
    private static func cut(_ word: String) -> (name: String, value: String?) {
        guard let equals = word.firstIndex(of: "=") else { return (word, nil) }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    private static func value(
        of option: OptionDescription, _ name: String, _ inline: String?,
        _ rest: inout ArraySlice<String>
    ) throws(UsageError) -> String? {
        switch option.syntax {
        case .flag:
            guard let inline else { return nil }
            throw UsageError(
                "\(name) takes no value, but was given '\(inline)'", hints: ["write \(name) alone"])
        case .valueAfterEquals:
            return inline
        case .value(let valueName):
            if let inline { return inline }
            // What looks like an option is one, its value forgotten; `--name=--odd` is still there.
            if let next = rest.first, !next.hasPrefix("--") { return rest.removeFirst() }
            throw UsageError(
                "\(name) requires a value", hints: ["write \(name) \(valueName.name)"])
        }
    }

    package mutating func keep(_ words: [String]) throws(UsageError) {
        let operands = Self.operands
        guard words.count >= operands.count else {
            let missing = operands[words.count...].map(\.name).formattedList(joinedBy: "and")
            throw UsageError(
                "\(missing) missing",
                hints: ["usage: \(Self.program.usage(CommandDescription(Self.self)))"])
        }
        guard words.count == operands.count else {
            throw UsageError(
                "'\(words[operands.count])' is one argument too many",
                hints: ["usage: \(Self.program.usage(CommandDescription(Self.self)))"])
        }
        for (operand, word) in zip(operands, words) {
            try operand.keep(&self, word)
        }
    }

    private static func unknownOption(_ name: String) -> UsageError {
        if name == "--dry-run", program.commands.contains(where: { $0.name == "plan" }) {
            return UsageError(
                "unknown option \(name)",
                hints: ["\(program.name) plan says what would be copied, and copies nothing"])
        }
        let known = options.map(\.description).filter { !$0.isHidden }.flatMap(\.names)
        if let near = nearest(to: name, among: known + ["--help"]) {
            return UsageError("unknown option \(name)", hints: ["did you mean \(near)?"])
        }
        let others = program.commands.filter { command in
            command.options.contains { $0.names.contains(name) && !$0.isHidden }
        }
        let hints = others.prefix(3).map { "\(name) is an option of \(program.name) \($0.name)" }
        return UsageError("unknown option \(name)", hints: hints)
    }
}
