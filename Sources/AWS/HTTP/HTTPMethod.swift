/// What a request asks to be done (RFC 9110 section 9.3).
package enum HTTPMethod: String, Sendable {
    case get = "GET"
    /// Its reply is a head alone.
    case head = "HEAD"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"
}
