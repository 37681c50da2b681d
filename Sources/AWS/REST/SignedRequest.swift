/// A request as it goes out: signed, its URL percent-encoded, its head in lines.
struct SignedRequest {
    var method: HTTPMethod
    var url: String
    /// `Name: value`.
    var lines: [String]
}
