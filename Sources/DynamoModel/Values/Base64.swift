import System

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
            var isWellFormed = false
            let output = [UInt8](unsafeUninitializedCapacity: count) { room, written in
                guard let start = room.baseAddress, count > 0 else {
                    isWellFormed = count == 0
                    return
                }
                isWellFormed = decode(text, to: start) != nil
                written = isWellFormed ? count : 0
            }
            return isWellFormed ? output : nil
        }
    }

    /// Writes the bytes that `text` stands for where there is room for them.
    /// - Returns: how many they are; nil when `text` is not well-formed.
    static func decode(
        _ text: UnsafeRawBufferPointer, to output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        guard let count = decodedCount(text) else { return nil }
        let whole = text.count - (count % 3 == 0 ? 0 : 4)
        return values.withUnsafeBufferPointer { values in
            var defects: UInt8 = 0
            func sextet(_ offset: Int) -> UInt32 {
                let value = values[Int(text[offset])]
                defects |= value
                return UInt32(value)
            }
            func group(_ start: Int, of sextets: Int) -> UInt32 {
                var group: UInt32 = 0
                for index in 0..<sextets {
                    group |= sextet(start + index) << UInt32(18 - 6 * index)
                }
                return group
            }
            var next = output
            func put(_ group: UInt32, _ bytes: Int) {
                for index in 0..<bytes {
                    next[index] = UInt8(truncatingIfNeeded: group >> UInt32(16 - 8 * index))
                }
                next += bytes
            }
            for start in stride(from: 0, to: whole, by: 4) { put(group(start, of: 4), 3) }
            if whole < text.count { put(group(whole, of: count % 3 + 1), count % 3) }
            // What is not in the alphabet has bits that no sextet has.
            return defects & 0xC0 == 0 ? count : nil
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
