import CommandLine

/// One pair of `--rename`: tables and what they are called as copies.
package struct Renaming: Equatable, Sendable {
    package var source: TableReference
    package var target: TableReference

    /// `FROM=TO`, names or patterns; nil when it is anything else, or its stars do not agree.
    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="),
            let source = TableReference(String(text[..<equals])), !source.isARN,
            let target = TableReference(String(text[text.index(after: equals)...])), !target.isARN,
            source.stars == target.stars
        else { return nil }
        self.source = source
        self.target = target
    }

    var text: String { "\(source.text)=\(target.text)" }
}

extension TableReference {
    var stars: Int { text.count { $0 == "*" } }
}

extension ValueKind where Value == Renaming {
    package static var renaming: Self {
        ValueKind(
            name: "FROM=TO", expected: "two names or patterns such as 'old-*=new-*'",
            parse: { Renaming($0) }, show: { $0.text })
    }
}

extension ValueKind where Value == TableReference {
    package static var pattern: Self {
        ValueKind(
            name: "PATTERN", expected: "a table's name, or a pattern such as '*-tmp'",
            parse: { text in TableReference(text).flatMap { $0.isARN ? nil : $0 } },
            show: { $0.text })
    }
}
