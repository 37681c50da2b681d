/// One request, as ranges of the bytes that it was read from.
package struct HTTPRequest {
    package enum Method {
        case get
        case post
        case other
    }

    enum Coding {
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
    var keepsAlive = true
    var acceptsGzip = false
    var coding = Coding.identity
    var amzTarget: Range<Int>?
    var contentType: Range<Int>?
}

/// Why bytes are no request that the server takes. The connection ends after the answer.
struct HTTPRefusal: Error, Equatable, Sendable {
    var status: Int
    /// For `__type`.
    var name: String
    var message: String

    static func malformed(_ message: String) -> HTTPRefusal {
        HTTPRefusal(status: 400, name: "MalformedHttpRequestException", message: message)
    }

    static let tooLarge = HTTPRefusal(
        status: 413, name: "RequestEntityTooLargeException",
        message: "The request is larger than 16 MB")
}
