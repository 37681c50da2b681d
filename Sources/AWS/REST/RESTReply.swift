import System

/// A reply that says that it was done as asked.
package struct RESTReply: Sendable {
    package let status: Int
    package let fields: ReplyFields
    /// The buffer that was given for it, with the whole body.
    package let body: ByteBuffer
    /// Of a request for a document; else nil.
    package let document: XMLTree?
    /// From submission to the last byte.
    package let latency: Duration
}

/// The header lines of a reply, read when they are wanted.
package struct ReplyFields: Sendable {
    private let lines: [UInt8]

    init(_ lines: UnsafeRawBufferPointer) {
        self.lines = Array(lines)
    }

    /// The value of the first one of this name, in lower case; nil where there is none.
    package func callAsFunction(_ name: StaticString) -> String? {
        lines.withUnsafeBytes { lines in
            var start = 0
            while start < lines.count {
                let end = lines[start...].firstIndex(of: 0x0A) ?? lines.count
                let line = UnsafeRawBufferPointer(rebasing: lines[start..<end])
                if let value = HTTPHeader.value(line, of: name) {
                    return String(decoding: line[value], as: UTF8.self)
                }
                start = end + 1
            }
            return nil
        }
    }

    /// What the service's support asks for.
    package var requestID: String? {
        (self("x-amz-request-id") ?? self("x-amzn-requestid")).map { String($0.prefix(128)) }
    }
}
