import System

/// One kind of value on the command line: how its text is read, written and asked for.
package struct ValueKind<Value: Sendable>: Sendable {
    /// What stands for the value in help: `N`, `FILE`.
    package let name: String
    /// What the text must be, as it stands after "takes": `a whole number from 1 to 9`.
    package let expected: String
    /// The value of a text, nil when the text is not as expected.
    package let parse: @Sendable (String) -> Value?
    /// The text of a value, such that parsing it gives the value again.
    package let show: @Sendable (Value) -> String
    /// A hint for one text that is not as expected, where a mistake is easily guessed.
    package let advice: @Sendable (String) -> String?
    /// What a shell may propose for it.
    package var proposal = Proposal.nothing
    /// Whether its text must not be repeated in messages.
    package private(set) var isSecret = false

    package init(
        name: String, expected: String,
        parse: @escaping @Sendable (String) -> Value?,
        show: @escaping @Sendable (Value) -> String,
        advice: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.name = name
        self.expected = expected
        self.parse = parse
        self.show = show
        self.advice = advice
    }

    package func proposing(_ proposal: Proposal) -> Self {
        var kind = self
        kind.proposal = proposal
        return kind
    }

    package var description: ValueDescription {
        ValueDescription(name: name, expected: expected, proposal: proposal)
    }

    /// The same kind for values that hold a secret.
    package var secret: Self {
        var kind = self
        kind.isSecret = true
        return kind
    }

    /// Reads what was given for `subject`, an option's or an operand's name.
    package func read(_ text: String, for subject: String) throws(UsageError) -> Value {
        if let value = parse(text) { return value }
        let given =
            text.isEmpty ? "nothing" : isSecret ? "what was given" : "'\(text.withoutPassword)'"
        throw UsageError(
            "\(subject) takes \(expected), not \(given)", hints: advice(text).map { [$0] } ?? [])
    }
}

/// What a shell may propose at the place of a value.
package enum Proposal: Equatable, Sendable {
    /// It is for its user to know.
    case nothing
    case choices([String])
    case file
    case folder
    /// An id of the jobs that the state folder has.
    case job
    /// A profile of the AWS configuration files.
    case profile
}

/// What help, completion and files of options need to know of a kind of value.
package struct ValueDescription: Equatable, Sendable {
    package let name: String
    package let expected: String
    package let proposal: Proposal
}

extension ValueKind where Value == Int {
    package static func integer(_ range: ClosedRange<Int>, name: String = "N") -> Self {
        let expected =
            range.upperBound == .max
            ? "a whole number, at least \(range.lowerBound.grouped)"
            : "a whole number from \(range.lowerBound.grouped) to \(range.upperBound.grouped)"
        return ValueKind(
            name: name, expected: expected,
            parse: { text in
                let value = wholeNumber(text).flatMap { Int(exactly: $0) }
                return value.flatMap { range.contains($0) ? $0 : nil }
            },
            show: { String($0) })
    }

    /// A number of bytes, at most a tebibyte: `32MiB` is 2^20, `32MB` 10^6 bytes a unit.
    package static var bytes: Self {
        ValueKind(
            name: "SIZE", expected: "a size such as 32MiB, 64MB, 1GiB or 1048576 (bytes)",
            parse: { text in
                guard let (number, unit) = numberAndUnit(text),
                    let scale = byteUnits.first(where: { $0.name.lowercased() == unit })?.scale
                else { return nil }
                let bytes = (number * Double(scale)).rounded()
                return bytes >= 1 && bytes <= 0x1p40 ? Int(clamping: bytes) : nil
            },
            show: { value in
                let unit = byteUnits.first {
                    $0.binary && value >= $0.scale && value % $0.scale == 0
                }
                return unit.map { "\(value / $0.scale)\($0.name)" } ?? "\(value)"
            },
            advice: { text in
                guard let (_, unit) = numberAndUnit(text), ["k", "m", "g", "t"].contains(unit)
                else {
                    return nil
                }
                return "write \(text)iB for units of 1,024 or \(text)B for units of 1,000"
            })
    }
}

extension ValueKind where Value == UInt64 {
    package static var seed: Self {
        ValueKind(
            name: "N", expected: "a whole number from 0 to 2^64 - 1", parse: { wholeNumber($0) },
            show: { String($0) })
    }
}

extension ValueKind where Value == Double {
    package static func decimal(_ range: ClosedRange<Double>, name: String = "N") -> Self {
        let least = range.lowerBound.short
        let from = least == "0" && range.lowerBound > 0 ? "\(range.lowerBound)" : least
        return ValueKind(
            name: name,
            expected: "a number from \(from) to \(range.upperBound.short)",
            parse: { text in decimalNumber(text).flatMap { range.contains($0) ? $0 : nil } },
            show: { $0.short })
    }
}

extension ValueKind where Value == Duration {
    /// A time of more than nothing and at most a year, always with its unit.
    package static var duration: Self {
        ValueKind(
            name: "TIME", expected: "a time such as 500ms, 90s, 15m or 2h",
            parse: { text in
                guard let (number, unit) = numberAndUnit(text),
                    let scale = timeUnits.first(where: { $0.name == unit })?.milliseconds
                else { return nil }
                let milliseconds = (number * Double(scale)).rounded()
                guard milliseconds >= 1, milliseconds <= 366 * 86_400_000 else { return nil }
                return .milliseconds(Int64(clamping: milliseconds))
            },
            show: { value in
                let (seconds, attoseconds) = value.components
                let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
                let unit = timeUnits.last { milliseconds % $0.milliseconds == 0 }
                return unit.map { "\(milliseconds / $0.milliseconds)\($0.name)" } ?? "\(value)"
            },
            advice: { text in
                decimalNumber(text) == nil ? nil : "say which unit: \(text)s, \(text)m or \(text)h"
            })
    }
}

extension ValueKind where Value == String {
    /// Any text that is not empty.
    package static func text(_ name: String, expected: String) -> Self {
        .text(name, expected: expected, where: { _ in true })
    }

    package static func text(
        _ name: String, expected: String, where isValid: @escaping @Sendable (String) -> Bool
    ) -> Self {
        ValueKind(
            name: name, expected: expected,
            parse: { $0.isEmpty || $0.utf8.contains(0) || !isValid($0) ? nil : $0 },
            show: { $0 })
    }

    package static var file: Self {
        .text("FILE", expected: "a file's path").proposing(.file)
    }

    package static var folder: Self {
        .text("FOLDER", expected: "a folder's path").proposing(.folder)
    }
}

extension ValueKind
where Value: RawRepresentable & CaseIterable & Sendable, Value.RawValue == String {
    /// One of the cases of an enum, by name.
    package static var choice: Self {
        let names = Value.allCases.map(\.rawValue)
        return ValueKind(
            name: names.joined(separator: "|"), expected: names.formattedList(joinedBy: "or"),
            parse: { Value(rawValue: $0) }, show: { $0.rawValue },
            advice: { nearest(to: $0, among: names).map { "did you mean \($0)?" } }
        ).proposing(.choices(names))
    }
}

private let byteUnits: [(name: String, scale: Int, binary: Bool)] = [
    ("TiB", 1 << 40, true), ("GiB", 1 << 30, true), ("MiB", 1 << 20, true), ("KiB", 1 << 10, true),
    ("TB", 1_000_000_000_000, false), ("GB", 1_000_000_000, false), ("MB", 1_000_000, false),
    ("KB", 1_000, false), ("B", 1, false), ("", 1, false),
]

private let timeUnits: [(name: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
]

/// `text` cut into its number and its unit, the latter in lower case.
private func numberAndUnit(_ text: String) -> (number: Double, unit: String)? {
    let digits = text.prefix { $0.isASCIIDigit || $0 == "." }
    guard let number = decimalNumber(String(digits)) else { return nil }
    return (number, text.dropFirst(digits.count).lowercased())
}

/// Digits and nothing else, so that no sign and no other spelling of a number gets through.
package func wholeNumber(_ text: String) -> UInt64? {
    text.allSatisfy(\.isASCIIDigit) ? UInt64(text) : nil
}

/// Digits with at most one point; what `Double` reads besides (`1e5`, `inf`, `0x1p3`) is refused.
package func decimalNumber(_ text: String) -> Double? {
    guard let first = text.first, first.isASCIIDigit, let last = text.last, last.isASCIIDigit,
        text.allSatisfy({ $0.isASCIIDigit || $0 == "." })
    else { return nil }
    return CheckedNumber.double(text, in: 0 ... .greatestFiniteMagnitude)
}

extension Character {
    package var isASCIIDigit: Bool { ("0"..."9").contains(self) }
    package var isASCIILetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
}
