import CommandLine

/// One pair of `--rename`: tables and what they are called as copies.
package struct Renaming: Equatable, Sendable {
    package var source: Location
    package var target: Location

    /// `FROM=TO`, names or patterns; nil when it is anything else, or its stars do not agree.
    package init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="),
            let source = Location(String(text[..<equals])), !source.isARN, !source.isFiles,
            let target = Location(String(text[text.index(after: equals)...])), !target.isARN,
            !target.isFiles,
            source.stars == target.stars
        else { return nil }
        self.source = source
        self.target = target
    }

    package var text: String { "\(source.text)=\(target.text)" }
}

extension ValueKind where Value == Renaming {
    package static var renaming: Self {
        ValueKind(
            name: "FROM=TO", expected: "two names or patterns such as 'old-*=new-*'",
            parse: { Renaming($0) }, show: { $0.text })
    }
}

extension ValueKind where Value == Location {
    package static var pattern: Self {
        ValueKind(
            name: "PATTERN", expected: "a table's name, or a pattern such as '*-tmp'",
            parse: { text in Location(text).flatMap { $0.isARN || $0.isFiles ? nil : $0 } },
            show: { $0.text })
    }
}
