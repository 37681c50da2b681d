import HTTPServer
import System

/// What is answered to a request to S3, but for what every answer has.
struct S3Reply {
    enum Body {
        case none
        case bytes([UInt8])
        /// Some of an object's bytes.
        case object(ObjectContent, Range<Int>)
    }

    var status = 200
    /// Empty for none.
    var contentType = ""
    var headers: [HTTPHeader] = []
    var body = Body.none
    /// Of an answer to HEAD.
    var contentLength: Int?

    init(status: Int = 200, headers: [HTTPHeader] = []) {
        self.status = status
        self.headers = headers
    }

    /// A reply in XML: one element in the namespace of S3.
    init(xml name: String, _ body: (inout XMLWriter) -> Void) {
        var output = XMLWriter()
        output.element(name, namespace: XMLWriter.namespace, body)
        contentType = "application/xml"
        self.body = .bytes(output.bytes)
    }

    /// Makes the ETag and the checksums in the head those of other bytes.
    mutating func spoilChecksums() {
        for place in headers.indices {
            let name = headers[place].name.lowercased()
            guard name == "etag" || name.hasPrefix("x-amz-checksum-"),
                name != "x-amz-checksum-type"
            else { continue }
            headers[place].value = Self.spoilt(headers[place].value)
        }
    }

    /// The text with another first letter or digit.
    private static func spoilt(_ value: String) -> String {
        guard let place = value.firstIndex(where: { $0.isLetter || $0.isNumber }) else {
            return value
        }
        var changed = value
        changed.replaceSubrange(place...place, with: value[place] == "0" ? "1" : "0")
        return changed
    }

    func write(to output: inout ByteStorage) throws(SystemError) {
        switch body {
        case .none: break
        case .bytes(let bytes): output.append(array: bytes)
        case .object(let content, let range): try content.append(range, to: &output)
        }
    }
}

extension ObjectMetadata {
    var etagHeader: HTTPHeader { HTTPHeader("ETag", "\"\(etag)\"") }

    /// The headers of what was written: its ETag, checksum and encryption.
    var writtenHeaders: [HTTPHeader] {
        [etagHeader] + (checksum?.headers ?? [])
            + headers.filter { ObjectHeaders.isEncryption($0.name) }
    }
}

extension ObjectChecksum {
    var headers: [HTTPHeader] {
        [
            HTTPHeader(algorithm.header, value),
            HTTPHeader("x-amz-checksum-type", kind.rawValue),
        ]
    }
}
