/// Percent-encoding (RFC 3986, 2.1) as S3 uses it: in paths, queries, listings and signatures.
enum PercentText {
    /// The bytes that a text stands for; nil when a `%` has not two digits behind it.
    /// - Parameter plusIsBlank: as in queries.
    static func decode(
        _ text: some Collection<UInt8>, plusIsBlank: Bool = false
    ) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var rest = text.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case 0x25:
                guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit)
                else { return nil }
                output.append(high << 4 | low)
            case 0x2B where plusIsBlank: output.append(0x20)
            default: output.append(byte)
            }
        }
        return output
    }

    /// Everything but letters, digits and `-._~` encoded, as Signature Version 4 wants it.
    static func encode(_ bytes: some Sequence<UInt8>, keeping kept: StaticString = "") -> String {
        var output: [UInt8] = []
        for byte in bytes {
            if isUnreserved(byte) || contains(kept, byte) {
                output.append(byte)
            } else {
                append(byte, to: &output)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// As listings spell keys that were asked for with `encoding-type=url`: a blank is a plus.
    static func listed(_ bytes: some Sequence<UInt8>) -> String {
        var output: [UInt8] = []
        for byte in bytes {
            if byte == 0x20 {
                output.append(0x2B)
            } else if byte != 0x7E, isUnreserved(byte) || byte == 0x2F || byte == 0x2A {
                output.append(byte)
            } else {
                append(byte, to: &output)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends a byte as `%` and two digits.
    static func append(_ byte: UInt8, to output: inout [UInt8]) {
        output.append(0x25)
        for half in [byte >> 4, byte & 15] { output.append(half < 10 ? 0x30 + half : 0x37 + half) }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    private static func contains(_ text: StaticString, _ byte: UInt8) -> Bool {
        text.withUTF8Buffer { $0.contains(byte) }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
