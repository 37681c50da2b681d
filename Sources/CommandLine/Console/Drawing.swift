import System

/// The signs that figures are drawn with: those of Unicode, or of ASCII where the locale has no
/// others.
package struct Drawing: Sendable {
    package let speaksUnicode: Bool

    package init(speaksUnicode: Bool) { self.speaksUnicode = speaksUnicode }

    package var arrow: String { speaksUnicode ? "→" : "->" }
    /// Stands where a line was cut.
    package var cutMark: String { speaksUnicode ? "…" : "..." }

    /// A bar with its share in figures: `██░░  41 %`, at most `columns` wide; the figures alone
    /// where there is no room for a bar.
    /// - Parameter percent: 0 to 100.
    package func bar(percent: Int, columns: Int, _ meaning: Meaning = .good) -> StyledText {
        let percent = min(max(percent, 0), 100)
        let figures = String(percent)
        let caption = String(repeating: " ", count: 3 - figures.count) + figures + " %"
        let length = min(60, columns - caption.count - 1)
        guard length >= 5 else { return StyledText("\(figures) %") }
        let (full, empty) = speaksUnicode ? ("█", "░") : ("#", ".")
        let done = length * percent / 100
        return StyledText(String(repeating: full, count: done), meaning)
            + StyledText(String(repeating: empty, count: length - done), .quiet)
            + StyledText(" " + caption)
    }

    /// A column for each value, as high as the value is beside the highest; a blank where there is
    /// none.
    package func sparkline(_ values: [Double?]) -> String {
        let signs = speaksUnicode ? Array("▁▂▃▄▅▆▇█") : Array("_.:-=+*#")
        let highest = values.lazy.compactMap(\.self).filter(\.isFinite).max() ?? 0
        return String(
            values.map { value in
                guard let value, value.isFinite else { return " " }
                guard highest > 0, value > 0 else { return signs[0] }
                let step = Int(clamping: value / highest * Double(signs.count - 1) + 0.5)
                return signs[min(max(step, 0), signs.count - 1)]
            })
    }
}
