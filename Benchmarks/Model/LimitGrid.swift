import System

/// All points of the grid of limits, and the table of what was found.
package enum LimitGrid {
    package static let readLimits: [Double] = [25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]
    package static let writeLimits = readLimits + [20_000, 40_000]
    package static let itemBytes = [100, 400, 1024, 4096, 20 * 1024, 100 * 1024]

    package static var calm: [LimitPoint] {
        LimitPoint.Kind.allCases.flatMap { kind in
            (kind == .reads ? readLimits : writeLimits).flatMap { limit in
                itemBytes.map { LimitPoint(kind, limit: limit, itemBytes: $0) }
            }
        }
    }

    package static var troubled: [LimitPoint] {
        LimitPoint.Trouble.allCases.filter { $0 != .none }.flatMap { trouble in
            [LimitPoint.Kind.reads, .writes, .writesWithTwoIndexes].flatMap { kind in
                [100.0, 1000, 10_000].flatMap { limit in
                    [400, 4096].map {
                        LimitPoint(kind, limit: limit, itemBytes: $0, trouble: trouble)
                    }
                }
            }
        }
    }

    static func run(_ report: inout Report) {
        var failed: [String] = []
        for kind in LimitPoint.Kind.allCases {
            report.line("\n## \(kind.rawValue)\n")
            tabulate(calm.filter { $0.kind == kind }, into: &report, &failed)
        }
        report.line("\n## When things go wrong\n")
        tabulateTrouble(into: &report, &failed)
        report.line("\n## Points that do not hold\n")
        report.line(failed.isEmpty ? "None." : failed.map { "- \($0)" }.joined(separator: "\n"))
    }

    /// Rows are limits, columns item sizes; a cell shows the least and the fullest window.
    private static func tabulate(
        _ points: [LimitPoint], into report: inout Report, _ failed: inout [String]
    ) {
        report.row(["limit"] + itemBytes.map { $0 < 1024 ? "\($0) B" : "\($0 / 1024) KB" })
        report.rule(columns: itemBytes.count + 1)
        let limits = points.first?.kind == .reads ? readLimits : writeLimits
        for limit in limits {
            let cells = points.filter { $0.limit == limit }.map { point in
                cell(point, point.run(), &failed)
            }
            report.row(["\(Int(clamping: limit))"] + cells)
        }
    }

    private static func tabulateTrouble(into report: inout Report, _ failed: inout [String]) {
        report.row(["trouble", "what", "limit", "item", "windows, % of limit"])
        report.rule(columns: 5)
        for point in troubled {
            let finding = point.run()
            let percent = finding.windows
            report.row([
                point.trouble.rawValue, point.kind.rawValue, "\(Int(clamping: point.limit))",
                "\(point.itemBytes) B",
                "\((percent.lowerBound / finding.wanted * 100).text(1)) to "
                    + (percent.upperBound / finding.wanted * 100).text(1),
            ])
            // Where the target does not answer, or refuses what was paid for, there is not always
            // work; what must hold is that no window shows more.
            if !finding.isKept { failed.append(text(point, finding)) }
        }
    }

    private static func cell(
        _ point: LimitPoint, _ finding: LimitPoint.Finding, _ failed: inout [String]
    ) -> String {
        let holds = finding.isKept && finding.isUsed && finding.throttled == 0
        if !holds { failed.append(text(point, finding)) }
        let low = (finding.windows.lowerBound / finding.wanted * 100).text(1)
        let high = (finding.windows.upperBound / finding.wanted * 100).text(1)
        return "\(low) to \(high)\(holds ? "" : " **!**")"
    }

    private static func text(_ point: LimitPoint, _ finding: LimitPoint.Finding) -> String {
        "\(point): \(finding.windows.lowerBound.text(1)) to "
            + "\(finding.windows.upperBound.text(1)) units in 10 s, "
            + "\(finding.allowed.lowerBound.text(1)) to \(finding.allowed.upperBound.text(1)) "
            + "allowed; other buckets \((finding.othersMost * 100).text(1)) %; "
            + "\(finding.throttled) throttled"
    }
}
