import System

/// Signs any request by AWS Signature Version 4 with an `Authorization` header.
///
/// A value without clock or I/O: the time is an argument. It follows the AWS guide "Create a signed
/// AWS API request" and is the yardstick of `SigningTemplate`, which does the same for DynamoDB's
/// one shape of request some twenty times faster.
package struct Signer: Sendable {
    /// What is signed. `path` and `query` are as on the request line, percent-encoded or not.
    package struct Request: Sendable {
        package var method: String
        package var path: String
        package var query: String
        /// Every one of these is signed; names in any case, `Host` among them.
        package var headers: [(name: String, value: String)]
        package var body: [UInt8]

        package init(
            method: String, path: String, query: String = "",
            headers: [(name: String, value: String)], body: [UInt8] = []
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.headers = headers
            self.body = body
        }
    }

    /// Where services differ. The defaults are right for all but S3.
    package struct Rules: Sendable {
        /// Removes `.`, `..` and empty segments from the path.
        package var normalizesPath = true
        /// Sends the body's hash as `x-amz-content-sha256` too.
        package var sendsBodyHash = false
        /// Signs the session token; a few services want it added afterwards.
        package var signsSessionToken = true

        package init() {}
    }

    /// The result, with the two texts that it was computed from, for tests and complaints.
    package struct Signed: Sendable {
        package var canonicalRequest: String
        package var stringToSign: String
        package var signature: String
        /// To be sent besides the request's own: date, token, body hash, `Authorization`.
        package var headers: [(name: String, value: String)]
    }

    package var credentials: Credentials
    package var region: String
    package var service: String
    package var rules: Rules

    package init(
        credentials: Credentials, region: String, service: String, rules: Rules = Rules()
    ) {
        self.credentials = credentials
        self.region = region
        self.service = service
        self.rules = rules
    }

    package func sign(_ request: Request, at time: UTCTime) -> Signed {
        sign(request, bodyHash: Hex.text(SHA256().hash(request.body)), at: time)
    }

    /// The same for a body that is elsewhere.
    /// - Parameter bodyHash: of the body, or what a service takes in its place.
    package func sign(_ request: Request, bodyHash: String, at time: UTCTime) -> Signed {
        let date = String(decoding: time.basicFormat, as: UTF8.self)
        var added = [(name: "X-Amz-Date", value: date)]
        if rules.sendsBodyHash { added.append(("x-amz-content-sha256", bodyHash)) }
        let token = credentials.sessionToken.map { (name: "X-Amz-Security-Token", value: $0) }
        if let token, rules.signsSessionToken { added.append(token) }

        let headers = CanonicalHeaders(request.headers + added)
        let path = CanonicalPath.text(of: request.path, normalized: rules.normalizesPath)
        let canonical = [
            request.method, path, CanonicalQuery.text(of: request.query), headers.lines,
            headers.names, bodyHash,
        ].joined(separator: "\n")

        let scope = "\(date.prefix(8))/\(region)/\(service)/aws4_request"
        let canonicalHash = Hex.text(SHA256().hash(Array(canonical.utf8)))
        let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(canonicalHash)"
        let key = HMACKey(
            signing: region, service, on: String(date.prefix(8)), credentials: credentials)
        let signature = Hex.text(key.authenticate(Array(text.utf8)))
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(headers.names), Signature=\(signature)"
        added.append(("Authorization", authorization))
        if let token, !rules.signsSessionToken { added.append(token) }
        return Signed(
            canonicalRequest: canonical, stringToSign: text, signature: signature, headers: added)
    }
}
