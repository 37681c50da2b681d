import DynamoModel
import JSON

/// The values that an attribute can have, each checked and sized.
extension ItemEncoder {
    /// `{"?":"` read as one little-endian word with the letter and the two bytes behind left out.
    private static let scalarMask: UInt64 = 0x0000_FFFF_FF00_FFFF
    private static let scalarStart: UInt64 = 0x0000_223A_2200_227B

    /// Checks a value that belongs to no item; nothing is kept of it.
    mutating func check(value bytes: UnsafeRawBufferPointer) throws(ServiceError) {
        let start = output.count
        var reader = WireReader(bytes)
        unique.removeAll()
        _ = reader.peek()
        pending = UnsafePointer(reader.cursor)
        _ = try value(&reader, depth: 0)
        output.resize(start)
    }

    /// Reads one attribute value.
    mutating func value(
        _ reader: inout WireReader, depth: Int
    ) throws(ServiceError) -> (type: AttributeType, size: Int) {
        let type: AttributeType
        let word =
            reader.end - reader.cursor >= 8
            ? UnsafeRawPointer(reader.cursor).loadUnaligned(as: UInt64.self) : 0
        if word & Self.scalarMask == Self.scalarStart,
            let known = AttributeType(
                WireString(plain: reader.cursor + 2, count: 1))
        {
            type = known
            reader.cursor += 5
        } else {
            guard peek(&reader) == 0x7B else { throw reader.unexpected(wanted: "AttributeValue") }
            reader.cursor += 1
            guard peek(&reader) != 0x7D, let named = AttributeType(try reader.string()) else {
                throw Self.noType
            }
            type = named
            try expect(0x3A, &reader)
            guard peek(&reader) != 0x6E else { throw Self.noType }
        }
        let size = try content(&reader, type: type, depth: depth)
        guard take(0x7D, &reader) else {
            guard take(0x2C, &reader), peek(&reader) == 0x22 else { throw reader.unexpected() }
            throw Self.manyTypes
        }
        return (type, size)
    }

    private static let noType = ServiceError.validation(
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    private static let manyTypes = ServiceError.validation(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
            + "supported datatypes")

    @inline(__always)
    private mutating func content(
        _ reader: inout WireReader, type: AttributeType, depth: Int
    ) throws(ServiceError) -> Int {
        switch type {
        case .string: return try string(&reader).size
        case .number: return try number(&reader).size
        case .binary: return try binary(&reader).size
        case .bool:
            _ = try reader.takeBool()
            return 1
        case .null:
            guard try reader.takeBool() else {
                throw .invalid("Null attribute value types must have the value of true")
            }
            return 1
        case .stringSet, .numberSet, .binarySet: return try set(&reader, type: type)
        case .list: return try list(&reader, depth: depth + 1)
        case .map: return try map(&reader, depth: depth + 1)
        }
    }

    @inline(__always)
    private mutating func string(
        _ reader: inout WireReader
    ) throws(ServiceError) -> (text: WireString, size: Int) {
        let text = try reader.string()
        lastScalar = text
        if text.isEscaped { rewrite(text) }
        return (text, text.utf8Count)
    }

    /// Reads a number's text and stores it in the service's spelling.
    private mutating func number(
        _ reader: inout WireReader
    ) throws(ServiceError) -> (text: WireString, size: Int) {
        let text = try reader.string()
        lastScalar = text
        guard !text.isEscaped else {
            let plain = text.bytes
            return (
                text,
                try plain.withUnsafeBytes { bytes in
                    Result { () throws(ServiceError) in try respell(text, as: bytes) }
                }.get()
            )
        }
        return (text, try respell(text, as: text.raw))
    }

    /// Writes the number `text` as the service spells it; `plain` is its text without escapes.
    private mutating func respell(
        _ text: WireString, as plain: UnsafeRawBufferPointer
    ) throws(ServiceError) -> Int {
        let number = try NumberText(plain)
        if let respelled = number.respelled, !keepsNumbers {
            flush(to: text.start, resumeAt: text.start + text.count)
            output.append(text: respelled)
        } else if text.isEscaped {
            flush(to: text.start, resumeAt: text.start + text.count)
            output.append(plain)
        }
        return number.storedSize
    }

    private mutating func binary(
        _ reader: inout WireReader
    ) throws(ServiceError) -> (text: WireString, size: Int) {
        let text = try reader.string(wanted: "Blob")
        lastScalar = text
        guard text.isEscaped else { return (text, try BlobText.decodedCount(text.raw)) }
        let plain = text.bytes
        flush(to: text.start, resumeAt: text.start + text.count)
        output.append(array: plain)
        return (
            text,
            try plain.withUnsafeBytes { bytes in
                Result { () throws(ServiceError) in try BlobText.decodedCount(bytes) }
            }.get()
        )
    }

    private mutating func list(
        _ reader: inout WireReader, depth: Int
    ) throws(ServiceError) -> Int {
        guard depth <= ServiceLimits.nestingMax else { throw Self.tooDeep }
        guard peek(&reader) == 0x5B else { throw reader.unexpected(wanted: "List") }
        reader.cursor += 1
        var size = 3
        if take(0x5D, &reader) { return size }
        repeat {
            _ = peek(&reader)
            size += 1 + (try value(&reader, depth: depth).size)
        } while take(0x2C, &reader)
        try expect(0x5D, &reader)
        return size
    }

    private mutating func map(
        _ reader: inout WireReader, depth: Int
    ) throws(ServiceError) -> Int {
        guard depth <= ServiceLimits.nestingMax else { throw Self.tooDeep }
        guard peek(&reader) == 0x7B else { throw reader.unexpected(wanted: "Map") }
        let source = reader.cursor
        reader.cursor += 1
        let scope = nextScope()
        var size = 3
        if take(0x7D, &reader) { return size }
        repeat {
            let name = try self.name(&reader, scope: scope, source: source)
            try expect(0x3A, &reader)
            _ = peek(&reader)
            size += 1 + name.utf8Count + (try value(&reader, depth: depth).size)
        } while take(0x2C, &reader)
        try expect(0x7D, &reader)
        return size
    }

    private static let tooDeep = ServiceError.validation(
        "Nesting Levels have exceeded supported limits")

    private mutating func set(
        _ reader: inout WireReader, type: AttributeType
    ) throws(ServiceError) -> Int {
        guard peek(&reader) == 0x5B else { throw reader.unexpected(wanted: "List") }
        let source = reader.cursor
        reader.cursor += 1
        guard !take(0x5D, &reader) else { throw Self.emptySet(type) }
        let scope = nextScope()
        var size = 0
        repeat {
            _ = peek(&reader)
            let (text, elementSize) =
                switch type {
                case .stringSet: try string(&reader)
                case .numberSet: try number(&reader)
                default: try binary(&reader)
                }
            size += elementSize
            if !unique.insert(Self.elementHash(text, type: type, scope: scope)) {
                try Uniqueness.checkSet(of: type, at: source, end: reader.end)
            }
        } while take(0x2C, &reader)
        try expect(0x5D, &reader)
        return size
    }

    /// Equal for equal elements: of a number it hashes the service's spelling.
    private static func elementHash(
        _ text: WireString, type: AttributeType, scope: UInt64
    ) -> UInt64 {
        if type == .numberSet, !NumberText.isPlain(text.raw) {
            var spelling = (try? DynamoNumber(text.text))?.text ?? ""
            return spelling.withUTF8 {
                KeyHash.of($0.baseAddress ?? text.start, count: $0.count, seed: scope)
            }
        }
        guard text.isEscaped else { return KeyHash.of(text.start, count: text.count, seed: scope) }
        return text.bytes.withUnsafeBufferPointer {
            KeyHash.of($0.baseAddress ?? text.start, count: $0.count, seed: scope)
        }
    }

    private static func emptySet(_ type: AttributeType) -> ServiceError {
        switch type {
        case .stringSet: .invalid("An string set  may not be empty")
        case .numberSet: .invalid("An number set  may not be empty")
        default: .invalid("Binary sets should not be empty")
        }
    }
}
