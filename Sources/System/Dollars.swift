extension Double {
    /// `$0.0042`: two digits after the first that is not zero.
    package var inDollars: String {
        guard self > 0 else { return "$0" }
        var (digits, scale) = (2, 100.0)
        while self * scale < 10, digits < 8 {
            scale *= 10
            digits += 1
        }
        let text = String(Int(clamping: (self * scale).rounded()))
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        return "$\(padded.dropLast(digits)).\(padded.suffix(digits))"
    }
}
