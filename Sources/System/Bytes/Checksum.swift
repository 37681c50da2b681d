import CDeflate

/// The CRC-32 that DynamoDB sends with each reply (RFC 1952 section 8; zlib's polynomial).
///
/// By libdeflate, which uses the processor's carry-less multiplication where zlib of Debian does
/// not: every byte of a table goes through it. The corresponding C function is
/// `libdeflate_crc32`.
package enum Checksum {
    package static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        libdeflate_crc32(0, bytes.baseAddress, bytes.count)
    }
}
