import JSON

/// What a copy's job is known by: its tables, and whatever decides what is written.
///
/// A target is known by its endpoint and name, since before it is made it has no ARN; ids are
/// compared when the job is found, so that a table that was deleted and created again is noticed.
package struct JobIdentity: Sendable {
    package let text: String

    /// - Parameters:
    ///   - json: of the work.
    ///   - selection: what has chosen the tables, where it was a pattern.
    package init(_ json: JSON, selection: String?) {
        var json = json
        json[Self.selectionName] = selection.map { .string($0) }
        text = json.text
    }

    /// Whether two texts are of the same work: which pattern has chosen its tables has no part in
    /// it.
    package static func areSame(_ one: String, _ other: String) -> Bool {
        one == other || work(one) == work(other)
    }

    private static func work(_ text: String) -> String {
        guard var json = try? JSON(parsing: text), json.members != nil else { return text }
        json[selectionName] = nil
        return json.text
    }

    /// In words, what alone two works differ in that a user may not have meant: the secret that
    /// values are hashed with, or the rules; nil when they are the same, or differ in more.
    package static func sideDifference(_ one: String, _ other: String) -> String? {
        if areSame(one, other) { return nil }
        for (names, word) in [
            (["secret"], "another secret"), (["rules"], "other rules"),
            (["secret", "rules"], "another secret and other rules"),
        ] where work(one, without: names) == work(other, without: names) { return word }
        return nil
    }

    private static func work(_ text: String, without names: [String]) -> String {
        guard var json = try? JSON(parsing: work(text)) else { return text }
        for list in ["tables", "verify"] {
            guard let tables = json[list]?.array else { continue }
            json[list] = .array(
                tables.map { table in
                    guard var table = Optional(table), table.members != nil else { return table }
                    for name in names { table[name] = nil }
                    return table
                })
        }
        return json.text
    }

    /// Whether items of a job's table are written otherwise than they come.
    package static func changesItems(_ text: String, ofTable number: Int) -> Bool {
        guard let tables = (try? JSON(parsing: text))?["tables"]?.array,
            tables.indices.contains(number)
        else { return false }
        return ["set", "remove", "rules", "through", "keys"].contains { tables[number][$0] != nil }
    }

    static func selection(_ text: String) -> String? {
        (try? JSON(parsing: text))?[selectionName]?.string
    }

    /// The ARN, or the name, of the first table that is read.
    package static func firstSource(_ text: String) -> String? {
        let json = try? JSON(parsing: text)
        return (json?["tables"] ?? json?["verify"])?.array?.first?["source"]?.string
    }

    /// Of a copy: what each table is copied from and to.
    static func pairs(_ text: String) -> [(source: String, target: String)] {
        ((try? JSON(parsing: text))?["tables"]?.array ?? []).compactMap { table in
            guard let source = table["source"]?.string, let target = table["target"]?.string else {
                return nil
            }
            return (source, target)
        }
    }

    private static let selectionName = "selection"
}
