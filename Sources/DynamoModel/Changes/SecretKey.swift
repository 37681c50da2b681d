import System

/// What values are hashed with, so that only its owner can find what a hash is of.
///
/// A value's code is HMAC-SHA-256 (RFC 2104) over its text, in base 32 (RFC 4648), without padding,
/// cut to a length. The text is a text's own UTF-8, a number's digits as ``DynamoNumber/text``
/// spells them, the bytes of a binary, `true` or `false`: its type is no part of it, so that an N
/// and an S of one value join.
package struct SecretKey: Hashable, Sendable {
    package static let bytesMin = 16
    /// Characters of a code: 40 bits at least, all 256 at most.
    package static let lengths = 8...52
    /// 130 bits.
    package static let lengthUsual = 26

    /// Distinguishes this key from others, and reveals nothing of it.
    package let fingerprint: String
    private let key: HMACKey

    /// - Parameter bytes: ``bytesMin`` at least.
    package init(_ bytes: [UInt8]) {
        precondition(bytes.count >= Self.bytesMin, "a short key")
        key = HMACKey(bytes)
        fingerprint = String(
            decoding: Self.base32(
                key.authenticate(Array("dynaferry fingerprint".utf8)), length: 16), as: UTF8.self)
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.fingerprint == right.fingerprint
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }

    /// - Throws: ``ValueFailure`` for what has no text: sets, lists and maps.
    package func code(
        of value: AttributeValue, length: Int = lengthUsual
    ) throws(ValueFailure) -> [UInt8] {
        let message: [UInt8]
        switch value {
        case .string(let bytes), .binary(let bytes): message = bytes
        case .number(let number): message = Array(number.text.utf8)
        case .bool(let value): message = Array((value ? "true" : "false").utf8)
        case .null, .stringSet, .numberSet, .binarySet, .list, .map:
            throw .type(value, of: "hash", wants: "a text, a number, a binary or a boolean")
        }
        return Self.base32(key.authenticate(message), length: length)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    private static func base32(_ bytes: [UInt8], length: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length) { output, count in
            alphabet.withUnsafeBufferPointer { alphabet in
                for place in 0..<length {
                    let bit = 5 * place
                    let next = bit / 8 + 1 < bytes.count ? bytes[bit / 8 + 1] : 0
                    let both = UInt16(bytes[bit / 8]) << 8 | UInt16(next)
                    output[place] = alphabet[Int(both >> UInt16(11 - bit % 8)) & 31]
                }
            }
            count = length
        }
    }
}
