import CommandLine
import DynamoModel
import JSON
import Schema
import System

/// A file of rules: for patterns of tables, what happens to each place of their items.
///
/// ```
/// {
///     "users*": {
///         "keep": ["id", "address.country"],
///         "remove": ["ssn", "cards[*].cvv"],
///         "hash": ["email"],         // or {"email": 20}, so many characters
///         "mask": {"name": 2},       // all but the last 2 characters
///         "set": {"note": "'removed'"},
///         "may-repeat": ["city"],    // may stand elsewhere, too: it is not searched for
///         "otherwise": "refuse",     // or remove, or keep
///     },
/// }
/// ```
package struct RulesFile {
    private struct Table {
        let pattern: NamePattern
        let rules: ItemRules
        let origin: ConfigOrigin
    }

    private var tables: [Table] = []
    private let text: ConfigText
    private let context: ValueContext

    /// Larger than this is no file that a person writes; in bytes.
    private static let bytesMax = 4 << 20

    /// - Parameter context: what expressions may ask for.
    package init(_ path: String, _ context: ValueContext) throws(UsageError) {
        let bytes: [UInt8]
        do {
            bytes = try WholeFile.bytes(ofFileAt: path, bytesMax: Self.bytesMax)
        } catch {
            throw UsageError(
                "--rules: \(error.description)", hints: ["--rules names a file of rules"])
        }
        try self.init(bytes, path: path, context)
    }

    package init(_ bytes: [UInt8], path: String, _ context: ValueContext) throws(UsageError) {
        text = ConfigText(path: path, bytes: bytes)
        self.context = context
        let document = try text.document()
        guard case .object(let members) = document.content, !members.isEmpty else {
            throw text.origin("the file", document).unexpected(
                "an object with a table's name or a pattern in front of each table's rules",
                hints: [#"{"users*": {"keep": ["id"], "remove": ["ssn"]}}"#])
        }
        for member in members { try read(member) }
    }

    private mutating func read(_ member: LocatedJSON.Member) throws(UsageError) {
        let origin = text.origin(member)
        guard !tables.contains(where: { $0.pattern.text == member.name }) else {
            throw origin.error("is given twice", hints: ["write its rules into one object"])
        }
        guard case .object(let parts) = member.value.content else {
            throw origin.unexpected(
                "an object of rules", hints: [#"such as {"keep": ["id"], "remove": ["ssn"]}"#])
        }
        var reader = RulesReader(text, context)
        for part in parts { try reader.read(part) }
        tables.append(
            Table(
                pattern: NamePattern(member.name), rules: try reader.rules(origin), origin: origin))
    }

    /// Refuses rules that none of a run's tables has.
    package func check(for names: [String]) throws(UsageError) {
        for table in tables where !names.contains(where: { table.pattern.match($0) != nil }) {
            throw table.origin.error(
                "no table has this name",
                hints: ["the tables are \(Array(names.prefix(5)).formattedList(joinedBy: "and"))"])
        }
        for name in names { _ = try rules(for: name) }
    }

    /// Those of one table: the ones with its name, or else with the only pattern that matches.
    package func rules(for name: String) throws(UsageError) -> ItemRules {
        let matching = tables.filter { $0.pattern.match(name) != nil }
        if let own = matching.first(where: \.pattern.isLiteral) { return own.rules }
        guard let first = matching.first else {
            throw UsageError(
                "\(text.path) has no rules for \(name)",
                hints: [
                    "add them; to copy a table as it is: \"\(name)\": {\"otherwise\": \"keep\"}"
                ])
        }
        guard matching.count == 1 else {
            throw matching[1].origin.error(
                "matches \(name), and so does \(first.pattern.text) on line \(first.origin.line)",
                hints: ["give \(name) rules under its own name"])
        }
        return first.rules
    }
}

/// Reads what stands beside a table's name.
private struct RulesReader {
    private enum Part: String, CaseIterable {
        case keep, remove, hash, mask, set, otherwise
        case mayRepeat = "may-repeat"
    }

    private typealias Found = (path: PathPattern, action: ItemRules.Action, origin: ConfigOrigin)

    private let text: ConfigText
    private let context: ValueContext
    private var found: [Found] = []
    private var repeated: [(path: PathPattern, origin: ConfigOrigin)] = []
    private var otherwise: ItemRules.Otherwise?

    init(_ text: ConfigText, _ context: ValueContext) {
        (self.text, self.context) = (text, context)
    }

    mutating func read(_ member: LocatedJSON.Member) throws(UsageError) {
        let origin = text.origin(member)
        let names = Part.allCases.map(\.rawValue)
        guard let part = Part(rawValue: member.name) else {
            throw origin.error(
                "is not known here",
                hints: [
                    nearest(to: member.name, among: names).map { "did you mean \($0)?" }
                        ?? "there are \(names.formattedList(joinedBy: "and"))"
                ])
        }
        switch part {
        case .otherwise: try readOtherwise(member)
        case .mayRepeat:
            for (path, _, origin) in try entries(member, takesValues: false) {
                repeated.append((path, origin))
            }
        case .keep, .remove:
            for (path, _, origin) in try entries(member, takesValues: false) {
                try add(path, part == .keep ? .keep : .remove, origin)
            }
        case .hash, .mask, .set:
            for (path, value, origin) in try entries(member, takesValues: true) {
                try add(path, try action(part, value, origin), origin)
            }
        }
    }

    func rules(_ origin: ConfigOrigin) throws(UsageError) -> ItemRules {
        guard !found.isEmpty || otherwise != nil else {
            throw origin.error(
                "there is no rule", hints: [#"name what is kept: {"keep": ["id"]}"#])
        }
        for (path, origin) in repeated
        where !found.contains(where: { $0.path == path && $0.action.hides }) {
            throw origin.error(
                "\(path) is neither hashed, masked nor removed",
                hints: ["may-repeat names paths that have a rule here"])
        }
        let rules = found.map { path, action, _ in
            ItemRules.Rule(path, action, isSearched: !repeated.contains { $0.path == path })
        }
        return ItemRules(rules, otherwise: otherwise ?? .refuse)
    }

    // MARK: Parts

    private mutating func readOtherwise(_ member: LocatedJSON.Member) throws(UsageError) {
        guard otherwise == nil else {
            throw text.origin(member).error("is given twice", hints: ["leave one of them out"])
        }
        guard case .string(let word) = member.value.content,
            let value = ItemRules.Otherwise(rawValue: word)
        else {
            throw text.origin(member).unexpected(
                "refuse, remove or keep", hints: [#""otherwise": "refuse""#])
        }
        otherwise = value
    }

    /// Paths, and what stands beside each: a list has nothing there.
    private func entries(
        _ member: LocatedJSON.Member, takesValues: Bool
    ) throws(UsageError) -> [(path: PathPattern, value: LocatedJSON?, origin: ConfigOrigin)] {
        switch member.value.content {
        case .array(let elements):
            return try elements.map { element throws(UsageError) in
                let origin = text.origin(member.name, element)
                guard case .string(let path) = element.content else {
                    throw origin.unexpected(
                        "a path, as a text", hints: [#""\#(member.name)": ["id", "cards[*].cvv"]"#])
                }
                return (try self.path(path, origin), nil, origin)
            }
        case .object(let members) where takesValues:
            return try members.map { entry throws(UsageError) in
                let origin = text.origin(
                    "\(member.name): \(entry.name)", entry.value)
                return (try path(entry.name, origin), entry.value, origin)
            }
        default:
            throw text.origin(member).unexpected(
                takesValues ? "an object of paths" : "a list of paths",
                hints: [
                    takesValues
                        ? #""mask": {"name": 2}, "set": {"note": "'none'"}"#
                        : #""\#(member.name)": ["id", "cards[*].cvv"]"#
                ])
        }
    }

    private func path(_ path: String, _ origin: ConfigOrigin) throws(UsageError) -> PathPattern {
        do throws(ExpressionError) {
            return try PathPattern(path)
        } catch {
            throw origin.error(
                error.text(in: path),
                hints: ["a path is made of names, .NAME, [0] and [*]: cards[*].cvv"])
        }
    }

    private func action(
        _ part: Part, _ value: LocatedJSON?, _ origin: ConfigOrigin
    ) throws(UsageError) -> ItemRules.Action {
        switch part {
        case .hash:
            guard let key = context.key else {
                throw origin.error(
                    "hash requires --secret-file", hints: ["--secret-file names a file with a key"])
            }
            guard let value else { return .hash(key, length: SecretKey.lengthUsual) }
            guard let length = value.int(in: SecretKey.lengths) else {
                throw origin.unexpected(
                    "how many characters: \(SecretKey.lengths.lowerBound) to"
                        + " \(SecretKey.lengths.upperBound)", hints: [#""hash": {"email": 20}"#])
            }
            return .hash(key, length: length)
        case .mask:
            guard let count = value?.int(in: 0...1_000) else {
                throw origin.unexpected(
                    "a path, and how many of the last characters are left",
                    hints: [#""mask": {"name": 2}"#])
            }
            return .mask(count)
        case .set:
            guard case .string(let expression)? = value?.content else {
                throw origin.unexpected(
                    "a path, and an expression as a text", hints: [#""set": {"note": "'none'"}"#])
            }
            do throws(ExpressionError) {
                return .set(expression, try ValueExpression(expression, context))
            } catch {
                throw origin.error(
                    error.text(in: expression), hints: [TransformArguments.quotesHint])
            }
        case .keep: return .keep
        case .remove, .otherwise, .mayRepeat: return .remove
        }
    }

    private mutating func add(
        _ path: PathPattern, _ action: ItemRules.Action, _ origin: ConfigOrigin
    ) throws(UsageError) {
        for other in found {
            if other.path == path {
                throw origin.error(
                    "\(path) is given twice, first on line \(other.origin.line)",
                    hints: ["leave one of them out"])
            }
            try Self.check(path, within: other.path, other.action, origin)
            try Self.check(other.path, within: path, action, origin)
        }
        found.append((path, action, origin))
    }

    private static func check(
        _ inner: PathPattern, within outer: PathPattern, _ action: ItemRules.Action,
        _ origin: ConfigOrigin
    ) throws(UsageError) {
        guard action.isWhole, outer.leads(to: inner) else { return }
        throw origin.error(
            "\(inner) lies within \(outer), which \(action.word) changes as a whole",
            hints: ["leave out the rule of one of them"])
    }
}

extension LocatedJSON {
    fileprivate func int(in range: ClosedRange<Int>) -> Int? {
        if case .number(let text) = content { CheckedNumber.int(text, in: range) } else { nil }
    }
}
