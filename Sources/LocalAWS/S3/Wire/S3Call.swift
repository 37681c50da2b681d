import HTTPServer
import System

/// One request to S3, read once. Its body is good only while it is being answered.
struct S3Call {
    /// Of the request's headers, as AWS has it (S3 guide, "Error responses",
    /// RequestHeaderSectionTooLarge).
    static let headerBytesMax = 8 * 1024

    let method: HTTPRequest.Method
    let bucket: String?
    /// Nil for the bucket itself.
    let key: ObjectKey?
    /// In their order, decoded.
    let query: [(name: String, value: String)]
    /// Names in lower case, in their order.
    let headers: [HTTPHeader]
    let body: UnsafeRawBufferPointer
    /// The path with its query, as sent.
    let target: String
    /// The path alone, as sent: for signatures.
    var path: String { String(target.prefix { $0 != "?" }) }

    init(
        _ address: S3Address, _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer
    ) throws(S3Error) {
        method = request.method
        bucket = address.bucket
        body = UnsafeRawBufferPointer(rebasing: bytes[request.body])
        target = String(decoding: bytes[request.target], as: UTF8.self)
        guard request.headers.count <= Self.headerBytesMax else { throw .headersTooLarge }
        headers = Self.headers(bytes[request.headers])
        query = try Self.query(address.query)
        key = address.key.isEmpty ? nil : try Self.key(address.key)
    }

    /// Only blanks around a value are taken away: metadata keeps those inside.
    private static func headers(_ bytes: Slice<UnsafeRawBufferPointer>) -> [HTTPHeader] {
        bytes.split(separator: 0x0A).compactMap { line in
            guard let colon = line.firstIndex(of: 0x3A) else { return nil }
            var value = line[line.index(after: colon)...].drop { $0 <= 0x20 }
            while let last = value.last, last <= 0x20 { value = value.dropLast() }
            return HTTPHeader(
                String(decoding: line[..<colon], as: UTF8.self).lowercased(),
                String(decoding: value, as: UTF8.self))
        }
    }

    private static func query(
        _ bytes: Slice<UnsafeRawBufferPointer>
    ) throws(S3Error) -> [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        for part in bytes.split(separator: 0x26) {
            let pair = part.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
            var texts: [String] = []
            for half in pair {
                guard let decoded = PercentText.decode(half, plusIsBlank: true),
                    let text = String(validating: decoded, as: UTF8.self)
                else { throw .invalidURI }
                texts.append(text)
            }
            items.append((texts[0], texts.count > 1 ? texts[1] : ""))
        }
        return items
    }

    private static func key(_ bytes: Slice<UnsafeRawBufferPointer>) throws(S3Error) -> ObjectKey {
        guard let decoded = PercentText.decode(bytes),
            String(validating: decoded, as: UTF8.self) != nil
        else { throw .invalidURI }
        guard decoded.count <= ObjectKey.bytesMax else { throw .keyTooLong(decoded.count) }
        return ObjectKey(decoded)
    }

    /// The value of a header, by its name in lower case.
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The value of a query parameter; empty when it stands alone.
    func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    func has(_ parameter: String) -> Bool { self.parameter(parameter) != nil }

    /// A whole number of the query; `usual` when it is not there.
    func number(
        _ name: String, in range: ClosedRange<Int>, usual: Int
    ) throws(S3Error) -> Int {
        guard let text = parameter(name), !text.isEmpty else { return usual }
        guard let number = CheckedNumber.int(text, in: range) else {
            throw .invalidArgument(
                "Argument \(name) must be an integer between \(range.lowerBound) and "
                    + "\(range.upperBound)", name, text)
        }
        return number
    }
}
