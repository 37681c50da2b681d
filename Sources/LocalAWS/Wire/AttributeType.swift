/// The types of an attribute value, as DynamoDB JSON names them.
package enum AttributeType: UInt8, Sendable {
    case string, number, binary, bool, null, stringSet, numberSet, binarySet, list, map

    /// The type of this name; nil when there is none.
    @inline(__always)
    init?(_ name: WireString) {
        switch (name.count, name.count > 0 ? name.start[0] : 0) {
        case (1, 0x53): self = .string
        case (1, 0x4E): self = .number
        case (1, 0x42): self = .binary
        case (1, 0x4C): self = .list
        case (1, 0x4D): self = .map
        case (2, 0x53) where name.start[1] == 0x53: self = .stringSet
        case (2, 0x4E) where name.start[1] == 0x53: self = .numberSet
        case (2, 0x42) where name.start[1] == 0x53: self = .binarySet
        case (4, 0x42) where name.equals("BOOL"): self = .bool
        case (4, 0x4E) where name.equals("NULL"): self = .null
        default: return nil
        }
    }

    var name: String {
        switch self {
        case .string: "S"
        case .number: "N"
        case .binary: "B"
        case .bool: "BOOL"
        case .null: "NULL"
        case .stringSet: "SS"
        case .numberSet: "NS"
        case .binarySet: "BS"
        case .list: "L"
        case .map: "M"
        }
    }
}
