import CommandLine
import DynamoModel
import Jobs
import Status
import System
import Transfer

extension PlanReport {
    /// A block for one table; for several a row for each, and a block for all.
    var lines: [String] {
        var lines: [String] = []
        if let job = plan.job {
            lines.append("would resume job \(job.id), \(job.percent) % done")
        }
        if plan.tables.count == 1, let table = plan.tables.first {
            lines += PlanBlock(table).lines
        } else {
            lines += rows + [""] + all
        }
        lines += plan.ways.map { [""] + WaysText($0, of: plan.tables.count).lines } ?? []
        let notes = plan.tables.flatMap(notes)
        if !notes.isEmpty { lines += [""] + notes }
        var ends: [String] = []
        if !unchecked.isEmpty {
            ends.append(
                "not tried: \(unchecked.count.counted("permission")) to write; --iam lists them")
        }
        ends.append(
            "Estimates: items and sizes as the tables report them, up to six hours old; the rest"
                + " from a few pages. Times are the least that limits and capacity allow. Prices"
                + " of \(prices.region), \(prices.date).")
        return lines + [""] + ends.flatMap { $0.wrapped(to: PlanBlock.width, hanging: 2) }
    }

    // MARK: Several tables

    private static let head = [" ", "items", "size", "read units", "write units", "time", "cost"]

    /// Of each table a line of names and one of figures.
    private var rows: [String] {
        let figures = Columns.lines([Self.head] + plan.tables.map(row), rightAligned: 1...6)
        return [figures[0]]
            + zip(plan.tables, figures.dropFirst()).flatMap { table, figures in
                let title = PlanBlock.title(of: table) + PlanBlock.hold(table.time)
                return title.wrapped(to: PlanBlock.width, hanging: 2)
                    + (table.refusal == nil ? [figures] : [])
            }
    }

    private func row(_ table: TablePlan) -> [String] {
        [
            " ", PlanBlock.known(table.items) { $0.grouped },
            PlanBlock.known(table.bytes) { Double($0).inDecimalBytes },
            PlanBlock.known(table.readUnits) { $0.groupedWhole },
            PlanBlock.known(table.writeUnitsOfAll) { $0.groupedWhole },
            PlanBlock.known(table.time?.seconds, PlanBlock.duration),
            PlanBlock.known(table.dollars, PlanBlock.dollars),
        ]
    }

    /// The sum of all tables.
    private var all: [String] {
        let (count, width) = (plan.tables.count, min(plan.width, plan.tables.count))
        var block = PlanBlock("all \(count.counted("table")), \(width) at a time")
        block.add("items", plan.items, plan.bytes)
        block.add("read units", PlanBlock.known(plan.readUnits) { $0.groupedWhole })
        block.add("write units", PlanBlock.known(plan.writeUnitsOfAll) { $0.groupedWhole })
        let time = PlanBlock.known(plan.time) { time in
            let held = time.heldBackBy.map { ", held back by: \($0)" } ?? ""
            return "\(PlanBlock.duration(time.seconds)) at least\(held)"
        }
        block.add("time", time)
        block.add(plan.cost)
        return block.lines + (plan.totals.description.map { [$0] } ?? [])
    }

    // MARK: Notes

    /// What becomes of a table's settings, and what to look out for.
    private func notes(on table: TablePlan) -> [String] {
        var notes = settings(of: table)
        if plan.tables.count > 1 {
            notes =
                table.indexUnits.map { "\(PlanBlock.units($0)) write units are index \($0.name)'s" }
                + PlanBlock.boost(table) + notes
        }
        if let way = table.way {
            let why = table.ways?[.importTable].map { WaysText.text($0.obstacles) } ?? ""
            notes.append(
                "--via takes \(way.rawValue)" + (way == .snapshot && !why.isEmpty ? ": \(why)" : "")
            )
        }
        notes += table.warnings
        let isOnly = plan.tables.count == 1
        let lines = notes.flatMap { note in
            (isOnly ? note : "\(table.source): \(note)")
                .wrapped(to: PlanBlock.width, hanging: 2)
        }
        guard let findings = table.findings else { return lines }
        return lines + ItemText(findings, table.source).lines
    }

    private func settings(of table: TablePlan) -> [String] {
        let report = table.settings
        var lines: [String] = []
        if !report.carried.isEmpty {
            lines.append("carries \(report.carried.joined(separator: ", "))")
        }
        if case .provisioned(let units)? = table.billing {
            lines.append(
                "is made with \((units.readUnits ?? 0).grouped) read and"
                    + " \((units.writeUnits ?? 0).grouped) write units")
        }
        switch table.indexes {
        case .with?: lines.append("global indexes are made with the table")
        case .after?: lines.append("global indexes are made after its items have arrived")
        case nil: break
        }
        lines += report.notCarried.map { "does not carry \($0)" }
        return lines + report.differences.map { "leaves as it is: \($0)" }
    }
}

/// A title and lines of figures below each other, for a terminal of 80 columns.
struct PlanBlock {
    static let width = 80
    private static let indent = 18
    private(set) var lines: [String]

    init(_ title: String) { lines = title.wrapped(to: Self.width, hanging: 2) }

    init(_ table: TablePlan) {
        self.init(Self.title(of: table))
        guard table.refusal == nil else { return }
        add("items", table.items, table.bytes)
        for (number, line) in table.chain.enumerated() { add(number == 0 ? "exports" : "", line) }
        add("read units", Self.known(table.readUnits) { $0.groupedWhole })
        if !table.writesFiles {
            let units = Self.known(table.writeUnits) { Self.text($0, table.writeUnitsPlusMinus) }
            add("write units", units)
        }
        for index in table.indexUnits {
            add("", "\(Self.units(index)) more to index \(index.name)")
        }
        add(
            "time",
            Self.known(table.time) { time in
                let rate =
                    time.seconds < 1
                    ? ""
                    : ", \(time.rate.groupedWhole) units a second"
                        + (time.bound == .growth ? " at first" : "")
                return "\(Self.duration(time.seconds)) at least\(Self.hold(time))\(rate)"
            })
        for boost in Self.boost(table) { add("", boost) }
        add(table.cost, of: table)
    }

    mutating func add(_ label: String, _ text: String) {
        let space = String(repeating: " ", count: max(1, Self.indent - 2 - label.count))
        let wrapped = text.wrapped(to: Self.width - Self.indent)
        lines.append("  \(label)\(space)\(wrapped.first ?? "")")
        lines += wrapped.dropFirst().map { String(repeating: " ", count: Self.indent) + $0 }
    }

    mutating func add(_ label: String, _ items: Int?, _ bytes: Int?) {
        let size = Self.known(bytes) { Double($0).inDecimalBytes }
        add(label, "\(Self.known(items) { $0.grouped }), \(size)")
    }

    /// - Parameter table: nil: of several.
    mutating func add(_ cost: CostParts, of table: TablePlan? = nil) {
        let unknown = cost.unknown
        let without =
            unknown.isEmpty ? "" : ", without \(unknown.formattedList(joinedBy: "and"))"
        add("cost", Self.known(cost.once) { "\(Self.dollars($0)) once\(without)" })
        add("  reads", Self.known(cost.reads, Self.dollars))
        if table?.writesFiles != true {
            add("  writes", Self.known(cost.writes, Self.dollars))
            add("  index writes", Self.known(cost.indexWrites, Self.dollars))
        }
        let path = table.map { Self.words($0.path) } ?? ""
        add("  data transfer", Self.known(cost.transfer, Self.dollars) + path)
        if cost.boost != 0 { add("  boost", Self.known(cost.boost, Self.dollars)) }
        add("storage", Self.known(cost.storageMonth) { "\(Self.dollars($0)) a month" })
    }

    // MARK: Words

    static func title(of table: TablePlan) -> String {
        let names = "\(table.source) to \(table.target)"
        if table.refusal != nil { return "\(names): refused" }
        switch table.billing {
        case .onDemand?: return "\(names): new, on demand"
        case .provisioned?: return "\(names): new, provisioned"
        case nil: return "\(names): \(table.creates ? "new" : "exists")"
        }
    }

    static func known<Value>(_ value: Value?, _ text: (Value) -> String) -> String {
        value.map(text) ?? "unknown"
    }

    static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<1: "under 1 s"
        case ..<59.5: "\(Int(clamping: seconds.rounded())) s"
        default: Duration.milliseconds(Int64(clamping: seconds * 1_000)).spelled
        }
    }

    /// Empty where there is hardly any time to hold back.
    static func hold(_ time: PlannedTime?) -> String {
        guard let time, time.seconds >= 1 else { return "" }
        return ", held back by: \(time.heldBackBy)"
    }

    static func units(_ index: TablePlan.IndexUnits) -> String {
        text(index.units, index.plusMinus)
    }

    private static func text(_ units: Double, _ plusMinus: Double?) -> String {
        guard let plusMinus, plusMinus >= 1 else { return units.groupedWhole }
        return "\(units.groupedWhole) ± \(plusMinus.groupedWhole)"
    }

    static func dollars(_ amount: Double) -> String {
        amount > 0 && amount < 0.01 ? "under $0.01" : amount.inDollars
    }

    private static func words(_ path: TransferPath) -> String {
        switch path {
        case .none: ": within one region"
        case .betweenRegions: ": from one region to another"
        case .internet: ": over the internet, to another partition of AWS"
        case .unknown: ": depends on where both sides are"
        }
    }

    static func boost(_ table: TablePlan) -> [String] {
        guard let boost = table.boost else { return [] }
        let (with, without) = (duration(boost.seconds), duration(boost.secondsWithout))
        guard boost.isAsked else {
            let price = boost.dollars.map { "for \(dollars($0)) more" } ?? "at an unknown price"
            return ["--boost-write \(boost.units) would make it \(with), \(price)"]
        }
        let price = boost.dollars.map { "\(dollars($0)) less" } ?? "cheaper, by how much is unknown"
        return ["without --boost-write: \(without), and \(price)"]
    }
}

extension Double {
    /// Without a fraction, in groups of three digits.
    var groupedWhole: String { Int(clamping: rounded()).grouped }
}
