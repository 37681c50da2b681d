import DynamoModel
import JSON

/// The units that a target had before they were raised for the load.
///
/// It is in the job before they are raised, and until they are set back: a run that finds it there
/// sets them back.
package struct UnitBoost: Equatable, Sendable {
    package var table: Throughput
    package var indexes: [String: Throughput]

    /// nil when there is nothing to raise: an on-demand table, or one that has as many already.
    package init?(of definition: TableDefinition, to units: Int) {
        guard case .provisioned(let throughput) = definition.billing else { return nil }
        table = throughput
        indexes = definition.indexUnits
        guard raised(to: units) != self else { return nil }
    }

    /// What a table is to have meanwhile.
    package func raised(to units: Int) -> UnitBoost {
        var raised = self
        raised.table.raiseWrites(to: units)
        for name in indexes.keys { raised.indexes[name]?.raiseWrites(to: units) }
        return raised
    }

    package var step: SettingStep { .capacity(.provisioned(table), indexes: indexes) }

    package var json: JSON {
        [
            "table": Self.json(table),
            "indexes": .object(
                indexes.sorted { $0.key < $1.key }.map { JSON.Member($0, Self.json($1)) }),
        ]
    }

    package init?(json: JSON) {
        guard let table = json["table"], let members = json["indexes"]?.members else { return nil }
        self.table = Self.throughput(table)
        indexes = [:]
        for member in members { indexes[member.name] = Self.throughput(member.value) }
    }

    private static func json(_ throughput: Throughput) -> JSON {
        ["read": throughput.readUnits.json, "write": throughput.writeUnits.json]
    }

    private static func throughput(_ json: JSON) -> Throughput {
        Throughput(
            readUnits: json["read"]?.int(in: ServiceRanges.provisionedUnits),
            writeUnits: json["write"]?.int(in: ServiceRanges.provisionedUnits))
    }
}

extension Int? {
    fileprivate var json: JSON { map { JSON($0) } ?? .null }
}
