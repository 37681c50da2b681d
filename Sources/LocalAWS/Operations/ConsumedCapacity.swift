import System

enum ReturnConsumedCapacity: String, CaseIterable, Sendable {
    case indexes = "INDEXES"
    case total = "TOTAL"
    case none = "NONE"
}

/// Writes `ConsumedCapacity` objects (API reference, ConsumedCapacity).
enum ConsumedCapacity {
    /// - Parameter name: of the table, as the request spelled it.
    static func write(
        _ used: UnitsUsed, of table: Table, name: String, mode: ReturnConsumedCapacity,
        to output: inout ByteStorage
    ) {
        let total = used.table + used.indexes.reduce(0, +)
        output.append("{\"TableName\":\"")
        output.append(text: name)
        output.append("\",\"CapacityUnits\":")
        append(total, to: &output)
        if mode == .indexes {
            output.append(",\"Table\":{\"CapacityUnits\":")
            append(used.table, to: &output)
            output.append(0x7D)
            writeIndexes("GlobalSecondaryIndexes", true, used, table, to: &output)
            writeIndexes("LocalSecondaryIndexes", false, used, table, to: &output)
        }
        output.append(0x7D)
    }

    private static func writeIndexes(
        _ member: StaticString, _ isGlobal: Bool, _ used: UnitsUsed, _ table: Table,
        to output: inout ByteStorage
    ) {
        var isFirst = true
        for (index, units) in zip(table.layout.indexes, used.indexes)
        where index.isGlobal == isGlobal && units > 0 {
            output.append(",\"")
            if isFirst {
                output.append(member)
                output.append("\":{\"")
                isFirst = false
            }
            output.append(text: index.name)
            output.append("\":{\"CapacityUnits\":")
            append(units, to: &output)
            output.append(0x7D)
        }
        if !isFirst { output.append(0x7D) }
    }

    /// Units are halves: `12.0`, `0.5`.
    private static func append(_ units: Double, to output: inout ByteStorage) {
        let halves = Int(clamping: (units * 2).rounded())
        output.append(decimal: halves / 2)
        output.append(halves % 2 == 0 ? ".0" : ".5")
    }
}
