import Glibc

/// The key of an object: up to 1,024 bytes of UTF-8 (S3 guide, "Naming Amazon S3 objects").
///
/// Compared byte by byte, which is the order that S3 lists keys in. `String` would not do: to it
/// the two spellings of é are equal.
struct ObjectKey: Hashable, Comparable, Sendable {
    static let bytesMax = 1024

    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }
    init(_ text: String) { bytes = Array(text.utf8) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        let common = min(left.bytes.count, right.bytes.count)
        let order = memcmp(left.bytes, right.bytes, common)
        return order == 0 ? left.bytes.count < right.bytes.count : order < 0
    }

    func hasPrefix(_ prefix: ObjectKey) -> Bool {
        bytes.count >= prefix.bytes.count
            && memcmp(bytes, prefix.bytes, prefix.bytes.count) == 0
    }
}
