/// Why libcurl did not bring a reply.
package struct TransferFailure: Error, Equatable, Sendable {
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
}
