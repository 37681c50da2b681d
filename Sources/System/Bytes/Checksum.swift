import CDeflate

/// The CRC-32 that DynamoDB sends with each reply (RFC 1952 section 8; zlib's polynomial).
///
/// By libdeflate, which uses the processor's carry-less multiplication where zlib of Debian does
/// not: every byte of a table goes through it. The corresponding C function is
/// `libdeflate_crc32`.
package enum Checksum {
    /// Of the libdeflate that the program was built with; it has no call for that.
    package static var libraryVersion: String { LIBDEFLATE_VERSION_STRING }

    package static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 { crc32(bytes, after: 0) }

    /// - Parameter sum: that of the bytes before these.
    package static func crc32(_ bytes: UnsafeRawBufferPointer, after sum: UInt32) -> UInt32 {
        // Without a place in memory, libdeflate takes the call for a question.
        guard let start = bytes.baseAddress else { return sum }
        return libdeflate_crc32(sum, start, bytes.count)
    }
}
