import System

// How figures are written for people: always the same, whatever the machine's language.

extension Double {
    /// With exactly `places` decimals, grouped: `18932.5` as `18,932.50`. Anything that is not a
    /// number, or too large to be one of ours, is a dash.
    package func fixed(_ places: Int) -> String {
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = (self * Double(scale)).rounded()
        guard scaled.magnitude < 0x1p62 else { return "-" }
        let whole = Int(clamping: scaled.magnitude)
        let sign = scaled < 0 ? "-" : ""
        guard places > 0 else { return sign + whole.grouped }
        let fraction = String(whole % scale)
        let zeros = String(repeating: "0", count: places - fraction.count)
        return "\(sign)\((whole / scale).grouped).\(zeros)\(fraction)"
    }

    /// With as few decimals as say it, two at most: `1`, `0.5`, `0.25`.
    package var short: String {
        var text = fixed(2)
        while text.contains("."), text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text
    }

    /// Bytes in units of 1,000: `155.1 MB`.
    package var inDecimalBytes: String {
        Self.scaled(self, by: 1_000, ["B", "KB", "MB", "GB", "TB", "PB"])
    }

    /// Bytes in units of 1,024, as memory is reported: `32.0 MiB`.
    package var inBinaryBytes: String {
        Self.scaled(self, by: 1_024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
    }

    private static func scaled(_ value: Double, by step: Double, _ units: [String]) -> String {
        var value = value
        var unit = 0
        // 999.95 and more would round up to 1,000.0.
        while value >= step - 0.05, unit + 1 < units.count {
            value /= step
            unit += 1
        }
        return "\(value.fixed(unit == 0 ? 0 : 1)) \(units[unit])"
    }
}

extension Duration {
    /// `4.21 s`, `3 min 20 s`, `2 h 5 min`.
    package var spelled: String {
        let seconds = Double(components.seconds) + Double(components.attoseconds) / 1e18
        guard seconds >= 60 else { return "\(seconds.fixed(2)) s" }
        let whole = Int(clamping: seconds.rounded())
        guard whole >= 3_600 else { return "\(whole / 60) min \(whole % 60) s" }
        return "\((whole / 3_600).grouped) h \(whole % 3_600 / 60) min"
    }

    /// In whole seconds while it is short: `4 s`, `3 min 20 s`, `2 h 5 min`.
    package var rough: String {
        self < .seconds(60) ? "\(Int(clamping: self / .seconds(1))) s" : spelled
    }
}

extension [String] {
    /// `a, b and c`
    package func formattedList(joinedBy word: String) -> String {
        guard count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " \(word) " + self[count - 1]
    }
}
