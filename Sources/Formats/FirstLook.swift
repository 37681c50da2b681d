import DynamoModel

/// Finds a file's format from its first bytes.
struct FirstLook {
    enum Found: Equatable {
        case lines(LineCutter.Form)
        case document(LineCutter.Form)
        case dataPipeline
        case ion
        /// An incremental export.
        case changes
        /// What `--cli-input-json` takes.
        case request
        /// More bytes are needed.
        case undecided
    }

    /// Where a name or a value ends before that, more bytes would not help.
    static let bytesMax = 256 << 10

    private let bytes: UnsafeRawBufferPointer
    private let isWhole: Bool
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer, isWhole: Bool) {
        self.bytes = bytes
        self.isWhole = isWhole || bytes.count >= Self.bytesMax
    }

    /// The bytes ended before the format was clear.
    private struct Ended: Error, CustomStringConvertible {
        let description = "the bytes ended"
    }

    mutating func found() throws(FormatFlaw) -> Found {
        if !isWhole, bytes.count < 4 { return .undecided }
        if let encoding = Self.encoding(of: bytes) {
            throw FormatFlaw(
                "is \(encoding), and files are read as UTF-8",
                hint: "convert it: iconv -f \(encoding) -t UTF-8")
        }
        if bytes.starts(with: ByteOrderMark.utf8) { position = ByteOrderMark.utf8.count }
        do throws(Ended) {
            return try look()
        } catch {
            // What is no JSON is shown line by line.
            return isWhole ? .lines(.item) : .undecided
        }
    }

    private static func encoding(of bytes: UnsafeRawBufferPointer) -> String? {
        if bytes.starts(with: [0xFF, 0xFE]) { return "UTF-16LE" }
        if bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16BE" }
        guard bytes.count >= 4 else { return nil }
        // JSON begins with two characters of ASCII (RFC 4627 section 3).
        if bytes[0] != 0, bytes[1] == 0 { return "UTF-16LE" }
        return bytes[0] == 0 && bytes[1] != 0 ? "UTF-16BE" : nil
    }

    private mutating func look() throws(Ended) -> Found {
        if isHive { return .dataPipeline }
        switch try next() {
        case 0x24 where bytes[position...].starts(with: "$ion_1_0".utf8): return .ion
        case 0x5B:
            position += 1
            return .document(try elementForm())
        case 0x7B: return try object()
        default:
            // Its name may not be there whole.
            if !isWhole, !bytes[position...].contains(0x0A) { throw Ended() }
            return .lines(.item)
        }
    }

    /// `name<ETX>{"s":"x"}<STX>name<ETX>{...}`: what Hive wrote. No JSON has such a byte.
    private var isHive: Bool { bytes[position...].prefix { $0 != 0x0A }.contains(0x03) }

    private mutating func object() throws(Ended) -> Found {
        guard let name = try firstName() else { return .lines(.item) }
        switch try next() {
        case 0x5B:
            position += 1
            return .document(try elementForm())
        case 0x7B: return try member(name)
        default: return Self.isOfReply(name) ? .document(.attributes) : .lines(.item)
        }
    }

    /// The name of the first member of the object that begins here, up to its value; nil where
    /// there is none.
    private mutating func firstName() throws(Ended) -> [UInt8]? {
        guard try next() == 0x7B else { return nil }
        position += 1
        guard try next() == 0x22 else { return nil }
        let name = try string()
        guard try next() == 0x3A else { return nil }
        position += 1
        return name
    }

    /// Members of a reply to Scan or Query that may stand before `Items`.
    private static func isOfReply(_ name: [UInt8]) -> Bool {
        [
            "Count", "ScannedCount", "ConsumedCapacity", "LastEvaluatedKey", "NextToken",
            "ResponseMetadata",
        ].contains { name.elementsEqual($0.utf8) }
    }

    /// A first member whose value is an object.
    private mutating func member(_ name: [UInt8]) throws(Ended) -> Found {
        guard let inner = try firstName() else { return .lines(.item) }
        let value = try next()
        if name.elementsEqual("RequestItems".utf8), value == 0x5B { return .request }
        if name.elementsEqual("Item".utf8) {
            if value != 0x7B, DataPipelineRecords.type(inner) != nil { return .dataPipeline }
            return .lines(try isAttributeNamedItem(inner, value) ? .attributes : .item)
        }
        if Self.isRequest(name, inner), value == 0x7B { return .lines(.putRequest) }
        if name.elementsEqual("Metadata".utf8), inner.elementsEqual("WriteTimestampMicros".utf8) {
            return .changes
        }
        if Self.isType(inner) { return .lines(.attributes) }
        if DataPipelineRecords.type(inner) != nil { return .dataPipeline }
        return Self.isOfReply(name) ? .document(.attributes) : .lines(.item)
    }

    private static func isType(_ name: [UInt8]) -> Bool {
        ["S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"].contains {
            name.elementsEqual($0.utf8)
        }
    }

    /// `{"Item":{"S":"x"}}` is an item with an attribute of that name, `{"Item":{"S":{"N":"1"}}}` a
    /// line of an export, with an attribute that is called `S`.
    private mutating func isAttributeNamedItem(
        _ inner: [UInt8], _ value: UInt8
    ) throws(Ended) -> Bool {
        guard value == 0x7B else { return true }
        // Of a map, the members have types.
        guard inner.elementsEqual("M".utf8), try firstName() != nil, try next() == 0x7B,
            let type = try firstName(), Self.isType(type)
        else { return false }
        return try next() != 0x7B
    }

    private static func isRequest(_ name: [UInt8], _ inner: [UInt8]) -> Bool {
        name.elementsEqual("PutRequest".utf8) && inner.elementsEqual("Item".utf8)
            || name.elementsEqual("DeleteRequest".utf8) && inner.elementsEqual("Key".utf8)
    }

    /// Of the first element of a list.
    private mutating func elementForm() throws(Ended) -> LineCutter.Form {
        guard let name = try firstName(), let inner = try firstName() else { return .attributes }
        let value = try next()
        return Self.isRequest(name, inner) && value == 0x7B ? .putRequest : .attributes
    }

    // MARK: Bytes

    /// The next byte that is no white space.
    private mutating func next() throws(Ended) -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        throw Ended()
    }

    /// A string's bytes as they stand there, escapes and all.
    private mutating func string() throws(Ended) -> [UInt8] {
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case 0x22:
                position += 1
                return Array(bytes[start..<position - 1])
            case 0x5C: position += 2
            default: position += 1
            }
        }
        throw Ended()
    }
}

/// Marks at the beginning of a text (Unicode Standard, section 23.8).
package enum ByteOrderMark {
    package static let utf8: [UInt8] = [0xEF, 0xBB, 0xBF]
}
