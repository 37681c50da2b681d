/// A cyclic redundancy check of up to 64 bits, lowest bit first, with all bits set before and
/// flipped after. S3 takes two of them beside zlib's: CRC-32C (RFC 3720, B.4) and CRC-64/NVME
/// (NVM Express, NVM command set, 5.2.1.3.4).
///
/// By eight tables, a word at a step. A value: it holds the sum of what was added so far.
package struct ReflectedCRC: Sendable {
    package enum Kind: Sendable {
        case crc32c
        case crc64nvme

        fileprivate var tables: [UInt64] {
            switch self {
            case .crc32c: ReflectedCRC.crc32cTables
            case .crc64nvme: ReflectedCRC.crc64nvmeTables
            }
        }

        fileprivate var mask: UInt64 { self == .crc32c ? 0xFFFF_FFFF : .max }

        package var byteCount: Int { self == .crc32c ? 4 : 8 }
    }

    private static let crc32cTables = tables(polynomial: 0x82F6_3B78)
    private static let crc64nvmeTables = tables(polynomial: 0x9A6C_9329_AC4B_C9B5)

    private let kind: Kind
    private var register: UInt64

    package init(_ kind: Kind) {
        self.kind = kind
        register = kind.mask
    }

    /// Eight tables of 256 words: that of a byte, and of one with so many zero bytes behind it.
    private static func tables(polynomial: UInt64) -> [UInt64] {
        var tables = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var word = UInt64(byte)
            for _ in 0..<8 { word = word >> 1 ^ (word & 1 == 1 ? polynomial : 0) }
            tables[byte] = word
        }
        for place in 256..<tables.count {
            let before = tables[place - 256]
            tables[place] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }

    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        register = kind.tables.withUnsafeBufferPointer { tables in
            guard let table = tables.baseAddress else { return register }
            return Self.sum(start, count: bytes.count, after: register, table)
        }
    }

    private static func sum(
        _ start: UnsafeRawPointer, count: Int, after register: UInt64,
        _ table: UnsafePointer<UInt64>
    ) -> UInt64 {
        var register = register
        var offset = 0
        while offset + 8 <= count {
            let word = UInt64(
                littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let mixed = register ^ word
            register =
                table[1792 &+ Int(truncatingIfNeeded: mixed & 0xFF)]
                ^ table[1536 &+ Int(truncatingIfNeeded: mixed >> 8 & 0xFF)]
                ^ table[1280 &+ Int(truncatingIfNeeded: mixed >> 16 & 0xFF)]
                ^ table[1024 &+ Int(truncatingIfNeeded: mixed >> 24 & 0xFF)]
                ^ table[768 &+ Int(truncatingIfNeeded: mixed >> 32 & 0xFF)]
                ^ table[512 &+ Int(truncatingIfNeeded: mixed >> 40 & 0xFF)]
                ^ table[256 &+ Int(truncatingIfNeeded: mixed >> 48 & 0xFF)]
                ^ table[Int(truncatingIfNeeded: mixed >> 56)]
            offset += 8
        }
        while offset < count {
            let byte = start.load(fromByteOffset: offset, as: UInt8.self)
            register =
                register >> 8 ^ table[Int(truncatingIfNeeded: register & 0xFF ^ UInt64(byte))]
            offset += 1
        }
        return register
    }

    /// The sum so far, its bytes from the highest to the lowest, as S3 spells it.
    package var bytes: [UInt8] {
        let sum = register ^ kind.mask
        return (0..<kind.byteCount).reversed().map {
            UInt8(truncatingIfNeeded: sum >> (8 * UInt64($0)))
        }
    }

    /// The sum of a whole message.
    package static func bytes(_ kind: Kind, of message: UnsafeRawBufferPointer) -> [UInt8] {
        var sum = ReflectedCRC(kind)
        sum.add(message)
        return sum.bytes
    }
}
