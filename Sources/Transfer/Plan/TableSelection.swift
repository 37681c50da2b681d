import Schema
import System

/// Which tables are copied, and under which names: patterns, exceptions and renamed ones.
package struct TableSelection: Equatable, Sendable {
    /// Source and target, patterns or names. The first rule that matches a table names its target.
    package struct Rule: Equatable, Sendable {
        package var source: NamePattern
        package var target: NamePattern

        package init(_ source: String, _ target: String) {
            self.source = NamePattern(source)
            self.target = NamePattern(target)
        }
    }

    /// A table and the name of its copy.
    package struct Pair: Hashable, Sendable {
        package var source: String
        package var target: String
    }

    package var rules: [Rule]
    package var excluded: [NamePattern]

    package init(rules: [Rule], excluded: [NamePattern] = []) {
        self.rules = rules
        self.excluded = excluded
    }

    /// Names must be looked up before it is known what is copied.
    package var needsNames: Bool { rules.contains { !$0.source.isLiteral } }

    /// The tables to copy, in the order of their names.
    /// - Parameter names: the source's tables; only patterns look at them.
    package func pairs(of names: [String]) throws(CopyRefusal) -> [Pair] {
        let pairs = matching(names).filter { pair in
            !excluded.contains { $0.match(pair.source) != nil }
        }
        try checkMatches(names)
        try checkTargets(pairs)
        return pairs
    }

    /// Those that a rule names, excluded ones too.
    private func matching(_ names: [String]) -> [Pair] {
        let literal = rules.filter(\.source.isLiteral).map(\.source.text)
        return Set(names).union(literal).sorted().compactMap { name in
            rule(for: name).map { Pair(source: name, target: $0.target) }
        }
    }

    /// The rule that a table is copied by, and the name of its copy.
    private func rule(for name: String) -> (number: Int, target: String)? {
        for (number, rule) in rules.enumerated() {
            if let stars = rule.source.match(name) {
                return (number, rule.target.filled(with: stars))
            }
        }
        return nil
    }

    /// Pairs whose source is called as the copy of another by the same pattern, with that other's
    /// source: `rs-0-copy` of `rs-*`, copied as `rs-*-copy`. The other may be excluded.
    /// - Parameter names: the source's tables.
    package func namedAsCopies(in pairs: [Pair], of names: [String]) -> [(pair: Pair, of: Pair)] {
        let all = matching(names)
        let byTarget = Dictionary((pairs + all).map { ($0.target, $0) }) { first, _ in first }
        return pairs.compactMap { pair in
            guard let other = byTarget[pair.source], other != pair,
                let rule = rule(for: pair.source)?.number, !rules[rule].source.isLiteral,
                self.rule(for: other.source)?.number == rule
            else { return nil }
            return (pair, other)
        }
    }

    /// A pattern that matches nothing is a slip of the pen, not a wish.
    private func checkMatches(_ names: [String]) throws(CopyRefusal) {
        for rule in rules where !rule.source.isLiteral {
            guard !names.contains(where: { rule.source.match($0) != nil }) else { continue }
            let some = names.sorted().prefix(3).joined(separator: ", ")
            throw CopyRefusal(
                "no source table matches \(rule.source.text)",
                hint: names.isEmpty
                    ? "there are no tables: check the region and the account"
                    : "found \(names.count.counted("table")), such as \(some)")
        }
    }

    /// (API reference, CreateTable.)
    private static let nameLengths = 3...255

    private func checkTargets(_ pairs: [Pair]) throws(CopyRefusal) {
        guard !pairs.isEmpty else {
            throw CopyRefusal("every table is excluded", hint: "look at --exclude")
        }
        var sources: [String: String] = [:]
        for pair in pairs {
            if let other = sources.updateValue(pair.source, forKey: pair.target) {
                throw CopyRefusal(
                    "\(other) and \(pair.source) would both be copied to \(pair.target)",
                    hint: "leave one out with --exclude, or name it otherwise with --rename")
            }
        }
        for pair in pairs {
            if !pair.target.contains("/"), !Self.nameLengths.contains(pair.target.utf8.count) {
                throw CopyRefusal(
                    "\(pair.source) would be copied to \(pair.target), which is no name of a table:"
                        + " it has \(pair.target.utf8.count.counted("character"))",
                    hint: "a table's name has 3 to 255; name it otherwise with --rename")
            }
        }
    }
}
