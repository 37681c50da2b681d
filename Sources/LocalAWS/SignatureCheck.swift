import Glibc
import HTTPServer
import System

/// Checks Signature Version 4 (AWS General Reference, "Signature Version 4 signing process") of
/// requests against the keys of some users, with DynamoDB's errors; `SignatureCheck+S3.swift` has
/// S3's rules and errors.
///
/// Written apart from the client's signer, so that a mistake in one is not shared by the other.
struct SignatureCheck {
    /// Clocks may differ by this much.
    private static let toleranceSeconds = 300

    private let users: [User]

    /// Whose key it is.
    func user(of authorization: Authorization) -> User? {
        users.first { $0.credentials.accessKey == authorization.accessKey }
    }

    init(_ users: [User]) { self.users = users }

    /// Who signed the request; throws when it is not signed by one of the users, now.
    func check(
        _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer, for service: String = "dynamodb",
        now: Double
    ) throws(ServiceError) -> User {
        let headers = Self.headers(bytes[request.headers])
        guard let text = headers.first(where: { $0.name == "authorization" })?.value,
            text.hasPrefix("AWS4-")
        else {
            throw Self.error(
                "MissingAuthenticationTokenException", "Request is missing Authentication Token")
        }
        let authorization = try Authorization(text)
        let date = try Self.date(headers, authorization: text)
        try checkTime(date, now: now)
        guard authorization.signedHeaders.contains("host") else {
            throw Self.invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.")
        }
        try authorization.checkScope(date: date, service: service)
        guard let user = user(of: authorization) else {
            throw Self.error(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.")
        }
        let canonical = try Self.canonicalRequest(
            request, bytes, headers: headers, signed: authorization.signedHeaders)
        let toSign = Self.textToSign(canonical, date: date, scope: authorization.scope)
        let key = Self.key(authorization, user)
        guard Self.signature(of: toSign, by: key) == authorization.signature else {
            throw Self.invalid(
                "The request signature we calculated does not match the signature you provided. "
                    + "Check your AWS Secret Access Key and signing method. Consult the service "
                    + "documentation for details.\n\nThe Canonical String for this request should "
                    + "have been\n'\(canonical)'\n\nThe String-to-Sign should have been\n"
                    + "'\(toSign)'\n")
        }
        return user
    }

    static func textToSign(_ canonical: String, date: String, scope: String) -> String {
        [
            "AWS4-HMAC-SHA256", date, scope, Hex.text(SHA256().hash(Array(canonical.utf8))),
        ].joined(separator: "\n")
    }

    /// The key that a user signs with in a scope.
    static func key(_ authorization: Authorization, _ user: User) -> HMACKey {
        var key = Array("AWS4\(user.credentials.secret)".utf8)
        for part in authorization.scope.split(separator: "/") {
            key = HMACKey(key).authenticate(Array(part.utf8))
        }
        return HMACKey(key)
    }

    static func signature(of toSign: String, by key: HMACKey) -> String {
        Hex.text(key.authenticate(Array(toSign.utf8)))
    }

    // MARK: Time

    private static func date(
        _ headers: [(name: String, value: String)], authorization: String
    ) throws(ServiceError) -> String {
        let date =
            headers.first { $0.name == "x-amz-date" } ?? headers.first { $0.name == "date" }
        guard let date = date?.value else {
            throw error(
                "IncompleteSignatureException",
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
                    + "header. Authorization=\(authorization)")
        }
        return date
    }

    private func checkTime(_ date: String, now: Double) throws(ServiceError) {
        guard let signed = UTCTime(basicFormat: date)?.secondsSinceEpoch else {
            throw Self.error(
                "IncompleteSignatureException",
                "Date must be in ISO-8601 'basic format'. Got '\(date)'. See "
                    + "http://en.wikipedia.org/wiki/ISO_8601")
        }
        let now = UTCTime(secondsSinceEpoch: now).secondsSinceEpoch
        let (server, tolerance) = (Self.text(now), Self.toleranceSeconds)
        if signed < now - tolerance {
            throw Self.invalid(
                "Signature expired: \(date) is now earlier than \(Self.text(now - tolerance)) "
                    + "(\(server) - 5 min.)")
        }
        if signed > now + tolerance {
            throw Self.invalid(
                "Signature not yet current: \(date) is still later than "
                    + "\(Self.text(now + tolerance)) (\(server) + 5 min.)")
        }
    }

    private static func text(_ seconds: Int) -> String {
        String(decoding: UTCTime(secondsSinceEpoch: seconds).basicFormat, as: UTF8.self)
    }

    // MARK: The canonical request

    /// Names in lower case; values with blanks trimmed and runs of them made one.
    static func headers(
        _ bytes: Slice<UnsafeRawBufferPointer>
    ) -> [(name: String, value: String)] {
        bytes.split(separator: 0x0A).compactMap { line in
            let text = String(decoding: line, as: UTF8.self)
            guard let colon = text.firstIndex(of: ":") else { return nil }
            let value = text[text.index(after: colon)...]
                .split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
                .joined(separator: " ")
            return (text[..<colon].lowercased(), value)
        }
    }

    private static func canonicalRequest(
        _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer,
        headers: [(name: String, value: String)], signed: [String]
    ) throws(ServiceError) -> String {
        for name in signed where !headers.contains(where: { $0.name == name }) {
            throw invalid("Header '\(name)' is signed but was not sent.")
        }
        let target = String(decoding: bytes[request.target], as: UTF8.self)
            .split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = target.count < 2 ? [] : target[1].split(separator: "&").sorted()
        let body = SHA256().hash(Array(bytes[request.body]))
        return canonicalRequest(
            method: request.method, path: String(target[0]),
            query: query.joined(separator: "&"), headers: headers, signed: signed,
            bodyHash: Hex.text(body))
    }

    static func canonicalRequest(
        method: HTTPRequest.Method, path: String, query: String,
        headers: [(name: String, value: String)], signed: [String], bodyHash: String
    ) -> String {
        let lines = signed.map { name in
            let values = headers.filter { $0.name == name }.map(\.value)
            return "\(name):\(values.joined(separator: ","))\n"
        }
        return [
            method.rawValue, path, query, lines.joined(), signed.joined(separator: ";"), bodyHash,
        ].joined(separator: "\n")
    }

    // MARK: Errors

    static func error(_ name: String, _ message: String) -> ServiceError {
        ServiceError(namespace: .coral, name: name, message: message)
    }

    static func invalid(_ message: String) -> ServiceError {
        error("InvalidSignatureException", message)
    }
}

/// The parts of an `Authorization` header.
struct Authorization {
    let accessKey: String
    /// `date/region/service/aws4_request`.
    let scope: String
    let signedHeaders: [String]
    let signature: String

    init(_ text: String) throws(ServiceError) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0] == "AWS4-HMAC-SHA256" else {
            throw SignatureCheck.error(
                "IncompleteSignatureException",
                "Unsupported AWS 'algorithm': '\(parts.first ?? "")' (only AWS4-HMAC-SHA256 for "
                    + "now). ")
        }
        var members: [Substring: Substring] = [:]
        for pair in parts[1].split(separator: ",") {
            let pair = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { members[pair[0]] = pair[1] }
        }
        let missing = ["Credential", "Signature", "SignedHeaders"].filter {
            members[Substring($0)] == nil
        }
        guard missing.isEmpty, let credential = members["Credential"] else {
            throw SignatureCheck.error(
                "IncompleteSignatureException",
                missing.map { "Authorization header requires '\($0)' parameter. " }.joined()
                    + "Authorization=\(text)")
        }
        let elements = credential.split(separator: "/")
        guard elements.count == 5 else {
            throw SignatureCheck.error(
                "IncompleteSignatureException",
                "Credential must have exactly 5 slash-delimited elements, e.g. "
                    + "keyid/date/region/service/term, got '\(credential)'")
        }
        accessKey = String(elements[0])
        scope = elements.dropFirst().joined(separator: "/")
        signedHeaders = members["SignedHeaders"]!.split(separator: ";").map { $0.lowercased() }
        signature = String(members["Signature"]!)
    }

    func checkScope(date: String, service: String) throws(ServiceError) {
        let parts = scope.split(separator: "/")
        var faults = ""
        if parts[2] != service {
            faults += "Credential should be scoped to correct service: '\(service)'. "
        }
        if parts[3] != "aws4_request" {
            faults +=
                "Credential should be scoped with a valid terminator: 'aws4_request', not "
                + "'\(parts[3])'. "
        }
        if parts[0] != date.prefix(8) {
            faults +=
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                + "from HTTP: '\(parts[0])' != '\(date.prefix(8))', from '\(date)'."
        }
        guard faults.isEmpty else { throw SignatureCheck.invalid(faults) }
    }
}
