import Glibc
import System

/// Where buckets and objects are kept.
///
/// All methods are called under one lock of the caller's, but for `content`: what is large is
/// written and joined before the lock is taken. Bytes that no object came to have are gone with the
/// last reference to them.
protocol ObjectStore: Sendable {
    /// The largest object, and the largest body of a request.
    var objectBytesMax: Int { get }

    func buckets() throws(SystemError) -> [Bucket]
    func bucket(named name: String) throws(SystemError) -> Bucket?
    func add(_ bucket: Bucket) throws(SystemError)
    /// Of a bucket that has no objects.
    func removeBucket(named name: String) throws(SystemError)

    /// In their order.
    func keys(in bucket: String) throws(SystemError) -> [ObjectKey]
    func object(_ key: ObjectKey, in bucket: String) throws(SystemError) -> StoredObject?

    /// Keeps bytes that are no object yet.
    func content(_ pieces: [UnsafeRawBufferPointer]) throws(SystemError) -> ObjectContent
    /// Puts contents one behind the other, and shows their bytes to `visit` in this order.
    func content(
        joining parts: [ObjectContent], _ visit: (UnsafeRawBufferPointer) -> Void
    ) throws(SystemError) -> ObjectContent

    /// Makes an object of what `content` kept, in place of the one that has the key.
    func put(
        _ content: ObjectContent, _ metadata: ObjectMetadata, as key: ObjectKey, in bucket: String
    ) throws(SystemError)
    /// Changes what is kept of an object, and not its bytes.
    func update(
        _ metadata: ObjectMetadata, of key: ObjectKey, in bucket: String
    ) throws(SystemError)
    func remove(_ key: ObjectKey, in bucket: String) throws(SystemError)
}

struct StoredObject: Sendable {
    var metadata: ObjectMetadata
    var content: ObjectContent
}

/// Bytes that are kept: in memory, as they came in pieces, or in a file. They never change.
enum ObjectContent: Sendable {
    case memory([[UInt8]])
    case file(ContentFile)

    var count: Int {
        switch self {
        case .memory(let pieces): pieces.reduce(0) { $0 + $1.count }
        case .file(let file): file.count
        }
    }

    /// Appends some of the bytes.
    func append(_ range: Range<Int>, to output: inout ByteStorage) throws(SystemError) {
        switch self {
        case .memory(let pieces):
            var start = 0
            for piece in pieces {
                let wanted = range.clamped(to: start..<(start + piece.count))
                piece.withUnsafeBytes { bytes in
                    let part = (wanted.lowerBound - start)..<(wanted.upperBound - start)
                    if !part.isEmpty {
                        output.append(UnsafeRawBufferPointer(rebasing: bytes[part]))
                    }
                }
                start += piece.count
            }
        case .file(let file): try file.append(range, to: &output)
        }
    }

    /// Shows all bytes, a piece after the other.
    func forEachPiece(
        _ visit: (UnsafeRawBufferPointer) throws(SystemError) -> Void
    ) throws(SystemError) {
        let count = count
        var chunk = ByteStorage(capacity: min(count, Self.chunkBytes))
        for start in stride(from: 0, to: count, by: Self.chunkBytes) {
            chunk.removeAll()
            try append(start..<min(count, start + Self.chunkBytes), to: &chunk)
            try visit(chunk.bytes)
        }
    }

    private static let chunkBytes = 1 << 20
}
