import System

/// Hashes bytes to 64 bits that are evenly spread, the same on every run.
enum KeyHash {
    private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

    @inline(__always)
    static func of(_ start: UnsafePointer<UInt8>, count: Int, seed: UInt64 = 0) -> UInt64 {
        let bytes = UnsafeRawPointer(start)
        var hash = seed ^ (UInt64(truncatingIfNeeded: count) &* multiplier)
        // Words may overlap: the length is hashed too, so no byte is missed and none ambiguous.
        if count >= 8 {
            var offset = 0
            while count - offset > 8 {
                hash = mix(hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            return mix(hash ^ bytes.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
        }
        if count >= 4 {
            let first = bytes.loadUnaligned(as: UInt32.self)
            let last = bytes.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
            return mix(hash ^ (UInt64(first) << 32 | UInt64(last)))
        }
        guard count > 0 else { return mix(hash) }
        let word = UInt64(start[0]) << 16 | UInt64(start[count / 2]) << 8 | UInt64(start[count - 1])
        return mix(hash ^ word)
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let (high, low) = (value ^ 0xD6E8_FEB8_6659_FD93).multipliedFullWidth(by: multiplier)
        let folded = (high ^ low) &* 0xBF58_476D_1CE4_E5B9
        return folded ^ (folded >> 32)
    }
}
