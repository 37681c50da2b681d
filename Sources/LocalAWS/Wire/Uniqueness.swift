import DynamoModel
import JSON

/// Decides whether names or elements that had the same hash are really the same: rare, so done
/// without haste, on the bytes of the whole map or set.
enum Uniqueness {
    /// Throws when a name stands twice in the object that begins at `start`.
    ///
    /// What the service does with such an object is not documented. Refusing it shows a client
    /// that writes it; taking either value would hide the fault.
    static func checkNames(
        of start: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>
    ) throws(ServiceError) {
        var seen: Set<[UInt8]> = []
        var reader = WireReader(UnsafeRawBufferPointer(start: start, count: end - start))
        try reader.members { (reader, name) throws(ServiceError) in
            guard seen.insert(name.bytes).inserted else {
                throw .invalid("Attribute name stands twice: \(name.text)")
            }
            _ = try reader.skipValue()
        }
    }

    /// Throws when an element stands twice in the set that begins at `start`. The set may go on
    /// with elements that have not been checked yet; they are not looked at before their turn.
    static func checkSet(
        of type: AttributeType, at start: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>
    ) throws(ServiceError) {
        var seen: Set<[UInt8]> = []
        var texts: [String] = []
        var isUnique = true
        var reader = WireReader(UnsafeRawBufferPointer(start: start, count: end - start))
        try reader.elements { (reader) throws(ServiceError) in
            let text = try reader.string()
            texts.append(text.text)
            let value =
                type == .numberSet
                ? (try? DynamoNumber(text.text)).map { Array($0.text.utf8) } : text.bytes
            if let value, !seen.insert(value).inserted { isUnique = false }
        }
        guard !isUnique else { return }
        let list = "[\(texts.joined(separator: ", "))]"
        switch type {
        case .stringSet: throw .invalid("Input collection \(list) contains duplicates.")
        case .numberSet: throw .validation("Input collection contains duplicates")
        default: throw .invalid("Input collection \(list)of type BS contains duplicates.")
        }
    }
}
