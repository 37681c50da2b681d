extension StringProtocol {
    /// The columns that it takes on a terminal: wide characters take two, marks that stand upon
    /// another none (Unicode Standard Annex 11).
    package var columns: Int { unicodeScalars.reduce(0) { $0 + $1.columns } }

    /// As many characters from its start as fit into `columns`.
    package func prefix(columns: Int) -> String {
        var left = columns
        return String(
            prefix { character in
                left -= String(character).columns
                return left >= 0
            })
    }

    /// Cut to `columns`, with `mark` at its end where something is missing.
    package func cut(toColumns columns: Int, mark: String) -> String {
        guard self.columns > columns else { return String(self) }
        guard mark.columns < columns else { return prefix(columns: columns) }
        return prefix(columns: columns - mark.columns) + mark
    }
}

extension Unicode.Scalar {
    /// Blocks whose characters are wide or fullwidth, ends included.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x25FD...0x25FE,
        0x2614...0x2615, 0x2648...0x2653, 0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5,
        0x26F2...0x26F3, 0x2705...0x2705, 0x270A...0x270B, 0x274C...0x274E, 0x2753...0x2757,
        0x2795...0x2797, 0x2B1B...0x2B1C, 0x2B50...0x2B55, 0x2E80...0x303E, 0x3041...0x33FF,
        0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F004...0x1F004, 0x1F0CF...0x1F0CF,
        0x1F18E...0x1F19A, 0x1F200...0x1F64F, 0x1F680...0x1F6FF, 0x1F7E0...0x1F7EB,
        0x1F900...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD,
    ]

    fileprivate var columns: Int {
        if value < 0x300 { return 1 }
        // It asks for the coloured picture of the character before it, which takes one column more.
        if value == 0xFE0F { return 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return Self.wide.contains { $0.contains(value) } ? 2 : 1
        }
    }
}
