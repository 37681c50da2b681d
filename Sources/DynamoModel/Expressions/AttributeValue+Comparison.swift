/// How the service compares values (guide, "Condition and filter expressions, operators, and
/// functions"). Equality is `==`.
extension AttributeValue {
    /// The name of its type in DynamoDB JSON.
    package var typeName: String {
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

    static let typeNames: Set = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"]
    /// The types that have an order.
    static let orderedTypeNames: Set = ["S", "N", "B"]

    /// Whether it comes before `other`: numbers by value, strings by their UTF-8, binaries by
    /// unsigned bytes. Nil for two types and for types that have no order.
    package func precedes(_ other: AttributeValue) -> Bool? {
        switch (self, other) {
        case (.string(let left), .string(let right)), (.binary(let left), .binary(let right)):
            left.lexicographicallyPrecedes(right)
        case (.number(let left), .number(let right)): left < right
        default: nil
        }
    }

    /// Whether it begins with `prefix`: of two strings or two binaries.
    func begins(with prefix: AttributeValue) -> Bool {
        switch (self, prefix) {
        case (.string(let whole), .string(let start)), (.binary(let whole), .binary(let start)):
            whole.starts(with: start)
        default: false
        }
    }

    /// Whether `part` is a part of this string or binary, or an element of this set or list.
    func contains(_ part: AttributeValue) -> Bool {
        switch (self, part) {
        case (.string(let whole), .string(let part)), (.binary(let whole), .binary(let part)):
            Self.contains(whole, part)
        case (.stringSet(let set), .string(let element)): set.contains(element)
        case (.numberSet(let set), .number(let element)): set.contains(element)
        case (.binarySet(let set), .binary(let element)): set.contains(element)
        case (.list(let elements), _): elements.contains(part)
        default: false
        }
    }

    private static func contains(_ whole: [UInt8], _ part: [UInt8]) -> Bool {
        guard let first = part.first else { return true }
        guard part.count <= whole.count else { return false }
        return (0...whole.count - part.count).contains {
            whole[$0] == first && whole[$0..<($0 + part.count)].elementsEqual(part)
        }
    }

    /// What `size` returns: the code units in UTF-16 of a string, the bytes of a binary, the
    /// elements of the others; nil for what has no size.
    ///
    /// The guide says "the length of the string"; ministack's authors observed the unit.
    var length: Int? {
        switch self {
        case .string(let bytes): String(decoding: bytes, as: UTF8.self).utf16.count
        case .binary(let bytes): bytes.count
        case .stringSet(let set), .binarySet(let set): set.count
        case .numberSet(let set): set.count
        case .list(let elements): elements.count
        case .map(let members): members.count
        case .number, .bool, .null: nil
        }
    }
}
