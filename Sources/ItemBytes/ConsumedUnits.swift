import JSON

/// What one request consumed, as `ReturnConsumedCapacity: INDEXES` reports it (API reference,
/// ConsumedCapacity). Units are read or write units, as the operation is.
package struct ConsumedUnits: Equatable, Sendable {
    /// The table and all its indexes.
    package var total: Double
    /// Each global index, by name.
    package var globalIndexes: [(name: String, units: Double)] = []

    package init(total: Double, globalIndexes: [(name: String, units: Double)] = []) {
        self.total = total
        self.globalIndexes = globalIndexes
    }

    /// - Parameter reply: of a write of one item; nil when it names no units.
    package init?(_ reply: JSON) {
        guard let consumed = reply["ConsumedCapacity"],
            let total = consumed["CapacityUnits"]?.double
        else { return nil }
        self.init(
            total: total,
            globalIndexes: (consumed["GlobalSecondaryIndexes"]?.members ?? []).map {
                ($0.name, $0.value["CapacityUnits"]?.double ?? 0)
            })
    }

    /// What the table itself is charged; the writes of local indexes are charged to it too
    /// (guide, "Local secondary indexes").
    package var table: Double {
        max(0, globalIndexes.reduce(total) { $0 - $1.units })
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.total == right.total
            && left.globalIndexes.elementsEqual(right.globalIndexes, by: ==)
    }

    mutating func add(_ other: ConsumedUnits) {
        total += other.total
        globalIndexes += other.globalIndexes
    }

    /// Walks over one `ConsumedCapacity` object; nil when it is null or names no units.
    init?(_ walk: inout ByteWalk) throws(JSONError) {
        guard walk.peek() == 0x7B else {
            try walk.walkValue()
            return nil
        }
        var total: Double?
        var indexes: [(name: String, units: Double)] = []
        try walk.walkObject { (walk, name) throws(JSONError) in
            if walk.equals(name, "CapacityUnits") {
                total = try walk.readDouble()
            } else if walk.equals(name, "GlobalSecondaryIndexes"), walk.peek() == 0x7B {
                try walk.walkObject { (walk, index) throws(JSONError) in
                    let name = String(
                        decoding: JSONText.unescaped(walk.bytes(index.range)), as: UTF8.self)
                    let units = try ConsumedUnits(&walk)?.total
                    indexes.append((name, units ?? 0))
                }
            } else {
                try walk.walkValue()
            }
        }
        guard let total else { return nil }
        self.init(total: total, globalIndexes: indexes)
    }
}
