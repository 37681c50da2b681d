import CommandLine
import DynamoModel
import JSON
import Jobs
import Status
import System
import Transfer

/// A plan in words, and as JSON.
struct PlanReport {
    let plan: CopyPlan
    let prices: PriceTable
    /// Actions that the copy needs and that were not tried.
    let unchecked: [String]

    private static let head = [
        "table", "copy", "", "items", "size", "read units", "write units", "time", "cost",
    ]

    var lines: [String] {
        var lines = Columns.lines([Self.head] + plan.tables.map(row) + total, rightAligned: 3...8)
        lines.append("")
        if let job = plan.job {
            lines.append("would go on with job \(job.id), \(job.percent) % done")
        }
        if let text = plan.totals.description { lines.append(text) }
        if let all = plan.atTotals {
            let time = Duration.milliseconds(Int64(clamping: all.seconds * 1_000)).spelled
            lines.append("all tables take \(time) at least, held back by the \(all.by)")
        }
        for table in plan.tables {
            if let by = table.heldBackBy { lines.append("\(table.source): held back by its \(by)") }
            for index in table.indexUnits {
                lines.append(
                    "\(table.source): \(index.units.fixed(0)) write units to index \(index.name)")
            }
            lines += settings(of: table).map { "\(table.source): \($0)" }
            for warning in table.warnings { lines.append("\(table.source): \(warning)") }
            if let findings = table.findings { lines += ItemText(findings, table.source).lines }
        }
        if !unchecked.isEmpty {
            lines.append("not tried: \(unchecked.joined(separator: ", ")); see --iam")
        }
        lines.append(
            "estimates from what the tables report, up to six hours old, and a few pages;"
                + " prices of \(prices.region), \(prices.date)")
        return lines
    }

    private func settings(of table: TablePlan) -> [String] {
        let report = table.settings
        var lines: [String] = []
        if !report.carried.isEmpty {
            lines.append("carries \(report.carried.joined(separator: ", "))")
        }
        switch table.billing {
        case .onDemand?: lines.append("is made on demand")
        case .provisioned(let units)?:
            lines.append(
                "is made with \((units.readUnits ?? 0).grouped) read and"
                    + " \((units.writeUnits ?? 0).grouped) write units")
        case nil: break
        }
        switch table.indexes {
        case .with?: lines.append("global indexes are made with the table")
        case .after?: lines.append("global indexes are made after its items have arrived")
        case nil: break
        }
        lines += report.notCarried.map { "does not carry \($0)" }
        lines += report.differences.map { "leaves as it is: \($0)" }
        return lines
    }

    private func row(_ table: TablePlan) -> [String] {
        let what = table.refusal != nil ? "refused" : table.creates ? "new" : "exists"
        return [
            table.source, table.target, what, known(table.items) { $0.grouped },
            known(table.bytes) { Double($0).inDecimalBytes },
            known(table.readUnits) { $0.fixed(0) },
            known(table.writeUnits) { $0.fixed(0) },
            table.seconds.map { Duration.milliseconds(Int64(clamping: $0 * 1_000)).spelled } ?? "-",
            known(table.dollars, dollars),
        ]
    }

    private var total: [[String]] {
        guard plan.tables.count > 1 else { return [] }
        return [
            [
                "all", "", "", known(plan.items) { $0.grouped },
                known(plan.bytes) { Double($0).inDecimalBytes },
                known(plan.readUnits) { $0.fixed(0) }, known(plan.writeUnits) { $0.fixed(0) }, "",
                known(plan.dollars, dollars),
            ]
        ]
    }

    private func known<Value>(_ value: Value?, _ text: (Value) -> String) -> String {
        value.map(text) ?? "?"
    }

    private func dollars(_ amount: Double) -> String {
        amount > 0 && amount < 0.01 ? "< $0.01" : "$\(amount.fixed(2))"
    }

    var json: JSON {
        var json: JSON = [
            "isRefused": .bool(plan.isRefused), "job": plan.job.map { .string($0.id) } ?? nil,
            "items": plan.items.map { JSON($0) } ?? nil,
            "bytes": plan.bytes.map { JSON($0) } ?? nil,
            "readUnits": Self.number(plan.readUnits), "writeUnits": Self.number(plan.writeUnits),
            "dollars": Self.number(plan.dollars),
            "totalReadLimit": Self.number(plan.totals.read),
            "totalWriteLimit": Self.number(plan.totals.write),
            "secondsAtTotals": Self.number(plan.atTotals?.seconds),
            "unchecked": .array(unchecked.map { .string($0) }),
            "prices": ["region": .string(prices.region), "date": .string(prices.date)],
        ]
        json["tables"] = .array(plan.tables.map(Self.entry))
        return json
    }

    private static func entry(_ table: TablePlan) -> JSON {
        [
            "source": .string(table.source), "target": .string(table.target),
            "creates": .bool(table.creates), "billing": billing(table),
            "items": table.items.map { JSON($0) } ?? nil,
            "bytes": table.bytes.map { JSON($0) } ?? nil, "readUnits": number(table.readUnits),
            "writeUnits": number(table.writeUnits),
            "indexUnits": .object(
                table.indexUnits.map { JSON.Member($0.name, JSON($0.units)) }),
            "readLimit": number(table.readLimit), "writeLimit": number(table.writeLimit),
            "seconds": number(table.seconds),
            "heldBackBy": table.heldBackBy.map { .string($0) } ?? nil,
            "dollars": number(table.dollars),
            "settings": table.settings.json,
            "indexes": table.indexes.map { .string($0.rawValue) } ?? nil,
            "warnings": .array(table.warnings.map { .string($0) }),
            "surveyed": table.findings.map { ItemText($0, table.source).json } ?? nil,
            "refusal": table.refusal.map { .string($0.message) } ?? nil,
        ]
    }

    /// As CreateTable has it; null of a table that is there.
    private static func billing(_ table: TablePlan) -> JSON {
        switch table.billing {
        case .onDemand?: ["mode": "on-demand"]
        case .provisioned(let units)?:
            [
                "mode": "provisioned", "readUnits": JSON(units.readUnits ?? 0),
                "writeUnits": JSON(units.writeUnits ?? 0),
            ]
        case nil: nil
        }
    }

    private static func number(_ value: Double?) -> JSON { value.map { JSON($0) } ?? nil }
}
