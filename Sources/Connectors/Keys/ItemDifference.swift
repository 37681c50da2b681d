import DynamoModel
import Glibc
import JSON
import System

/// In what two items differ.
enum ItemDifference {
    /// The attributes that differ, by name.
    static func attributes(_ source: [UInt8], _ target: [UInt8]) -> [VerifyFinding.Attribute] {
        guard let left = try? JSON(parsing: source), let right = try? JSON(parsing: target) else {
            return []
        }
        let names = Set((left.members ?? []).map(\.name) + (right.members ?? []).map(\.name))
        return names.sorted().compactMap { attribute($0, left[$0], right[$0]) }
    }

    /// nil where both are the same. Decoded values compare as the service's do: numbers by value,
    /// sets without order.
    private static func attribute(
        _ name: String, _ one: JSON?, _ other: JSON?
    ) -> VerifyFinding.Attribute? {
        let values = [one, other].map { $0.flatMap { try? AttributeValue($0) } }
        if let value = values[0], value == values[1] { return nil }
        return VerifyFinding.Attribute(name: name, source: one, target: other)
    }

    /// The same of two items that lie in one page, in the order of their attributes: only what is
    /// spelt in another way is decoded.
    /// - Parameter bytes: the page, with the `PageCutter/padding` behind it.
    static func attributes(
        _ source: ItemSlice, _ target: ItemSlice, in bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> [VerifyFinding.Attribute] {
        let left = try source.attributes(in: bytes)
        var right = try target.attributes(in: bytes).map { Optional($0) }
        var differing: [VerifyFinding.Attribute] = []
        var next = 0
        for one in left {
            let place = place(of: one, in: right, from: next, bytes)
            let other = place.flatMap { right[$0] }
            if let place {
                right[place] = nil
                next = place + 1
            }
            if let other, areSame(one.value, other.value, bytes) { continue }
            let name = name(one, bytes)
            let values = (
                try JSON(parsing: Array(bytes[one.value])),
                try other.map { other throws(JSONError) in
                    try JSON(parsing: Array(bytes[other.value]))
                }
            )
            if let found = attribute(name, values.0, values.1) { differing.append(found) }
        }
        for case let other? in right {
            differing.append(
                VerifyFinding.Attribute(
                    name: name(other, bytes), source: nil,
                    target: try JSON(parsing: Array(bytes[other.value]))))
        }
        return differing
    }

    /// Items mostly have their attributes in the same order.
    private static func place(
        of attribute: AttributeSlice, in others: [AttributeSlice?], from start: Int,
        _ bytes: UnsafeRawBufferPointer
    ) -> Int? {
        func isIt(_ other: AttributeSlice?) -> Bool {
            other.map { areSame($0.name, attribute.name, bytes) } ?? false
        }
        if start < others.count, isIt(others[start]) { return start }
        if let place = others.firstIndex(where: isIt) { return place }
        // A name may be spelt with escapes.
        let wanted = name(attribute, bytes)
        return others.firstIndex { $0.map { name($0, bytes) == wanted } ?? false }
    }

    private static func name(_ attribute: AttributeSlice, _ bytes: UnsafeRawBufferPointer) -> String
    {
        String(
            decoding: JSONText.unescaped(
                UnsafeRawBufferPointer(rebasing: bytes[attribute.name])), as: UTF8.self)
    }

    private static func areSame(
        _ one: Range<Int>, _ other: Range<Int>, _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        one.count == other.count
            && memcmp(
                bytes.baseAddress! + one.lowerBound, bytes.baseAddress! + other.lowerBound,
                one.count) == 0
    }
}
