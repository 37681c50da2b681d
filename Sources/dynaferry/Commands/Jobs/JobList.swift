import CommandLine
import Jobs

/// Many jobs, a line each, as wide as the terminal at most.
///
/// An id is always whole, to be copied. What there is no room for is left out, the least needed
/// first; names of tables are cut before.
struct JobList {
    /// Seconds since 1970.
    let now: Double
    /// Columns of the terminal.
    let width: Int

    private struct Column {
        var head: String
        var isFigure = false
        /// One for each job.
        var cells: [String]

        var width: Int { ([head] + cells).map(\.count).max() ?? 0 }

        /// Long cells end in two dots.
        func cut(to width: Int) -> Column {
            var column = self
            column.cells = cells.map {
                $0.count > width ? String($0.prefix(width - 2)) + ".." : $0
            }
            return column
        }
    }

    func lines(_ views: [JobView]) -> [String] {
        var columns = columns(views)
        if let last = columns.last, case let space = last.width - excess(columns),
            space < last.width
        {
            columns[columns.count - 1] = last.cut(to: max(space, Self.tablesWidthMin))
        }
        var leastNeeded = Self.leastNeeded[...]
        while excess(columns) > 0, let head = leastNeeded.popFirst() {
            columns.removeAll { $0.head == head }
        }
        let rows = views.indices.map { row in columns.map { $0.cells[row] } }
        let figures = columns.indices.filter { columns[$0].isFigure }
        // They stand beside each other.
        let right = figures.first.map { $0...(figures.last ?? $0) } ?? columns.count...columns.count
        return Columns.lines([columns.map(\.head)] + rows, rightAligned: right)
    }

    /// By how much a row is too wide.
    private func excess(_ columns: [Column]) -> Int {
        columns.reduce(-Self.gap) { $0 + $1.width + Self.gap } - width
    }

    /// Spaces between two columns.
    private static let gap = 2
    /// Less of two tables' names says nothing.
    private static let tablesWidthMin = 16
    private static let leastNeeded = [
        "FROM AND TO", "ITEMS/S", "DEAD", "UPDATED", "TABLES", "ITEMS", "DONE",
    ]

    private func columns(_ views: [JobView]) -> [Column] {
        func column(_ head: String, isFigure: Bool = false, _ cell: (JobView) -> String) -> Column {
            Column(head: head, isFigure: isFigure, cells: views.map(cell))
        }
        func figure(
            _ head: String, where isNeeded: (JobView) -> Bool = { _ in true },
            _ cell: (JobView) -> String
        ) -> [Column] {
            views.contains(where: isNeeded) ? [column(head, isFigure: true, cell)] : []
        }
        return [column("JOB", \.id), column("STATE", \.state.rawValue)]
            + figure("DONE") { "\($0.record.percent) %" }
            + figure("ITEMS") { $0.record.progress.itemsOnce.grouped }
            + figure("ITEMS/S", where: \.isRunning) {
                $0.isRunning ? $0.record.progress.itemsPerSecond.fixed(0) : "-"
            }
            + figure("DEAD", where: { $0.deadLetters > 0 }, { $0.deadLetters.grouped })
            + figure("TABLES", where: { $0.tables.count > 1 }, { $0.tables.count.grouped })
            + [
                column("UPDATED") { JobText.age($0.record.updated, now) + " ago" },
                column("FROM AND TO", copies),
            ]
    }

    private func copies(_ view: JobView) -> String {
        guard let first = view.tables.first else { return "-" }
        let joint = view.record.kind == .copy ? "to" : "with"
        return "\(first.source) \(joint) \(first.target)" + (view.tables.count > 1 ? ", ..." : "")
    }
}
