import CommandLine
import System

// Options about what is said, and to whom, that several commands have.

extension Option {
    package static func colour(
        _ path: WritableKeyPath<Arguments, ColourChoice> & Sendable
    ) -> Self {
        Option(
            "--color", .choice, path, in: .output,
            """
            Colour what is shown: green is done, yellow throttled or waiting, red failed. auto is \
            on a terminal, unless NO_COLOR is set or TERM is dumb.
            """)
    }

    package static func progress(
        _ path: WritableKeyPath<Arguments, ProgressMode> & Sendable
    ) -> Self {
        Option(
            "--progress", .choice, path, in: .output,
            """
            How to show progress on stderr: a live block, a plain line every few seconds, a JSON \
            object a second, or nothing. auto is bar on a terminal, plain elsewhere. With json, \
            messages and errors are JSON objects too.
            """)
    }

    package static func onFinish(
        _ path: WritableKeyPath<Arguments, FinishCommand?> & Sendable
    ) -> Self {
        Option(
            "--on-finish", .finishCommand, path, in: .output, default: "none",
            """
            Run CMD once at the end, also when the job failed or was interrupted. There is no \
            shell: CMD is split at white space, and '...' or "..." keeps what is in it together. \
            It may take 60 seconds. Its environment has DYNAFERRY_OUTCOME, DYNAFERRY_EXIT_CODE, \
            DYNAFERRY_JOB and DYNAFERRY_REPORT, and no AWS_ variables. If it fails, that is a \
            warning. CMD is kept with the job: put no secrets in it.
            """)
    }
}

/// A program that is run when a job has ended, with its arguments.
package struct FinishCommand: Equatable, Sendable {
    /// As it was given.
    package let text: String
    /// The program and its arguments; never empty.
    package let words: [String]

    /// Splits at white space. Quotes, single or double, keep together what stands between them as
    /// it is; the other kind of quote may stand in it.
    /// - Returns: nil when there is no word, or a quote is not closed.
    package init?(_ text: String) {
        self.text = text
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in text {
            if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                (quote, word) = (character, word ?? "")
            } else if quote == nil, character.isWhitespace {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        guard quote == nil, let program = words.first, !program.isEmpty, !text.contains("\0")
        else { return nil }
        self.words = words
    }
}

extension ValueKind where Value == FinishCommand {
    package static var finishCommand: Self {
        ValueKind(
            name: "CMD", expected: "a program and its arguments, with each quote closed",
            parse: { FinishCommand($0) }, show: { $0.text })
    }
}

extension ConsoleStyle {
    /// What a command line asks for, also where the rest of it is wrong: a program that reads JSON
    /// gets the error as JSON too.
    package init(ofWords words: [String]) {
        self.init()
        let command = words.first ?? ""
        guard ProgramDescription.dynaferry.commands.contains(where: { $0.name == command }) else {
            return
        }
        let words = words.dropFirst().prefix { $0 != "--" }
        func value(of name: String) -> String? {
            let last = words.lastIndex { $0 == name || $0.hasPrefix(name + "=") }
            guard let last else { return nil }
            let inline = words[last].dropFirst(name.count + 1)
            return words[last] == name
                ? words.dropFirst(last - words.startIndex + 1).first : String(inline)
        }
        colour = value(of: "--color").flatMap { ColourChoice(rawValue: $0) } ?? .auto
        speaksJSON = value(of: "--progress") == ProgressMode.json.rawValue
    }
}
