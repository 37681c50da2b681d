/// Makes JSON of what people write: comments and needless commas become spaces, so that everything
/// else stays at its offset.
enum JSONComments {
    /// - Throws: for a comment that does not end.
    static func blanked(_ bytes: [UInt8]) throws(JSONError) -> [UInt8] {
        var plain = bytes
        var index = bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
        for offset in 0..<index { plain[offset] = space }
        // The last comma, as long as only white space has followed it.
        var comma: Int?
        var last: UInt8?
        while index < bytes.count {
            let byte = bytes[index]
            if let end = try comment(at: index, in: bytes) {
                for offset in index..<end where bytes[offset] != newline { plain[offset] = space }
                index = end
                continue
            }
            switch byte {
            case space, newline, 0x09, 0x0D: break
            case UInt8(ascii: "\""):
                index = stringEnd(from: index, in: bytes)
                (comma, last) = (nil, byte)
                continue
            case UInt8(ascii: ","):
                // One that follows nothing is a mistake, and stays to be found.
                let follows = last.map { !"[{,:".utf8.contains($0) } ?? false
                (comma, last) = (follows ? index : nil, byte)
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if let comma { plain[comma] = space }
                (comma, last) = (nil, byte)
            default: (comma, last) = (nil, byte)
            }
            index += 1
        }
        return plain
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let space: UInt8 = 0x20
    private static let newline: UInt8 = 0x0A

    /// The end of the comment that begins at `start`; nil when there is none.
    private static func comment(
        at start: Int, in bytes: [UInt8]
    ) throws(JSONError) -> Int? {
        let slash = UInt8(ascii: "/")
        let star = UInt8(ascii: "*")
        guard bytes[start] == slash, start + 1 < bytes.count else { return nil }
        if bytes[start + 1] == slash {
            return bytes[start...].firstIndex(of: newline) ?? bytes.count
        }
        guard bytes[start + 1] == star else { return nil }
        var index = start + 2
        while index + 1 < bytes.count {
            if bytes[index] == star, bytes[index + 1] == slash { return index + 2 }
            index += 1
        }
        throw JSONError(offset: start, reason: "unfinished comment")
    }

    /// One past the string that begins at `start`; the end of the bytes when it is not finished,
    /// which the reader reports.
    private static func stringEnd(from start: Int, in bytes: [UInt8]) -> Int {
        var index = start + 1
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""): return index + 1
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return bytes.count
    }
}
