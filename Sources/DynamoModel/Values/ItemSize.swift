/// The size of an item as the service counts it, for its limit of 400 KB and for capacity units.
///
/// By the guide's page "Capacity unit calculations": names count with their values, text in UTF-8,
/// lists and maps 3 bytes and 1 an element. ``PageCutter`` computes the same from bytes.
package enum ItemSize {
    package static func of(_ item: Item) -> Int {
        item.reduce(0) { $0 + $1.key.count + of($1.value) }
    }

    package static func of(_ value: AttributeValue) -> Int {
        switch value {
        case .string(let bytes), .binary(let bytes): bytes.count
        case .number(let number): number.storedSize
        case .bool, .null: 1
        case .stringSet(let set), .binarySet(let set): set.reduce(0) { $0 + $1.count }
        case .numberSet(let set): set.reduce(0) { $0 + $1.storedSize }
        case .list(let elements): elements.reduce(3) { $0 + 1 + of($1) }
        case .map(let members): members.reduce(3) { $0 + 1 + $1.key.count + of($1.value) }
        }
    }
}
