import CCrypto

/// SHA-256 and HMAC by libcrypto, for checking signatures. The only file that knows the library.
enum Digest {
    static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let status = EVP_Digest(bytes.baseAddress, bytes.count, &digest, nil, EVP_sha256(), nil)
        precondition(status == 1, "EVP_Digest failed")
        return digest
    }

    static func sha256(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { sha256($0) } }

    /// HMAC-SHA-256 (RFC 2104) from the hash alone.
    static func hmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        let blockBytes = 64
        let short = key.count > blockBytes ? sha256(key) : key
        let padded = short + [UInt8](repeating: 0, count: blockBytes - short.count)
        let inner = sha256(padded.map { $0 ^ 0x36 } + message)
        return sha256(padded.map { $0 ^ 0x5C } + inner)
    }

    static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }
}
