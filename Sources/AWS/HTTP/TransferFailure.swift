/// Why libcurl did not bring a reply.
package struct TransferFailure: Error, CustomStringConvertible, Equatable, Sendable {
    package enum Kind: Sendable {
        case connectionFailed  // nothing was sent
        case tlsFailure  // nothing was sent
        case connectionReset  // the request may have arrived
        case timeout  // the same
        case truncated  // a reply began and did not end
        case malformed  // the peer does not speak HTTP as we know it
        case stopped  // the engine was shut down
        case other
    }

    package var kind: Kind
    /// libcurl's own words, which name host and port but nothing of the request.
    package var reason: String

    /// What to do about a host whose name has no address here; nil for any other failure.
    /// - Parameter reason: libcurl's words: `Could not resolve host: x (Timeout ...)`.
    package static func nameAdvice(_ reason: String) -> String? {
        for (words, what) in [("resolve host: ", "host"), ("resolve proxy: ", "proxy")] {
            guard let range = reason.firstRange(of: words) else { continue }
            let name = reason[range.upperBound...].prefix { !$0.isWhitespace }
            let source =
                what == "host" ? "its spelling and the region" : "HTTPS_PROXY and HTTP_PROXY"
            return "The name of the \(what) has no address here: check \(source), then DNS on this"
                + " machine with getent hosts \(name)."
        }
        return nil
    }

    /// One sentence that an operator can act on; nil when the reason already is one.
    package var hint: String? { Self.nameAdvice(reason) }

    package var description: String { reason }
}
