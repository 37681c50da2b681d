import DynamoModel
import Status
import System

/// The ways by which a table, or several, can come to its target, beside one another.
package struct PlannedWays: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// dynaferry reads the table and writes the items.
        case scan = "scan and write"
        /// DynamoDB exports it, dynaferry writes the items.
        case snapshot = "snapshot and write"
        /// DynamoDB exports it and makes the target of that.
        case importTable = "snapshot and ImportTable"
        /// DynamoDB exports it and puts the items.
        case bulkPut = "snapshot and bulk-put"
    }

    /// Why a way can't be taken, and of which table that holds.
    package struct Obstacle: Equatable, Sendable {
        package var reason: String
        package var table: String
    }

    package struct Way: Equatable, Sendable {
        package var kind: Kind
        /// Empty: it can be taken.
        package var obstacles: [Obstacle] = []
        /// Seconds that dynaferry takes at least; nil: unknown.
        package var seconds: Double?
        /// DynamoDB works on it besides, for some minutes at least; it promises no time.
        package var waitsForService = false
        /// Units consumed; nil: unknown.
        package var readUnits: Double?
        package var writeUnits: Double?
        /// Dollars of the copy itself; nil: unknown.
        package var dollars: Double?
        /// What is not in ``dollars``, as nobody knows its price.
        package var unknown: [String] = []
        /// What is set once the items are there.
        package var afterwards: [String] = []

        package var isPossible: Bool { obstacles.isEmpty }
    }

    /// What decides besides the plan of a copy.
    package struct Facts: Equatable, Sendable {
        /// Point-in-time recovery of the source; nil: it could not be looked up.
        package var isRecoverable: Bool?
        package var hasLocalIndexes: Bool
        package var isGlobalTarget = false
        /// What only dynaferry does with items, as an option.
        package var changes: String?
        /// Both sides are in one partition of AWS.
        package var isOnePartition: Bool
        /// Of the table with its local indexes.
        package var tableBytes: Int?
        /// What is set after an import.
        package var afterImport: [String]

        package init(
            isRecoverable: Bool?, hasLocalIndexes: Bool, isOnePartition: Bool, tableBytes: Int?,
            afterImport: [String]
        ) {
            self.isRecoverable = isRecoverable
            self.hasLocalIndexes = hasLocalIndexes
            self.isOnePartition = isOnePartition
            self.tableBytes = tableBytes
            self.afterImport = afterImport
        }
    }

    package private(set) var ways: [Way]
    package private(set) var recommended: Kind
    /// Why, in words.
    package private(set) var reason: String

    /// - Parameter plan: of a copy that reads the table itself.
    init(_ plan: TablePlan, _ facts: Facts, _ prices: PriceTable) {
        let ways = Kind.allCases.map { Self.way($0, plan, facts, prices) }
        self.init(ways)
    }

    private init(_ ways: [Way]) {
        self.ways = ways
        (recommended, reason) = Self.choice(ways)
    }

    package subscript(kind: Kind) -> Way? { ways.first { $0.kind == kind } }

    /// How `--via` loads the target: by ImportTable where that can make it.
    /// - Parameter load: as `--load` says.
    package func loading(_ load: ServiceLoad?) -> Kind {
        switch load {
        case .importTable: .importTable
        case .bulkPut: .bulkPut
        case nil: self[.importTable]?.isPossible == true ? .importTable : .snapshot
        }
    }

    // MARK: One way

    private static func way(
        _ kind: Kind, _ plan: TablePlan, _ facts: Facts, _ prices: PriceTable
    ) -> Way {
        var way = Way(kind: kind)
        way.obstacles = obstacles(kind, plan, facts)
        guard kind != .scan else {
            way.seconds = plan.time?.seconds
            (way.readUnits, way.writeUnits) = (plan.readUnits, plan.writeUnitsOfAll)
            (way.dollars, way.unknown) = (plan.cost.once, plan.cost.unknown)
            return way
        }
        way.waitsForService = true
        way.readUnits = 0
        let export = prices.exportGB.flatMap { price in
            facts.tableBytes.map { Double($0) / 1e9 * price }
        }
        way.unknown = ["requests to the bucket"]
        switch kind {
        case .scan: break
        case .snapshot:
            way.seconds = plan.time?.seconds
            way.writeUnits = plan.writeUnitsOfAll
            way.dollars = sum([
                export, plan.cost.writes, plan.cost.indexWrites, plan.cost.boost ?? 0,
            ])
        case .importTable:
            (way.seconds, way.writeUnits) = (0, 0)
            way.afterwards = facts.afterImport
            way.dollars = sum([
                export,
                prices.importGB.flatMap { price in plan.wireBytes.map { $0 / 1e9 * price } },
            ])
        case .bulkPut:
            // It is paid by the byte, not by write units, and its price stands in no list known.
            (way.seconds, way.writeUnits) = (0, 0)
            way.unknown.append("bulk-put")
        }
        return way
    }

    private static func sum(_ parts: [Double?]) -> Double? {
        parts.reduce(0.0) { sum, part in
            guard let sum, let part else { return nil }
            return sum + part
        }
    }

    private static func obstacles(
        _ kind: Kind, _ plan: TablePlan, _ facts: Facts
    ) -> [Obstacle] {
        guard kind != .scan else { return [] }
        var found: [Obstacle] = []
        func add(_ reason: String, _ table: String) {
            found.append(Obstacle(reason: reason, table: table))
        }
        if facts.isRecoverable == false {
            add("point-in-time recovery of the source is off", plan.source)
        }
        if !facts.isOnePartition { add("the target is in another partition of AWS", plan.target) }
        guard kind != .snapshot else { return found }
        if let changes = facts.changes {
            add("\(changes), and DynamoDB loads them as they are", plan.source)
        }
        if kind == .importTable {
            if !plan.creates { add("the target exists", plan.target) }
            if facts.hasLocalIndexes { add("the source has local indexes", plan.source) }
        }
        if kind == .bulkPut, facts.isGlobalTarget {
            add("the target is a global table", plan.target)
        }
        return found
    }

    // MARK: All of them

    /// A way that costs less than this less is not worth a bucket.
    private static let worthDollars = 1.0

    private static func choice(_ ways: [Way]) -> (Kind, String) {
        guard let scan = ways.first(where: { $0.kind == .scan }) else { return (.scan, "") }
        let others = ways.filter { $0.kind != .scan && $0.isPossible && $0.dollars != nil }
        guard let cheapest = others.min(by: { ($0.dollars ?? 0) < ($1.dollars ?? 0) }) else {
            let isBarred = ways.allSatisfy { $0.kind == .scan || !$0.isPossible }
            return (
                .scan,
                isBarred ? "no other way can be taken" : "what the others cost is not known"
            )
        }
        guard let dollars = scan.dollars, let other = cheapest.dollars else {
            return (.scan, "what it costs is not known")
        }
        let saved = dollars - other
        guard saved >= worthDollars else {
            return (.scan, "no other way costs \(worthDollars.inDollars) less")
        }
        return (cheapest.kind, "it costs \(saved.inDollars) less than \(Kind.scan.rawValue)")
    }

    /// Of several tables together: possible where it is for each.
    package static func sum(_ all: [PlannedWays]) -> PlannedWays? {
        guard let first = all.first else { return nil }
        let ways = first.ways.indices.map { place -> Way in
            let each = all.map { $0.ways[place] }
            var way = Way(kind: each[0].kind)
            way.obstacles = each.flatMap(\.obstacles)
            way.waitsForService = each[0].waitsForService
            way.seconds = sum(each.map(\.seconds))
            way.readUnits = sum(each.map(\.readUnits))
            way.writeUnits = sum(each.map(\.writeUnits))
            way.dollars = sum(each.map(\.dollars))
            way.unknown = Set(each.flatMap(\.unknown)).sorted()
            way.afterwards = Set(each.flatMap(\.afterwards)).sorted()
            return way
        }
        return PlannedWays(ways)
    }
}
