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

    /// - Parameter reply: of a write; nil when it names no units that make sense.
    package init?(_ reply: JSON) {
        guard let consumed = reply["ConsumedCapacity"], let total = Self.units(consumed) else {
            return nil
        }
        self.init(total: total)
        for index in consumed["GlobalSecondaryIndexes"]?.members ?? [] {
            guard let units = Self.units(index.value) else { return nil }
            globalIndexes.append((index.name, units))
        }
    }

    private static func units(_ json: JSON) -> Double? {
        json["CapacityUnits"]?.double(in: ServiceRanges.writeUnits)
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

    /// Walks over one `ConsumedCapacity` object; nil when it is null, or names no units that make
    /// sense, of the table or of one of its indexes: then what it consumed is estimated.
    init?(_ walk: inout ByteWalk, in range: ClosedRange<Double>) throws(JSONError) {
        guard walk.peek() == 0x7B else {
            try walk.walkValue()
            return nil
        }
        var total: Double?
        var indexes: [(name: String, units: Double)] = []
        var isAbsurd = false
        try walk.walkObject { (walk, name) throws(JSONError) in
            if walk.equals(name, "CapacityUnits") {
                total = try walk.readNumber(in: range)
            } else if walk.equals(name, "GlobalSecondaryIndexes"), walk.peek() == 0x7B {
                (indexes, isAbsurd) = ([], false)
                try walk.walkObject { (walk, index) throws(JSONError) in
                    let name = String(
                        decoding: JSONText.unescaped(walk.bytes(index.range)), as: UTF8.self)
                    let units = try ConsumedUnits(&walk, in: range)?.total
                    if units == nil { isAbsurd = true }
                    indexes.append((name, units ?? 0))
                }
            } else {
                try walk.walkValue()
            }
        }
        guard let total, !isAbsurd else { return nil }
        self.init(total: total, globalIndexes: indexes)
    }
}
