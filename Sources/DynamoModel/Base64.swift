/// Base64 as RFC 4648 section 4 has it, with padding, which is what DynamoDB speaks.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Each character's six bits; 0xFF for what is not in the alphabet.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    package static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group = UInt32(bytes[start]) << 16
            if count > 1 { group |= UInt32(bytes[start + 1]) << 8 }
            if count > 2 { group |= UInt32(bytes[start + 2]) }
            for index in 0..<4 {
                let sextet = Int(group >> (18 - 6 * index)) & 63
                output.append(index <= count ? alphabet[sextet] : 0x3D)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes that `text` stands for; nil when it is not well-formed.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        text.withUnsafeBytes { text in
            guard let count = decodedCount(text) else { return nil }
            var output: [UInt8] = []
            output.reserveCapacity(count)
            for start in stride(from: 0, to: text.count, by: 4) {
                var group: UInt32 = 0
                for index in 0..<4 {
                    let value = text[start + index] == 0x3D ? 0 : values[Int(text[start + index])]
                    guard value != 0xFF else { return nil }
                    group = group << 6 | UInt32(value)
                }
                output.append(UInt8(truncatingIfNeeded: group >> 16))
                output.append(UInt8(truncatingIfNeeded: group >> 8))
                output.append(UInt8(truncatingIfNeeded: group))
            }
            // Padding may stand at the end only: the loop has taken a misplaced `=` for a zero.
            guard !text.dropLast(2).contains(0x3D) else { return nil }
            if text.count >= 2, text[text.count - 2] == 0x3D, text[text.count - 1] != 0x3D {
                return nil
            }
            output.removeLast(output.count - count)
            return output
        }
    }

    /// How many bytes well-formed base64 of this length and padding decodes to; nil when the
    /// length is no multiple of four. The characters are not looked at.
    package static func decodedCount(_ text: UnsafeRawBufferPointer) -> Int? {
        guard text.count % 4 == 0 else { return nil }
        guard text.count > 0 else { return 0 }
        let padding =
            (text[text.count - 1] == 0x3D ? 1 : 0) + (text[text.count - 2] == 0x3D ? 1 : 0)
        return text.count / 4 * 3 - padding
    }
}
