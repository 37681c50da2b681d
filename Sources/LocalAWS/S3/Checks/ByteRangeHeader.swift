import System

/// The header `Range` of one range (RFC 9110, 14.2): the first byte and the last, or how many at
/// the end.
enum ByteRangeHeader {
    /// The bytes of an object that a header asks for; nil for all of them, which is what a header
    /// that makes no sense is answered.
    static func range(_ text: String?, size: Int) throws(S3Error) -> Range<Int>? {
        guard let text, text.hasPrefix("bytes=") else { return nil }
        let ranges = text.dropFirst("bytes=".count).split(separator: ",")
        guard ranges.count < 2 else { throw .notImplemented(header: "Range of several ranges") }
        let ends = (ranges.first ?? "").split(separator: "-", omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " } }
        guard ends.count == 2, let first = number(ends[0]), let last = number(ends[1]) else {
            return nil
        }
        switch (first, last) {
        case (nil, nil): return nil
        case (nil, let count?):
            guard count > 0, size > 0 else { throw .invalidRange(text, size: size) }
            return max(0, size - count)..<size
        case (let first?, let last):
            guard first < size else { throw .invalidRange(text, size: size) }
            guard let last else { return first..<size }
            return last < first ? nil : first..<(min(last, size - 1) + 1)
        }
    }

    /// A number that may be left out; nil when it is neither.
    private static func number(_ digits: String) -> Int?? {
        if digits.isEmpty { return .some(nil) }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        // One that is larger than any object is as good as the largest.
        return .some(CheckedNumber.int(digits, in: 0...Int.max) ?? .max)
    }
}
