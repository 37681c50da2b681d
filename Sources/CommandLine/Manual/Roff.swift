/// A page of the manual under way, in the macros of man(7).
struct Roff {
    private(set) var lines: [String] = []

    /// Columns of the source; the page itself is as wide as its reader's terminal.
    private static let width = 90

    /// A macro and its arguments, each of which may have spaces.
    mutating func macro(_ name: String, _ arguments: String...) {
        let words = arguments.map { "\"\(Self.escaped($0))\"" }
        lines.append(([".\(name)"] + words).joined(separator: " "))
    }

    /// A request of roff itself, which knows no quotes.
    mutating func request(_ words: String) { lines.append("." + words) }

    /// For programs that read manual pages: it is not shown.
    mutating func comment(_ text: String) { lines.append("'\\\"" + text) }

    /// Three columns for tbl(1): the last takes what is left of a line.
    mutating func table(_ head: [String], _ rows: [[String]]) {
        lines += [".TS", "lB lB lB", "l lw(16n) lx."]
        lines.append(head.map(Self.escaped).joined(separator: "\t"))
        for row in rows {
            let cells = row.map { ["T{"] + $0.wrapped(to: Self.width).map(Self.line) + ["T}"] }
            for (index, cell) in cells.enumerated() {
                guard index > 0 else {
                    lines += cell
                    continue
                }
                // The next cell begins on the line that ends the last.
                lines[lines.count - 1] += "\t" + cell[0]
                lines += cell.dropFirst()
            }
        }
        lines.append(".TE")
    }

    /// Running text.
    mutating func text(_ text: String) {
        lines += text.wrapped(to: Self.width).map(Self.line)
    }

    mutating func paragraph(_ text: String) {
        macro("PP")
        self.text(text)
    }

    /// What is looked up, and below it, indented, what it means.
    mutating func entry(_ subject: [Span], _ text: String) {
        macro("TP")
        spans(subject)
        self.text(text)
    }

    /// Text that stays as it is, for a reader to copy.
    mutating func example(_ text: String) {
        macro("RS", "4")
        macro("EX")
        lines += text.split(separator: "\n", omittingEmptySubsequences: false).map {
            Self.line(String($0))
        }
        macro("EE")
        macro("RE")
    }

    /// Words in another type: those that are typed as they are, and those to be replaced.
    enum Span: Equatable {
        case plain(String)
        case literal(String)
        case placeholder(String)
    }

    /// One line of such words, without spaces between them.
    mutating func spans(_ spans: [Span]) {
        var line = ""
        for span in spans {
            switch span {
            case .plain(let text): line += Self.escaped(text)
            case .literal(let text): line += "\\fB\(Self.escaped(text))\\fR"
            case .placeholder(let text): line += "\\fI\(Self.escaped(text))\\fR"
            }
        }
        lines.append(line.first == "." ? "\\&" + line : line)
    }

    // MARK: Escapes

    /// A line of text that is no request, whatever it begins with.
    static func line(_ text: String) -> String {
        let line = escaped(text)
        return line.first == "." || line.first == " " ? "\\&" + line : line
    }

    /// Every character as itself: roff would set hyphens, quotes, carets and tildes as those of
    /// print, which can't be copied into a shell. (groff_char(7))
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\e"
            case "-": escaped += "\\-"
            case "'": escaped += "\\(aq"
            case "\"": escaped += "\\(dq"
            case "`": escaped += "\\(ga"
            case "^": escaped += "\\(ha"
            case "~": escaped += "\\(ti"
            case "\0"..<"\u{7F}": escaped.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
                escaped += "\\[u\(zeros)\(digits)]"
            }
        }
        return escaped
    }
}
