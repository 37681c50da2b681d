import AWS
import JSON
import System

/// Writes the bodies of one table's BatchWriteItem requests: items are put between constant parts
/// as the bytes that they came in.
package struct BatchWriteRequest: Sendable {
    private let prefix: [UInt8]

    package init(table: String) {
        var name: [UInt8] = []
        JSON.write(table, to: &name)
        prefix =
            Array("{\"ReturnConsumedCapacity\":\"INDEXES\",\"RequestItems\":{".utf8) + name
            + Array(":[".utf8)
    }

    /// Writes one body of at most `bytesMax` bytes, of the items that `put` hands over, or the keys
    /// of those that are deleted; at least one.
    package func write(
        bytesMax: Int, to body: ByteBuffer, _ put: (inout BatchBodyWriter) -> Void
    ) {
        body.removeAll()
        body.append(room: bytesMax) { room in
            var writer = BatchBodyWriter(room)
            prefix.withUnsafeBytes { writer.append($0.baseAddress!, $0.count) }
            put(&writer)
            writer.append("]}}")
            return writer.cursor - room.baseAddress!
        }
    }

    /// Bytes around each item: a delete's are more than a put's.
    package static let itemEnvelope = 27
}

/// Takes the items of one BatchWriteItem body, one behind the other.
package struct BatchBodyWriter {
    fileprivate var cursor: UnsafeMutableRawPointer
    private let end: UnsafeMutableRawPointer
    private var isFirst = true

    fileprivate init(_ room: UnsafeMutableRawBufferPointer) {
        cursor = room.baseAddress!
        end = cursor + room.count
    }

    /// - Parameter item: its JSON.
    package mutating func put(_ item: UnsafeRawBufferPointer) {
        append(isFirst ? "{\"PutRequest\":{\"Item\":" : ",{\"PutRequest\":{\"Item\":")
        append(item.baseAddress!, item.count)
        append("}}")
        isFirst = false
    }

    /// - Parameter key: its JSON.
    package mutating func delete(_ key: UnsafeRawBufferPointer) {
        append(isFirst ? "{\"DeleteRequest\":{\"Key\":" : ",{\"DeleteRequest\":{\"Key\":")
        append(key.baseAddress!, key.count)
        append("}}")
        isFirst = false
    }

    @inline(__always)
    fileprivate mutating func append(_ bytes: UnsafeRawPointer, _ count: Int) {
        precondition(end - cursor >= count, "a batch is longer than what was set aside for it")
        cursor.copyMemory(from: bytes, byteCount: count)
        cursor += count
    }

    @inline(__always)
    fileprivate mutating func append(_ text: StaticString) {
        append(text.utf8Start, text.utf8CodeUnitCount)
    }
}
