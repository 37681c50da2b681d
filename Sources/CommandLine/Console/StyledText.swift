import System

/// What a piece of text means to who looks at it. A terminal shows it by its colour.
package enum Meaning: String, Sendable {
    case plain
    /// Done: green.
    case good
    /// Throttled, or waiting: yellow.
    case waiting
    /// Failed: red.
    case bad
    /// Beside the point: dim.
    case quiet

    /// The parameter of ECMA-48's "select graphic rendition".
    fileprivate var code: String? {
        switch self {
        case .plain: nil
        case .good: "32"
        case .waiting: "33"
        case .bad: "31"
        case .quiet: "2"
        }
    }
}

/// One line for a terminal, in pieces of one meaning each.
package struct StyledText: Equatable, Sendable, ExpressibleByStringLiteral {
    package struct Piece: Equatable, Sendable {
        package var text: String
        package var meaning: Meaning
    }

    package private(set) var pieces: [Piece]

    package init(_ text: String, _ meaning: Meaning = .plain) {
        let text = text.withoutControls.replacing("\n", with: " ")
        pieces = text.isEmpty ? [] : [Piece(text: text, meaning: meaning)]
    }

    package init(stringLiteral text: String) { self.init(text) }

    package static func + (one: Self, other: Self) -> Self {
        var sum = one
        sum.pieces += other.pieces
        return sum
    }

    /// Without colours.
    package var text: String { pieces.map(\.text).joined() }
    package var columns: Int { pieces.reduce(0) { $0 + $1.text.columns } }

    /// Cut to `columns`, with `mark` at its end where something is missing.
    package func cut(toColumns columns: Int, mark: String) -> StyledText {
        guard self.columns > columns else { return self }
        let mark = mark.columns < columns ? mark : ""
        var left = columns - mark.columns
        var cut = StyledText("")
        for piece in pieces {
            let text = piece.text.prefix(columns: left)
            left -= text.columns
            let isWhole = text.count == piece.text.count
            let shown = isWhole ? text : text + mark
            if !shown.isEmpty { cut.pieces.append(Piece(text: shown, meaning: piece.meaning)) }
            if !isWhole { break }
        }
        return cut
    }

    /// What to write to a terminal.
    package func rendered(inColour: Bool) -> String {
        guard inColour else { return text }
        return pieces.map { piece in
            piece.meaning.code.map { "\u{1B}[\($0)m\(piece.text)\u{1B}[0m" } ?? piece.text
        }.joined()
    }

    /// Puts facts side by side, and on a further line what does not fit. None is wider than
    /// `columns`.
    package static func folded(
        _ facts: [StyledText], toColumns columns: Int, mark: String
    ) -> [StyledText] {
        var lines: [StyledText] = []
        for fact in facts where fact.columns > 0 {
            let gap: StyledText = "   "
            if let last = lines.last, last.columns + gap.columns + fact.columns <= columns {
                lines[lines.count - 1] = last + gap + fact
            } else {
                lines.append(fact.cut(toColumns: columns, mark: mark))
            }
        }
        return lines
    }
}
