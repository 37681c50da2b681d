import JSON

/// A value of an item, decoded: for keys, comparisons and tests. The copy itself never decodes.
///
/// Equality is the service's: numbers by value, sets without order, maps without order, text by
/// its UTF-8 bytes. (Swift's `String` compares by canonical equivalence, which would call two
/// different DynamoDB strings equal; hence bytes.)
package indirect enum AttributeValue: Hashable, Sendable {
    case string([UInt8])
    case number(DynamoNumber)
    case binary([UInt8])
    case bool(Bool)
    case null
    case stringSet(Set<[UInt8]>)
    case numberSet(Set<DynamoNumber>)
    case binarySet(Set<[UInt8]>)
    case list([AttributeValue])
    case map(Item)
}

/// An item, decoded: attribute names in UTF-8 and their values.
package typealias Item = [[UInt8]: AttributeValue]

/// Why JSON is not an attribute value of DynamoDB's.
package struct AttributeValueError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension AttributeValue {
    package static func string(_ text: String) -> AttributeValue { .string(Array(text.utf8)) }

    /// Reads DynamoDB JSON: an object of one member, named by the type.
    /// - Throws: for what is no attribute value of DynamoDB's.
    package init(_ json: JSON) throws {
        guard let members = json.members, members.count == 1 else {
            throw AttributeValueError("an attribute value has exactly one type")
        }
        try self.init(type: members[0].name, members[0].value)
    }

    private init(type: String, _ json: JSON) throws {
        switch (type, json) {
        case ("S", .string(let text)): self = .string(Array(text.utf8))
        case ("N", .string(let text)): self = .number(try DynamoNumber(text))
        case ("B", .string(let text)): self = .binary(try Self.decodeBase64(text))
        case ("BOOL", .bool(let value)): self = .bool(value)
        case ("NULL", .bool(true)): self = .null
        case ("SS", .array(let elements)):
            self = .stringSet(try Self.set(elements) { Array($0.utf8) })
        case ("NS", .array(let elements)):
            self = .numberSet(try Self.set(elements) { try DynamoNumber($0) })
        case ("BS", .array(let elements)):
            self = .binarySet(try Self.set(elements, Self.decodeBase64))
        case ("L", .array(let elements)): self = .list(try elements.map(AttributeValue.init))
        case ("M", .object): self = .map(try Item(json))
        default: throw AttributeValueError("'\(type)' is no type, or its value has another one")
        }
    }

    private static func set<Element: Hashable>(
        _ elements: [JSON], _ decode: (String) throws -> Element
    ) throws -> Set<Element> {
        let decoded = try elements.map { element in
            guard let text = element.string else {
                throw AttributeValueError("elements of sets are strings")
            }
            return try decode(text)
        }
        let set = Set(decoded)
        guard !set.isEmpty, set.count == decoded.count else {
            throw AttributeValueError("a set is not empty and has no duplicates")
        }
        return set
    }

    private static func decodeBase64(_ text: String) throws -> [UInt8] {
        guard let bytes = Base64.decode(Array(text.utf8)) else {
            throw AttributeValueError("binary values are base64")
        }
        return bytes
    }

    /// DynamoDB JSON, sets in the order of their bytes or values.
    package var json: JSON {
        switch self {
        case .string(let bytes): ["S": .string(String(decoding: bytes, as: UTF8.self))]
        case .number(let number): ["N": .string(number.text)]
        case .binary(let bytes): ["B": .string(Base64.encode(bytes))]
        case .bool(let value): ["BOOL": .bool(value)]
        case .null: ["NULL": true]
        case .stringSet(let set):
            ["SS": .array(Self.sorted(set).map { .string(String(decoding: $0, as: UTF8.self)) })]
        case .numberSet(let set): ["NS": .array(set.sorted().map { .string($0.text) })]
        case .binarySet(let set):
            ["BS": .array(Self.sorted(set).map { .string(Base64.encode($0)) })]
        case .list(let elements): ["L": .array(elements.map(\.json))]
        case .map(let members): ["M": members.json]
        }
    }

    private static func sorted(_ set: Set<[UInt8]>) -> [[UInt8]] {
        set.sorted { $0.lexicographicallyPrecedes($1) }
    }
}

extension Item {
    /// - Throws: for what is no item of DynamoDB's.
    package init(_ json: JSON) throws {
        guard let members = json.members else {
            throw AttributeValueError("an item is an object")
        }
        self.init(minimumCapacity: members.count)
        for member in members {
            let value = try AttributeValue(member.value)
            guard updateValue(value, forKey: Array(member.name.utf8)) == nil else {
                throw AttributeValueError("attribute '\(member.name)' stands twice")
            }
        }
    }

    /// DynamoDB JSON, attributes in the order of their names' bytes.
    package var json: JSON {
        .object(
            sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
                JSON.Member(String(decoding: $0.key, as: UTF8.self), $0.value.json)
            })
    }
}
