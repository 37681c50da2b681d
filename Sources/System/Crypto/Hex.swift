/// Lower-case hexadecimal digits, as SigV4 and checksums have them.
package enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Writes two digits for each of `bytes` to `output`.
    package static func write(_ bytes: UnsafeRawBufferPointer, to output: UnsafeMutableRawPointer) {
        let output = output.assumingMemoryBound(to: UInt8.self)
        digits.withUnsafeBufferPointer { digits in
            for (index, byte) in bytes.enumerated() {
                output[2 * index] = digits[Int(byte >> 4)]
                output[2 * index + 1] = digits[Int(byte & 15)]
            }
        }
    }

    package static func text(_ bytes: [UInt8]) -> String {
        String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
