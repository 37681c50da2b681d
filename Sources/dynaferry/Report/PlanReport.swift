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

    var json: JSON {
        var json: JSON = [
            "isRefused": .bool(plan.isRefused), "job": plan.job.map { .string($0.id) } ?? nil,
            "items": plan.items.map { JSON($0) } ?? nil,
            "bytes": plan.bytes.map { JSON($0) } ?? nil,
            "readUnits": Self.number(plan.readUnits), "writeUnits": Self.number(plan.writeUnits),
            "dollars": Self.number(plan.cost.once), "cost": Self.cost(plan.cost),
            "seconds": Self.number(plan.time?.seconds),
            "heldBackBy": plan.time?.heldBackBy.map { .string($0) } ?? nil,
            "tablesAtOnce": JSON(plan.width),
            "totalReadLimit": Self.number(plan.totals.read),
            "totalWriteLimit": Self.number(plan.totals.write),
            "secondsAtTotals": Self.number(plan.atTotals?.seconds),
            "unchecked": .array(unchecked.map { .string($0) }),
            "prices": ["region": .string(prices.region), "date": .string(prices.date)],
        ]
        json["ways"] = plan.ways.map(WaysText.json) ?? nil
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
            "writeUnitsPlusMinus": number(table.writeUnitsPlusMinus),
            "indexUnits": .object(
                table.indexUnits.map { JSON.Member($0.name, JSON($0.units)) }),
            "indexUnitsPlusMinus": .object(
                table.indexUnits.map { JSON.Member($0.name, number($0.plusMinus)) }),
            "readLimit": number(table.readLimit), "writeLimit": number(table.writeLimit),
            "seconds": number(table.time?.seconds),
            "heldBackBy": table.time.map { .string($0.heldBackBy) } ?? nil,
            "dollars": number(table.dollars),
            "cost": cost(table.cost, table.path), "boost": boost(table.boost),
            "settings": table.settings.json,
            "indexes": table.indexes.map { .string($0.rawValue) } ?? nil,
            "exports": .array(table.chain.map { .string($0) }),
            "warnings": .array(table.warnings.map { .string($0) }),
            "surveyed": table.findings.map { ItemText($0, table.source).json } ?? nil,
            "ways": table.ways.map(WaysText.json) ?? nil,
            "way": table.way.map { .string($0.rawValue) } ?? nil,
            "refusal": table.refusal.map { .string($0.message) } ?? nil,
        ]
    }

    private static func cost(_ cost: CostParts, _ path: TransferPath? = nil) -> JSON {
        var json: JSON = [
            "reads": number(cost.reads), "writes": number(cost.writes),
            "indexWrites": number(cost.indexWrites), "transfer": number(cost.transfer),
            "boost": number(cost.boost), "once": number(cost.once),
            "storageMonth": number(cost.storageMonth),
        ]
        if let path { json["transferPath"] = .string(path.rawValue) }
        return json
    }

    private static func boost(_ boost: PlannedBoost?) -> JSON {
        guard let boost else { return nil }
        return [
            "units": JSON(boost.units), "isAsked": .bool(boost.isAsked),
            "seconds": JSON(boost.seconds), "secondsWithout": JSON(boost.secondsWithout),
            "dollars": number(boost.dollars),
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
