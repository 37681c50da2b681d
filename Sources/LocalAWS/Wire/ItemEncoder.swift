import DynamoModel
import JSON
import System

/// An item or a key as ``ItemEncoder`` has read it. Offsets are into the encoder's buffers.
struct EncodedItem {
    /// Its bytes as sent.
    let source: UnsafeRawBufferPointer
    /// Its bytes as they will be stored, in `output`.
    let json: Range<Int>
    /// Names and values, in the bytes that the service counts.
    let size: Int
    /// How many attributes it has.
    let count: Int
    /// Where its watched attributes begin, in `watched`.
    let firstWatched: Int
    /// The version of the layout that says which these are.
    let layoutVersion: Int
}

/// Checks items and keys as they arrive and writes them down as they will be stored, in one pass.
///
/// Stored means: no white space, numbers in the service's spelling, text with the fewest escapes.
/// What is stored already that way, and that is nearly all of it, is copied in long runs: `pending`
/// marks where the run that has not been copied yet begins. The DynamoDB size, the key and the
/// watched attributes (see ``TableLayout``) fall out on the way.
///
/// Refusals are the service's, by name and text. One encoder serves one thread, request after
/// request; its buffers are kept. Offsets in what it returns are into `output` and `keys` and hold
/// until `removeAll`.
struct ItemEncoder: ~Copyable {
    /// Store numbers as they were sent.
    let keepsNumbers: Bool

    /// Items as they will be stored, one after the other.
    var output = ByteStorage(capacity: 64 * 1024)
    /// Their keys in the order of the store (see ``StoreKey``).
    var keys = ByteStorage(capacity: 4096)
    /// What was found of each item's watched attributes, as many for each as its layout watches.
    var watched: [WatchedValue] = []
    var unique = NameSet()
    var pending: UnsafePointer<UInt8>
    /// Seeds the hash of names, so that each map and set has names of its own.
    private var scope: UInt64 = 0
    /// The text of the scalar that was read last.
    var lastScalar: WireString?

    /// One watched attribute of an item.
    struct WatchedValue {
        /// Nil when the item does not have it.
        var type: AttributeType?
        /// Of a scalar: its text as sent; its bytes belong to the request.
        var text: WireString?
        /// The value as sent, from `{` to `}`; its bytes belong to the request.
        var value = UnsafeRawBufferPointer(start: nil, count: 0)
        /// Name and value, in stored bytes.
        var size = 0
    }

    init(keepsNumbers: Bool) {
        self.keepsNumbers = keepsNumbers
        pending = UnsafePointer(output.base)
    }

    mutating func removeAll() {
        output.removeAll()
        keys.removeAll()
        watched.removeAll(keepingCapacity: true)
    }

    // MARK: The copy

    /// Copies what is pending up to `place`; what follows is pending from `resume`.
    @inline(__always)
    mutating func flush(
        to place: UnsafePointer<UInt8>, resumeAt resume: UnsafePointer<UInt8>
    ) {
        output.append(pending, count: place - pending)
        pending = resume
    }

    @inline(__always)
    mutating func peek(_ reader: inout WireReader) -> UInt8 {
        if reader.cursor < reader.end, reader.cursor.pointee > 0x20 {
            return reader.cursor.pointee
        }
        return peekBehindSpace(&reader)
    }

    @inline(never)
    private mutating func peekBehindSpace(_ reader: inout WireReader) -> UInt8 {
        let place = reader.cursor
        let byte = reader.peek()
        flush(to: place, resumeAt: reader.cursor)
        return byte
    }

    @inline(__always)
    mutating func take(_ byte: UInt8, _ reader: inout WireReader) -> Bool {
        guard peek(&reader) == byte else { return false }
        reader.cursor += 1
        return true
    }

    @inline(__always)
    mutating func expect(
        _ byte: UInt8, _ reader: inout WireReader
    ) throws(ServiceError) {
        guard take(byte, &reader) else { throw reader.unexpected() }
    }

    // MARK: Items

    /// Reads the object of attributes that comes next; what it holds is checked by the caller.
    mutating func attributes(
        _ reader: inout WireReader, layout: TableLayout
    ) throws(ServiceError) -> EncodedItem {
        let start = output.count
        let firstWatched = watched.count
        for _ in 0..<layout.watched.count { watched.append(WatchedValue()) }
        unique.removeAll()
        guard reader.peek() == 0x7B else { throw reader.unexpected(wanted: "Map") }
        pending = reader.cursor
        let source = reader.cursor
        reader.cursor += 1
        var size = 0
        var count = 0
        let scope = nextScope()
        if !take(0x7D, &reader) {
            repeat {
                let name = try self.name(&reader, scope: scope, source: source)
                guard name.count > 0 else {
                    throw .invalid("An AttributeName may not contain an empty string")
                }
                try expect(0x3A, &reader)
                _ = peek(&reader)
                let valueStart = reader.cursor
                let (type, valueSize) = try value(&reader, depth: 0)
                let attributeSize = name.utf8Count + valueSize
                if let position = layout.position(of: name) {
                    let isScalar = type.rawValue <= AttributeType.binary.rawValue
                    watched[firstWatched + position] = WatchedValue(
                        type: type, text: isScalar ? lastScalar : nil,
                        value: UnsafeRawBufferPointer(
                            start: valueStart, count: reader.cursor - valueStart),
                        size: attributeSize)
                }
                size += attributeSize
                count += 1
            } while take(0x2C, &reader)
            try expect(0x7D, &reader)
        }
        flush(to: reader.cursor, resumeAt: reader.cursor)
        return EncodedItem(
            source: UnsafeRawBufferPointer(start: source, count: reader.cursor - source),
            json: start..<output.count, size: size, count: count, firstWatched: firstWatched,
            layoutVersion: layout.version)
    }

    mutating func nextScope() -> UInt64 {
        scope &+= 0x9E37_79B9_7F4A_7C15
        return scope
    }

    /// Reads an attribute's name, which must not have stood in this map (begun at `source`) before.
    @inline(__always)
    mutating func name(
        _ reader: inout WireReader, scope: UInt64, source: UnsafePointer<UInt8>
    ) throws(ServiceError) -> WireString {
        _ = peek(&reader)
        let name = try reader.string()
        if name.isEscaped { rewrite(name) }
        guard
            name.count <= ServiceLimits.attributeNameBytesMax
                || name.utf8Count <= ServiceLimits.attributeNameBytesMax
        else {
            throw .invalid("Attribute name is too large, must be less than 65536 bytes")
        }
        let hash =
            name.isEscaped
            ? name.bytes.withUnsafeBufferPointer {
                KeyHash.of($0.baseAddress ?? name.start, count: $0.count, seed: scope)
            }
            : KeyHash.of(name.start, count: name.count, seed: scope)
        if !unique.insert(hash) { try Uniqueness.checkNames(of: source, end: reader.end) }
        return name
    }

    /// Puts an escaped string into the output with the fewest escapes, unless it has them already.
    mutating func rewrite(_ text: WireString) {
        guard !text.isCanonical else { return }
        flush(to: text.start, resumeAt: text.start + text.count)
        CanonicalText.write(text.bytes, to: &output)
    }
}
