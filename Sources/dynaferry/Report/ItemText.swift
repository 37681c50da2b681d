import CommandLine
import Connectors
import JSON

/// What would become of a table's items, in words, and as JSON.
struct ItemText {
    private let findings: ItemSurvey.Findings
    private let table: String

    init(_ findings: ItemSurvey.Findings, _ table: String) {
        (self.findings, self.table) = (findings, table)
    }

    var lines: [String] {
        var lines = ["", "\(table): \(looked)"]
        let places = findings.allPlaces
        if !places.isEmpty {
            lines += Columns.lines(
                [["path", "becomes", "items"]]
                    + places.map { [$0.path, Self.word($0), $0.items.grouped] },
                rightAligned: 2...2
            ).map { "  " + $0 }
        }
        for (reason, count) in findings.refusals.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(count.grouped) can't be written: \(reason)")
        }
        for example in findings.examples {
            if let before = example.before { lines.append("  before  \(before.text)") }
            lines.append(
                example.after.map { "  after   \($0.text)" }
                    ?? "  refused \(example.refusal ?? "")")
        }
        return lines
    }

    private var looked: String {
        let items = findings.items.counted("item was checked", "items were checked")
        let whole = findings.isComplete ? "all of them" : "a sample: --full checks all"
        let left = findings.unwanted > 0 ? "; \(findings.unwanted.grouped) of them not wanted" : ""
        return "\(items), \(whole)\(left)"
    }

    private static func word(_ place: ItemSurvey.Place) -> String {
        switch place.action {
        case "keep"?: "kept"
        case "remove"?: "removed"
        case "hash"?: "hashed"
        case "mask"?: "masked"
        case "set"?: "set"
        default: "refused"
        }
    }

    var json: JSON {
        [
            "items": JSON(findings.items), "unwanted": JSON(findings.unwanted),
            "isComplete": .bool(findings.isComplete), "refused": JSON(findings.refused),
            "refusals": .object(
                findings.refusals.sorted { $0.key < $1.key }
                    .map { JSON.Member($0.key, JSON($0.value)) }),
            "places": .array(
                findings.allPlaces.map {
                    [
                        "path": .string($0.path), "becomes": .string(Self.word($0)),
                        "items": JSON($0.items),
                    ]
                }),
            "examples": .array(
                findings.examples.map { example in
                    [
                        "before": example.before ?? nil, "after": example.after ?? nil,
                        "refusal": example.refusal.map { .string($0) } ?? nil,
                    ]
                }),
        ]
    }
}
