/// Why some of many tables were refused, or failed: tables with the same cause together.
///
/// A cause is the message of one table without that table's names. Of two tables, `there is no
/// source table a` and `there is no source table b` are one cause, `there is no source table NAME`.
package struct CauseGroups: Equatable, Sendable {
    /// One table and its outcome.
    package struct Case: Equatable, Sendable {
        package var source: String
        package var target: String
        package var message: String
        package var hint: String?

        package init(source: String, target: String, message: String, hint: String? = nil) {
            self.source = source
            self.target = target
            self.message = message
            self.hint = hint
        }

        /// A text about this table without its names: both stand as `NAME`.
        fileprivate func unnamed(_ text: String) -> String {
            // The longer first: a copy often has the name of its source in its own.
            [source, target].sorted { $0.utf8.count > $1.utf8.count }
                .reduce(text) { $0.replacingWord($1, with: CauseGroups.placeholder) }
        }
    }

    /// Tables with one cause, in the order in which they came.
    package struct Group: Equatable, Sendable {
        package fileprivate(set) var cases: [Case]

        /// The cause: of one table its message as it is.
        package var message: String {
            cases.count == 1 ? cases[0].message : cases[0].unnamed(cases[0].message)
        }

        package var hint: String? {
            cases.count == 1 ? cases[0].hint : cases[0].hint.map(cases[0].unnamed)
        }

        /// `31 tables: the target table NAME holds items: a, b, c`
        package var text: String {
            guard cases.count > 1 else { return "\(cases[0].source): \(message)" }
            var names = cases.prefix(CauseGroups.namesMax).map(\.source).joined(separator: ", ")
            if cases.count > CauseGroups.namesMax {
                names += " and \((cases.count - CauseGroups.namesMax).grouped) more"
            }
            return "\(cases.count.counted("table")): \(message): \(names)"
        }
    }

    fileprivate static let placeholder = "NAME"
    /// Tables of one cause that are named.
    fileprivate static let namesMax = 10

    /// Those with the most tables first.
    package let groups: [Group]

    package init(_ cases: [Case]) {
        var order: [String] = []
        var groups: [String: Group] = [:]
        for one in cases {
            // What to do is a part of it: it may name another job for each.
            let cause = one.unnamed(one.message) + "\n" + (one.hint.map(one.unnamed) ?? "")
            if groups[cause]?.cases.append(one) == nil {
                order.append(cause)
                groups[cause] = Group(cases: [one])
            }
        }
        // Sorting is stable: equal ones stay as they came.
        self.groups = order.compactMap { groups[$0] }.sorted { $0.cases.count > $1.cases.count }
    }

    /// One line a cause.
    package var lines: [String] { groups.map(\.text) }

    /// What to do, each once.
    package var hints: [String] {
        var hints: [String] = []
        for hint in groups.compactMap(\.hint) where !hints.contains(hint) { hints.append(hint) }
        return hints
    }
}

extension String {
    /// With `other` wherever `word` stands by itself, and not within a longer table's name.
    fileprivate func replacingWord(_ word: String, with other: String) -> String {
        guard !word.isEmpty else { return self }
        var result = ""
        var rest = self[...]
        while let range = rest.firstRange(of: word) {
            let before = range.lowerBound > startIndex ? self[index(before: range.lowerBound)] : " "
            let after = range.upperBound < endIndex ? self[range.upperBound] : " "
            let isWord = !before.isOfTableName && !after.isOfTableName
            result += rest[..<range.lowerBound] + (isWord ? other : word)
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}

extension Character {
    /// (API reference, CreateTable: the characters of a table's name.)
    fileprivate var isOfTableName: Bool {
        isASCII && (isLetter || isNumber || self == "_" || self == "-" || self == ".")
    }
}
