import System

/// Base64 (RFC 4648 section 4) as the service accepts it: padded, and with no stray bits behind
/// the last byte.
enum BlobText {
    /// Each character's six bits; 0xFF for what is not in the alphabet.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, character) in alphabet.utf8.enumerated() {
            table[Int(character)] = UInt8(value)
        }
        return table
    }()

    /// How many bytes the text stands for.
    static func decodedCount(_ text: UnsafeRawBufferPointer) throws(ServiceError) -> Int {
        guard text.count % 4 == 0 else {
            throw failure(
                text,
                "Base64 encoded length is expected a multiple of 4 bytes but found: \(text.count)")
        }
        guard text.count > 0 else { return 0 }
        let padding = text[text.count - 1] != 0x3D ? 0 : text[text.count - 2] != 0x3D ? 1 : 2
        let digits = text.count - padding
        let bad = values.withUnsafeBufferPointer { table -> Int? in
            var seen: UInt8 = 0
            for offset in 0..<digits { seen |= table[Int(text[offset])] }
            guard seen & 0xC0 != 0 else { return nil }
            return (0..<digits).first { table[Int(text[$0])] == 0xFF }
        }
        if let bad {
            let character = Character(UnicodeScalar(text[bad]))
            throw failure(text, "Invalid Base64 character: '\(character)'")
        }
        let stray = values[Int(text[digits - 1])] & (padding == 2 ? 0x0F : padding == 1 ? 0x03 : 0)
        // "dectected" is the service's spelling.
        guard stray == 0 else {
            throw failure(text, "Invalid last non-pad Base64 character dectected")
        }
        return text.count / 4 * 3 - padding
    }

    private static func failure(_ text: UnsafeRawBufferPointer, _ reason: String) -> ServiceError {
        // The service quotes the whole value; a long one helps nobody.
        let quoted = String(decoding: text.prefix(64), as: UTF8.self)
        return .serialization("'\(quoted)' can not be converted to a Blob: \(reason)")
    }
}
