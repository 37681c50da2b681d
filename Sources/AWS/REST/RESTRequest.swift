import System

/// A request to a service that speaks plain HTTP: what is asked for, before it is signed.
package struct RESTRequest: Sendable {
    /// What a good reply holds.
    package enum Content: Sendable {
        /// Bytes that are somebody's own.
        case bytes
        /// An XML document whose outermost element has this name.
        case document(String)
        /// Nothing that is read.
        case nothing
    }

    package var operation: Operation
    package var method: HTTPMethod
    package var address: RESTAddress
    /// As it is, from the first slash on: nothing in it is percent-encoded.
    package var path: String
    /// Names and values as they are.
    package var query: [(name: String, value: String)] = []
    /// Besides those of the connection and the signature. All are signed.
    package var headers: [(name: String, value: String)] = []
    /// Stays as it is until the request is done.
    package var body: ByteBuffer?
    package var content = Content.nothing
    /// What is read or written, for people: `s3://bucket/key`.
    package var place: String

    package init(
        _ operation: Operation, _ method: HTTPMethod, _ address: RESTAddress, path: String,
        place: String
    ) {
        self.operation = operation
        self.method = method
        self.address = address
        self.path = path
        self.place = place
    }
}

/// The host that a request goes to, and the region that it is signed for.
package struct RESTAddress: Equatable, Sendable {
    package var endpoint: EndpointURL
    package var region: String

    package init(_ endpoint: EndpointURL, region: String) {
        self.endpoint = endpoint
        self.region = region
    }
}

extension RESTRequest {
    /// S3's rules, which no other service has: the path is encoded once and taken as it is, and the
    /// body's hash is sent as a header. (S3 API reference, "Authenticating Requests".)
    private static let rules: Signer.Rules = {
        var rules = Signer.Rules()
        rules.normalizesPath = false
        rules.sendsBodyHash = true
        return rules
    }()

    /// The hash of a body that has no bytes.
    private static let emptyHash = Hex.text(SHA256().hash([UInt8]()))

    /// - Parameter time: of the service's clock.
    func signed(with credentials: Credentials, at time: UTCTime) -> SignedRequest {
        let headers = headers.map { (name: $0.name, value: $0.value.headerText) }
        let signature = signature(with: credentials, at: time, headers)
        var lines = ["Host: \(address.endpoint.host)"]
        lines += (headers + signature.headers).map { "\($0.name): \($0.value)" }
        // Without a value: libcurl would add these by itself. To wait for "100 Continue" costs a
        // round trip for each object and saves a body only where it is refused.
        lines += ["User-Agent: dynaferry", "Accept:", "Expect:"]
        if !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        var url = address.endpoint.url + PercentEncoding.encode(path, keepingSlashes: true)
        if !query.isEmpty { url += "?" + encodedQuery }
        return SignedRequest(method: method, url: url, lines: lines)
    }

    /// What is signed, and with what result.
    func signature(
        with credentials: Credentials, at time: UTCTime, _ headers: [(name: String, value: String)]
    ) -> Signer.Signed {
        let signer = Signer(
            credentials: credentials, region: address.region, service: operation.service.name,
            rules: Self.rules)
        return signer.sign(
            Signer.Request(
                method: method.rawValue, path: path, query: encodedQuery,
                headers: [("Host", address.endpoint.host)] + headers),
            bodyHash: bodyHash, at: time)
    }

    private var encodedQuery: String {
        query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
            .joined(separator: "&")
    }

    /// Over TLS no body can be changed on its way, and hashing it would cost more than all else.
    private var bodyHash: String {
        guard let body, body.count > 0 else { return Self.emptyHash }
        if address.endpoint.scheme == "https" { return "UNSIGNED-PAYLOAD" }
        return Hex.text(SHA256().hash(body.bytes))
    }
}

extension String {
    /// Without what would end a header line: names and sums come from files and servers.
    fileprivate var headerText: String {
        guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return self }
        return String(
            unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) })
    }
}
