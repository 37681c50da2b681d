/// The one way by which a number that comes as text, from a reply, a file or a user, becomes one of
/// ours: always with the range that makes sense where it is read.
package enum CheckedNumber {
    /// A whole number in any spelling (`4`, `4.0`, `4e0`); nil when it is none, or out of range.
    package static func int(_ text: some StringProtocol, in range: ClosedRange<Int>) -> Int? {
        if let exact = Int(text) { return range.contains(exact) ? exact : nil }
        // Beyond 2^53 a Double may not be the number that was written.
        guard let value = Double(text), value.magnitude < 0x1p53,
            let whole = Int(exactly: value), range.contains(whole)
        else { return nil }
        return whole
    }

    /// nil when it is no number, not finite, or out of range.
    package static func double(
        _ text: some StringProtocol, in range: ClosedRange<Double>
    ) -> Double? {
        guard let value = Double(text), value.isFinite, range.contains(value) else { return nil }
        return value
    }
}
