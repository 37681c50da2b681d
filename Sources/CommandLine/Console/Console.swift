import Dispatch
import JSON
import System

/// All that is said to people: results on stdout, everything else on stderr.
///
/// Messages begin in lower case and end without a full stop. Errors are one `error:` line and then
/// `hint:` lines. A live block of progress may stand below what was said on stderr; it gives way to
/// whatever is said next. Where programs listen, each message is a JSON object (``ConsoleStyle``).
///
/// Any thread may call it.
package final class Console: @unchecked Sendable {
    // @unchecked: the streams, the live block and the style are touched only on `queue`.
    private let queue = DispatchQueue(label: "console")
    private var output: OutputStream
    private var errors: OutputStream
    private var live = LiveBlock()
    private var style = ConsoleStyle()
    /// Whether stdout is a terminal that can be filled.
    package let canOpenScreen: Bool
    /// Whether stderr can show a live block.
    package let canShowLive: Bool

    package init(output: Int32 = 1, errors: Int32 = 2) {
        self.output = OutputStream(output, name: "stdout")
        self.errors = OutputStream(errors, name: "stderr")
        canOpenScreen = Terminal.isCapable(output)
        canShowLive = Terminal.isCapable(errors)
    }

    /// From now on it speaks like this.
    package func setStyle(_ style: ConsoleStyle) { queue.sync { self.style = style } }

    /// The columns that results may take.
    package var outputWidth: Int { Terminal.size(queue.sync { output.descriptor }).columns }
    package var errorSize: (columns: Int, rows: Int) {
        Terminal.size(queue.sync { errors.descriptor })
    }

    /// Why results were lost; nil where none was.
    package var failure: SystemError? { queue.sync { output.failure } }
    /// Whoever read stdout has gone away, or it can't be written.
    package var isOutputClosed: Bool { queue.sync { output.isClosed } }

    /// Takes the terminal of stdout for itself until it is closed; nil where there is none.
    package func openScreen() -> FullScreen? {
        guard canOpenScreen else { return nil }
        return queue.sync {
            FullScreen(
                output.descriptor, inColour: hasColours(style.colour, isCapable: canOpenScreen))
        }
    }

    /// A result, on stdout.
    package func show(_ text: String) {
        queue.sync {
            withoutLive { output.write(text.withoutControls + "\n") }
        }
    }

    /// What its user should know besides, on stderr.
    package func note(_ text: String) { say([(.note, text)]) }

    /// What to do next, on stderr.
    package func hint(_ text: String) { say([(.hint, text)]) }

    /// What went wrong beside the work, which is done all the same, on stderr.
    package func warn(_ text: String) { say([(.warning, text)]) }

    /// What went wrong and what to do about it, on stderr.
    package func fail(_ message: String, hints: [String] = []) {
        say([(.error, message)] + hints.map { (.hint, Self.spoken($0)) })
    }

    /// An object for programs, on stderr, in a line of its own.
    package func emit(_ object: JSON) {
        queue.sync {
            withoutLive { errors.write(object.text + "\n") }
        }
    }

    private func say(_ messages: [(level: MessageLevel, text: String)]) {
        queue.sync {
            let text = messages.map { style.speaksJSON ? json($0, $1) : line($0, $1) }.joined()
            withoutLive { errors.write(text) }
        }
    }

    private func json(_ level: MessageLevel, _ text: String) -> String {
        let message: JSON = [
            "type": "message", "level": .string(level.rawValue),
            "time": .string(UTCTime(secondsSinceEpoch: MonotonicClock.secondsSinceEpoch).iso8601),
            "text": .string(text.withoutControls),
        ]
        return message.text + "\n"
    }

    /// A sentence as messages here are: no capital that is only the sentence's, no full stop.
    static func spoken(_ sentence: String) -> String {
        var text = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
        // A name such as DynamoDB keeps its capitals.
        let word = text.prefix { !$0.isWhitespace }
        if let first = word.first, first.isUppercase, word.count > 1,
            !word.dropFirst().contains(where: \.isUppercase)
        {
            text = first.lowercased() + text.dropFirst()
        }
        return text
    }

    /// Puts `lines` in place of the live block, without touching what was said above it.
    package func showLive(_ lines: [StyledText]) {
        let columns = errorSize.columns
        queue.sync { replaceLive(with: lines, columns) }
    }

    package func removeLive() { showLive([]) }

    private func withoutLive(_ body: () -> Void) {
        let lines = live.lines
        guard !lines.isEmpty else {
            body()
            return
        }
        let columns = Terminal.size(errors.descriptor).columns
        replaceLive(with: [], columns)
        body()
        replaceLive(with: lines, columns)
    }

    private func replaceLive(with lines: [StyledText], _ columns: Int) {
        let inColour = hasColours(style.colour, isCapable: canShowLive)
        errors.write(live.replacing(with: lines, columns: columns, inColour: inColour))
    }

    private func hasColours(_ choice: ColourChoice, isCapable: Bool) -> Bool {
        choice.hasColours(isCapable: isCapable, noColour: Terminal.environment("NO_COLOR"))
    }

    private func line(_ level: MessageLevel, _ text: String) -> String {
        let text = text.withoutControls + "\n"
        guard let colour = level.colour else { return text }
        guard hasColours(style.colour, isCapable: canShowLive) else {
            return "\(level.rawValue): \(text)"
        }
        return "\u{1B}[1;\(colour)m\(level.rawValue):\u{1B}[0m \(text)"
    }
}

extension MessageLevel {
    /// Of its label; nil of what has no label. ECMA-48's numbers of colours.
    fileprivate var colour: String? {
        switch self {
        case .error: "31"
        case .warning: "33"
        case .hint: "36"
        case .note: nil
        }
    }
}

/// The lines that stand last on a terminal and are drawn again and again in place.
///
/// The cursor rests below the block: whatever interrupts the process leaves a sane terminal.
package struct LiveBlock {
    private(set) var lines: [StyledText] = []

    /// What to write so that `new` stands where the block stood. `columns` is the terminal's width
    /// now: a window made narrower has folded the old lines, which then take more rows.
    mutating func replacing(
        with new: [StyledText], columns: Int, inColour: Bool = false
    ) -> String {
        let rows = lines.reduce(0) { $0 + max(1, ($1.columns + columns - 1) / columns) }
        var text = rows > 0 ? "\u{1B}[\(rows)A\r\u{1B}[J" : ""
        for line in new { text += line.rendered(inColour: inColour) + "\n" }
        lines = new
        return text
    }
}
