import CommandLine
import JSON
import Status
import System
import Transfer

/// The ways from table to table, beside one another.
struct WaysText {
    private let ways: PlannedWays
    private let tables: Int

    /// - Parameter tables: how many they are of.
    init(_ ways: PlannedWays, of tables: Int) {
        self.ways = ways
        self.tables = tables
    }

    private static let head = ["way", "time", "reads", "writes", "cost"]

    var lines: [String] {
        let possible = ways.ways.filter(\.isPossible)
        guard possible.count > 1 else {
            return obstacles.flatMap { $0.wrapped(to: PlanBlock.width, hanging: 2) }
        }
        let figures = Columns.lines([Self.head] + possible.map(row), rightAligned: 1...4)
        let afterwards = possible.filter { !$0.afterwards.isEmpty }.map { way in
            "\(way.kind.rawValue): set afterwards: \(way.afterwards.joined(separator: ", "))"
        }
        let unknown = Self.grouped(possible) { way in
            way.unknown.isEmpty ? nil : way.unknown.formattedList(joinedBy: "and")
        }.map { "cost of \($0.ways): without \($0.text)" }
        let best =
            "recommended: \(ways.recommended.rawValue), since \(ways.reason)"
            + (ways.recommended.option.map { ": \($0)" } ?? "")
        return figures + ["DynamoDB promises no time: an export takes some minutes at least."]
            + (obstacles + afterwards + unknown + [best]).flatMap {
                $0.wrapped(to: PlanBlock.width, hanging: 2)
            }
    }

    /// Ways that can't be taken, those for the same reasons together.
    private var obstacles: [String] {
        Self.grouped(ways.ways) { $0.isPossible ? nil : obstacles($0) }
            .map { "not \($0.ways): \($0.text)" }
    }

    /// What is said of ways, once where it is the same.
    private static func grouped(
        _ ways: [PlannedWays.Way], _ text: (PlannedWays.Way) -> String?
    ) -> [(ways: String, text: String)] {
        var found: [(text: String, ways: [String])] = []
        for way in ways {
            guard let text = text(way) else { continue }
            if let known = found.firstIndex(where: { $0.text == text }) {
                found[known].ways.append(way.kind.rawValue)
            } else {
                found.append((text, [way.kind.rawValue]))
            }
        }
        return found.map { ($0.ways.formattedList(joinedBy: "or"), $0.text) }
    }

    private func row(_ way: PlannedWays.Way) -> [String] {
        let own = PlanBlock.known(way.seconds, PlanBlock.duration)
        let time =
            switch way.kind {
            case .scan: own
            case .snapshot: "export + \(own)"
            case .importTable: "export + import"
            case .bulkPut: "export + bulk-put"
            }
        return [
            way.kind.rawValue, time, PlanBlock.known(way.readUnits) { $0.groupedWhole },
            PlanBlock.known(way.writeUnits) { $0.groupedWhole },
            PlanBlock.known(way.dollars, PlanBlock.dollars),
        ]
    }

    /// Of one table.
    static func text(_ obstacles: [PlannedWays.Obstacle]) -> String {
        obstacles.map(\.reason).joined(separator: "; ")
    }

    /// Each reason once, with the tables that it holds for where there are several.
    private func obstacles(_ way: PlannedWays.Way) -> String {
        var reasons: [(reason: String, tables: [String])] = []
        for obstacle in way.obstacles {
            if let known = reasons.firstIndex(where: { $0.reason == obstacle.reason }) {
                reasons[known].tables.append(obstacle.table)
            } else {
                reasons.append((obstacle.reason, [obstacle.table]))
            }
        }
        return reasons.map { reason, names in
            guard tables > 1 else { return reason }
            return names.count == tables
                ? "\(reason) (all tables)" : "\(reason) (\(Self.list(names)))"
        }.joined(separator: "; ")
    }

    private static func list(_ names: [String]) -> String {
        guard names.count > 3 else { return names.formattedList(joinedBy: "and") }
        return "\(names[0]), \(names[1]) and \(names.count - 2) more"
    }

    // MARK: For programs

    static func json(_ ways: PlannedWays) -> JSON {
        [
            "recommended": .string(ways.recommended.rawValue), "reason": .string(ways.reason),
            "ways": .array(
                ways.ways.map { way in
                    [
                        "way": .string(way.kind.rawValue),
                        "obstacles": .array(
                            way.obstacles.map {
                                ["reason": .string($0.reason), "table": .string($0.table)]
                            }),
                        "seconds": number(way.seconds),
                        "waitsForDynamoDB": .bool(way.waitsForService),
                        "readUnits": number(way.readUnits), "writeUnits": number(way.writeUnits),
                        "dollars": number(way.dollars),
                        "unknown": .array(way.unknown.map { .string($0) }),
                        "afterwards": .array(way.afterwards.map { .string($0) }),
                    ]
                }),
        ]
    }

    private static func number(_ value: Double?) -> JSON { value.map { JSON($0) } ?? nil }
}

extension PlannedWays.Kind {
    /// What has `copy` take it; nil: nothing more.
    fileprivate var option: String? {
        switch self {
        case .scan: nil
        case .snapshot, .importTable: "--via s3://BUCKET/PREFIX/"
        case .bulkPut: "--via s3://BUCKET/PREFIX/ --load bulk-put"
        }
    }
}
