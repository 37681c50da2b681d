/// How counts are written for people: always the same, whatever the machine's language.
extension Int {
    /// `380218` as `380,218`.
    package var grouped: String {
        var digits = String(magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        groups.insert(digits, at: 0)
        return (self < 0 ? "-" : "") + groups.joined(separator: ",")
    }

    /// `1 item`, `2 items`, `380,218 items`: the one place where a count meets its noun.
    ///
    /// What else changes with the number goes along: `counted("item is", "items are")`.
    /// - Parameter many: what follows any other number than 1; nil: `one` with an s.
    package func counted(_ one: String, _ many: String? = nil) -> String {
        "\(grouped) \(self == 1 ? one : many ?? one + "s")"
    }
}
