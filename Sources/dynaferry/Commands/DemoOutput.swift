import CommandLine

/// What a demo shows at its end: what its copies have said, and what the comparison found.
struct DemoOutput: Equatable {
    /// Of the last copy stdout gets the report for programs, and nothing else.
    let isReport: Bool
    private(set) var results: [String] = []
    private(set) var notes: [String] = []

    init(isReport: Bool) { self.isReport = isReport }

    /// Takes what the next copy has written to stdout.
    mutating func add(_ lines: [String]) {
        if isReport {
            // Only the last copy writes a report.
            notes += results
            results = lines
        } else {
            results += lines
        }
    }

    /// Takes what was found; a list of tables, which follows an empty line, stays the last.
    mutating func add(_ comparison: DemoCommand.Comparison) {
        if isReport {
            notes.append(comparison.line)
        } else {
            let place = results.lastIndex(of: "") ?? results.endIndex
            results.insert(comparison.line, at: place)
        }
    }

    func tell(_ console: Console) {
        if !notes.isEmpty { console.note(notes.joined(separator: "\n")) }
        if !results.isEmpty { console.show(results.joined(separator: "\n")) }
    }
}

extension DemoCommand.Comparison {
    fileprivate var line: String {
        let found = differences == 0 ? "no difference" : differences.counted("difference")
        return "  compared      \(itemsCompared.counted("item")): \(found)"
    }
}
