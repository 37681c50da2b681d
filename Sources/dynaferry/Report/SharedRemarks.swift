import CommandLine
import Jobs
import Status

/// What is to be said of tables, once for all that it holds for.
///
/// Remarks that differ in nothing but their tables' names are the same: a `*` stands for the name.
struct SharedRemarks {
    private var groups: [Group] = []

    private struct Group {
        /// With `*` for names of its table.
        var key: String
        /// As it was said of the first table.
        var first: String
        var tables: [String]
    }

    /// - Parameters:
    ///   - table: as it is named before the remark.
    ///   - names: those that may stand in the text.
    mutating func add(_ text: String, of table: String, names: [String]) {
        let key = names.sorted { $0.count > $1.count }.filter { !$0.isEmpty }
            .reduce(text) { $0.replacing($1, with: "*") }
        if let index = groups.firstIndex(where: { $0.key == key }) {
            groups[index].tables.append(table)
        } else {
            groups.append(Group(key: key, first: text, tables: [table]))
        }
    }

    /// `orders: TEXT`, or `31 tables: TEXT`, in the order in which they came.
    var lines: [String] {
        groups.map { group in
            group.tables.count == 1
                ? "\(group.tables[0]): \(group.first)"
                : "\(group.tables.count.grouped) tables: \(group.key)"
        }
    }

    /// A remark of a table that is called by its source's name.
    mutating func add(_ text: String, of table: TableStatus) {
        add(text, of: table.source, names: [table.source, table.target])
    }

    /// A remark of a table that is called by its target's name.
    mutating func add(_ text: String, ofTarget table: JobTable) {
        add(text, of: table.target, names: [table.source, table.target])
    }
}
