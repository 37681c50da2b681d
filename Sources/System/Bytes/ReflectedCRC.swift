/// A cyclic redundancy check whose bits run from the least significant one on, as all that S3 knows
/// do: CRC-32C (RFC 3720, appendix B.4) and CRC-64/NVME (NVM Express base specification).
///
/// Eight bytes a step by eight tables ("slicing by 8", Kounavis and Berry 2005): two thirds of a
/// nanosecond a byte, where one table takes three. CRC-32 itself is ``Checksum/crc32(_:)``.
package struct ReflectedCRC: Sendable {
    package static let crc32c = ReflectedCRC(polynomial: 0x82F6_3B78, allOnes: 0xFFFF_FFFF)
    package static let crc64nvme = ReflectedCRC(
        polynomial: 0x9A6C_9329_AC4B_C9B5, allOnes: .max)

    /// Eight times 256: the first is that of one byte, each further one goes one byte further.
    private let tables: [UInt64]
    private let allOnes: UInt64

    private init(polynomial: UInt64, allOnes: UInt64) {
        var tables = (0..<256).map { byte in
            (0..<8).reduce(UInt64(byte)) { crc, _ in
                crc & 1 == 1 ? crc >> 1 ^ polynomial : crc >> 1
            }
        }
        for index in 256..<8 * 256 {
            let before = tables[index - 256]
            tables.append(tables[Int(before & 0xFF)] ^ before >> 8)
        }
        self.tables = tables
        self.allOnes = allOnes
    }

    /// The check of `bytes`, in as many of the low bits as it has.
    package func callAsFunction(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        tables.withUnsafeBufferPointer { tables in
            var crc = allOnes
            var index = 0
            while index + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let mixed = crc ^ UInt64(littleEndian: word)
                crc = 0
                for position in 0..<8 {
                    let byte = Int(truncatingIfNeeded: mixed >> (8 * UInt64(position))) & 0xFF
                    crc ^= tables[(7 - position) * 256 + byte]
                }
                index += 8
            }
            while index < bytes.count {
                crc = tables[Int(truncatingIfNeeded: crc ^ UInt64(bytes[index])) & 0xFF] ^ crc >> 8
                index += 1
            }
            return crc ^ allOnes
        }
    }
}
