/// A table's name, or a pattern of names: `*` stands for any characters, none included.
///
/// | pattern | name | what `*` stands for | as `acme-*-dev` |
/// |---|---|---|---|
/// | `acme-staging-*` | `acme-staging-orders` | `orders` | `acme-orders-dev` |
/// | `*` | `orders` | `orders` | `acme-orders-dev` |
package struct NamePattern: Hashable, Sendable {
    package let text: String
    private let parts: [Substring]

    package init(_ text: String) {
        self.text = text
        parts = text.split(separator: "*", omittingEmptySubsequences: false)
    }

    package var stars: Int { parts.count - 1 }
    /// It stands for one name only.
    package var isLiteral: Bool { stars == 0 }

    /// What the stars stand for in `name`, each as little as can be but the last; nil when the
    /// pattern does not match.
    package func match(_ name: String) -> [String]? {
        guard let first = parts.first, name.hasPrefix(first) else { return nil }
        if isLiteral { return name == text ? [] : nil }
        var rest = name.dropFirst(first.count)
        var found: [String] = []
        for part in parts[1...].dropLast() {
            guard
                let range = part.isEmpty
                    ? rest.startIndex..<rest.startIndex : rest.firstRange(of: part)
            else { return nil }
            found.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        let last = parts[parts.count - 1]
        guard rest.hasSuffix(last) else { return nil }
        return found + [String(rest.dropLast(last.count))]
    }

    /// The name that it becomes with `stars` in the place of its own, one each.
    package func filled(with stars: [String]) -> String {
        precondition(stars.count == self.stars, "\(text) has \(self.stars) stars")
        var name = String(parts[0])
        for (star, part) in zip(stars, parts[1...]) { name += star + part }
        return name
    }
}
