/// Hashes bytes to 64 bits that are evenly spread, the same on every run.
enum KeyHash {
    private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

    @inline(__always)
    static func of(_ start: UnsafePointer<UInt8>, count: Int, seed: UInt64 = 0) -> UInt64 {
        var hash = seed ^ (UInt64(truncatingIfNeeded: count) &* multiplier)
        var offset = 0
        while count - offset >= 8 {
            let word = UnsafeRawPointer(start + offset).loadUnaligned(as: UInt64.self)
            hash = mix(hash ^ word)
            offset += 8
        }
        var last: UInt64 = 0
        while offset < count {
            last = last << 8 | UInt64(start[offset])
            offset += 1
        }
        return mix(hash ^ last)
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let (high, low) = (value ^ 0xD6E8_FEB8_6659_FD93).multipliedFullWidth(by: multiplier)
        let folded = (high ^ low) &* 0xBF58_476D_1CE4_E5B9
        return folded ^ (folded >> 32)
    }
}
