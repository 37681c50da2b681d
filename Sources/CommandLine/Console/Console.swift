import Dispatch
import System

/// All that is said to people: results on stdout, everything else on stderr.
///
/// Messages begin in lower case and end without a full stop. Errors are one `error:` line and then
/// `hint:` lines. A live block of progress may stand below what was said on stderr; it gives way to
/// whatever is said next.
///
/// Any thread may call it.
package final class Console: @unchecked Sendable {
    // @unchecked: both streams and the live block are touched only on `queue`.
    private let queue = DispatchQueue(label: "console")
    private var output: OutputStream
    private var errors: OutputStream
    private var live = LiveBlock()
    private let errorsAreColoured: Bool
    /// Whether stderr can show a live block.
    package let canShowLive: Bool

    package init(output: Int32 = 1, errors: Int32 = 2) {
        self.output = OutputStream(output, name: "stdout")
        self.errors = OutputStream(errors, name: "stderr")
        errorsAreColoured = Terminal.hasColours(errors)
        canShowLive = Terminal.isCapable(errors)
    }

    /// The columns that results may take.
    package var outputWidth: Int { Terminal.size(queue.sync { output.descriptor }).columns }
    package var errorSize: (columns: Int, rows: Int) {
        Terminal.size(queue.sync { errors.descriptor })
    }

    /// Why results were lost; nil where none was.
    package var failure: SystemError? { queue.sync { output.failure } }

    /// A result, on stdout.
    package func show(_ text: String) {
        queue.sync {
            withoutLive { output.write(text.withoutControls + "\n") }
        }
    }

    /// What its user should know besides, on stderr.
    package func note(_ text: String) {
        queue.sync {
            withoutLive { errors.write(text.withoutControls + "\n") }
        }
    }

    /// What went wrong and what to do about it, on stderr.
    package func fail(_ message: String, hints: [String] = []) {
        var text = line("error:", .red, message.withoutControls)
        for hint in hints { text += line("hint:", .cyan, Self.spoken(hint).withoutControls) }
        queue.sync {
            withoutLive { errors.write(text) }
        }
    }

    /// A sentence as messages here are: no capital that is only the sentence's, no full stop.
    static func spoken(_ sentence: String) -> String {
        var text = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
        let start = text.prefix(2)
        if let first = start.first, first.isUppercase, start.last?.isLowercase == true {
            text = first.lowercased() + text.dropFirst()
        }
        return text
    }

    /// Puts `lines` in place of the live block, without touching what was said above it.
    package func showLive(_ lines: [String]) {
        let columns = errorSize.columns
        queue.sync {
            errors.write(live.replacing(with: lines, columns: columns))
        }
    }

    package func removeLive() { showLive([]) }

    private func withoutLive(_ body: () -> Void) {
        let lines = live.lines
        guard !lines.isEmpty else {
            body()
            return
        }
        let columns = Terminal.size(errors.descriptor).columns
        errors.write(live.replacing(with: [], columns: columns))
        body()
        errors.write(live.replacing(with: lines, columns: columns))
    }

    private enum Colour: String {
        case red = "31"
        case cyan = "36"
    }

    private func line(_ label: String, _ colour: Colour, _ text: String) -> String {
        let label = errorsAreColoured ? "\u{1B}[1;\(colour.rawValue)m\(label)\u{1B}[0m" : label
        return "\(label) \(text)\n"
    }
}

/// The lines that stand last on a terminal and are drawn again and again in place.
///
/// The cursor rests below the block: whatever interrupts the process leaves a sane terminal.
package struct LiveBlock {
    private(set) var lines: [String] = []

    /// What to write so that `new` stands where the block stood. `columns` is the terminal's width
    /// now: a window made narrower has folded the old lines, which then take more rows.
    mutating func replacing(with new: [String], columns: Int) -> String {
        let rows = lines.reduce(0) { $0 + max(1, ($1.count + columns - 1) / columns) }
        var text = rows > 0 ? "\u{1B}[\(rows)A\r\u{1B}[J" : ""
        for line in new { text += line + "\n" }
        lines = new
        return text
    }
}
