import AWS
import DynamoModel
import System

/// A checksum of an object as S3 has them in header lines: base64 of its bytes, the largest first.
/// (S3 guide, "Checking object integrity".)
enum ObjectSum: CaseIterable, Sendable {
    // In the order of what they cost.
    case crc32, crc64nvme, crc32c, sha256, sha1, md5

    /// In lower case.
    var header: StaticString {
        switch self {
        case .crc32: "x-amz-checksum-crc32"
        case .crc64nvme: "x-amz-checksum-crc64nvme"
        case .crc32c: "x-amz-checksum-crc32c"
        case .sha256: "x-amz-checksum-sha256"
        case .sha1: "x-amz-checksum-sha1"
        case .md5: "x-amz-checksum-md5"
        }
    }

    func text(of bytes: UnsafeRawBufferPointer) -> String {
        switch self {
        case .crc32: Base64.encode(Checksum.crc32(bytes).bigEndianBytes)
        case .crc64nvme: Base64.encode(ReflectedCRC.bytes(.crc64nvme, of: bytes))
        case .crc32c: Base64.encode(ReflectedCRC.bytes(.crc32c, of: bytes))
        case .sha256: Base64.encode(SHA256().hash(bytes))
        case .sha1: Base64.encode(SHA1.hash(bytes))
        case .md5: Base64.encode(MD5.hash(bytes))
        }
    }

    /// Holds a whole object against the checksum that came with it, the cheapest there is.
    /// - Returns: the one that does not match; nil when it does, or none came that is of the
    ///   object's bytes: that of one put in parts is of the parts' checksums.
    static func mismatch(_ bytes: UnsafeRawBufferPointer, _ fields: ReplyFields) -> ObjectSum? {
        guard fields("x-amz-checksum-type")?.uppercased() != "COMPOSITE" else { return nil }
        for sum in allCases {
            guard let sent = fields(sum.header), !sent.isEmpty, !sent.contains("-") else {
                continue
            }
            return sum.text(of: bytes) == sent ? nil : sum
        }
        return nil
    }
}

extension FixedWidthInteger {
    fileprivate var bigEndianBytes: [UInt8] {
        withUnsafeBytes(of: bigEndian) { Array($0) }
    }
}
