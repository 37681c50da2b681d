/// One request, as ranges of the bytes that it was read from.
package struct HTTPRequest {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
        /// Any that no service behind the server knows.
        case other = ""
    }

    package enum Coding {
        case identity
        case gzip
        case unknown
    }

    package var method = Method.other
    /// The path with its query.
    package var target: Range<Int> = 0..<0
    /// The lines of all headers, each ended by CR LF.
    package var headers: Range<Int> = 0..<0
    package var body: Range<Int> = 0..<0
    package var keepsAlive = true
    package var acceptsGzip = false
    package var coding = Coding.identity
    package var amzTarget: Range<Int>?
    package var contentType: Range<Int>?
}

/// Why bytes are no request that the server takes. The connection ends after the answer.
package struct HTTPRefusal: Error, Equatable, Sendable {
    package var status: Int
    /// For `__type`.
    package var name: String
    package var message: String

    package init(status: Int, name: String, message: String) {
        (self.status, self.name, self.message) = (status, name, message)
    }

    package static func malformed(_ message: String) -> HTTPRefusal {
        HTTPRefusal(status: 400, name: "MalformedHttpRequestException", message: message)
    }

    package static let tooLarge = HTTPRefusal(
        status: 413, name: "RequestEntityTooLargeException",
        message: "The request is larger than 16 MB")
}

/// How large a body may be, and what is answered to one that is larger.
package struct BodyLimit: Equatable, Sendable {
    package var bytesMax: Int
    package var refusal: HTTPRefusal

    package init(bytesMax: Int, refusal: HTTPRefusal) {
        self.bytesMax = bytesMax
        self.refusal = refusal
    }

    /// DynamoDB's: 16 MB.
    package static let usual = BodyLimit(
        bytesMax: HTTPRequestParser.bodyBytesMax, refusal: .tooLarge)
}
