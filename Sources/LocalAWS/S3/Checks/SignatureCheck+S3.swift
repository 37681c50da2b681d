import HTTPServer
import System

/// S3's rules for Signature Version 4 (S3 API reference, "Authenticating requests"): the path is
/// encoded once and never normalised, the body's hash is what a header says, every `x-amz-` header
/// must be signed, and clocks may differ by fifteen minutes.
extension SignatureCheck {
    private static let s3ToleranceSeconds = 15 * 60

    /// Who signed the request; throws when it is not signed by one of the users, now.
    func check(
        _ call: S3Call, _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer, now: Double
    ) throws(S3Error) -> User {
        guard let authorization = try Authorization(s3: call) else { throw .accessDenied }
        let date = try Self.date(call, now: now)
        try authorization.checkScope(s3Date: date)
        guard let user = user(of: authorization) else {
            throw S3Error(
                403, "InvalidAccessKeyId",
                "The AWS Access Key Id you provided does not exist in our records.",
                [("AWSAccessKeyId", authorization.accessKey)])
        }
        guard let hash = call.header("x-amz-content-sha256") else {
            throw .invalidRequest("Missing required header for this request: x-amz-content-sha256")
        }
        try Self.checkSignedHeaders(call, authorization)
        let canonical = Self.canonicalRequest(
            method: call.method, path: Self.canonicalPath(call.path),
            query: Self.canonicalQuery(call), headers: Self.headers(bytes[request.headers]),
            signed: authorization.signedHeaders, bodyHash: hash)
        let toSign = Self.textToSign(canonical, date: date, scope: authorization.scope)
        let key = Self.key(authorization, user)
        guard Self.signature(of: toSign, by: key) == authorization.signature else {
            throw S3Error(
                403, "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                    + "Check your key and signing method.",
                [
                    ("AWSAccessKeyId", authorization.accessKey), ("StringToSign", toSign),
                    ("SignatureProvided", authorization.signature),
                    ("CanonicalRequest", canonical),
                ])
        }
        if hash.hasPrefix("STREAMING-AWS4-HMAC-SHA256-PAYLOAD") {
            var chunks = ChunkSignatures(
                date: date, scope: authorization.scope, key: key,
                signature: authorization.signature)
            try chunks.check(
                AWSChunkedBody(call.body), isTrailerSigned: hash.hasSuffix("-TRAILER"))
        }
        return user
    }

    private static func date(_ call: S3Call, now: Double) throws(S3Error) -> String {
        guard let date = call.header("x-amz-date"),
            let signed = UTCTime(basicFormat: date)?.secondsSinceEpoch
        else {
            throw S3Error(
                403, "AccessDenied",
                "AWS authentication requires a valid Date or x-amz-date header")
        }
        let now = UTCTime(secondsSinceEpoch: now)
        guard abs(signed - now.secondsSinceEpoch) <= s3ToleranceSeconds else {
            throw S3Error(
                403, "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
                [
                    ("RequestTime", date), ("ServerTime", now.iso8601),
                    ("MaxAllowedSkewMilliseconds", "\(s3ToleranceSeconds * 1000)"),
                ])
        }
        return date
    }

    private static func checkSignedHeaders(
        _ call: S3Call, _ authorization: Authorization
    ) throws(S3Error) {
        let unsigned = call.headers.map(\.name).filter {
            ($0 == "host" || $0.hasPrefix("x-amz-")) && !authorization.signedHeaders.contains($0)
        }
        guard unsigned.isEmpty else {
            throw S3Error(
                403, "AccessDenied",
                "There were headers present in the request which were not signed",
                [("HeadersNotSigned", unsigned.joined(separator: ", "))])
        }
    }

    /// Decoded and encoded again: it does not matter what the client left as it was.
    private static func canonicalPath(_ path: String) -> String {
        PercentText.encode(PercentText.decode(Array(path.utf8)) ?? [], keeping: "/")
    }

    private static func canonicalQuery(_ call: S3Call) -> String {
        call.query.map { (PercentText.encode($0.name.utf8), PercentText.encode($0.value.utf8)) }
            .sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
    }
}

extension Authorization {
    /// Nil when there is none.
    init?(s3 call: S3Call) throws(S3Error) {
        guard let text = call.header("authorization") else { return nil }
        guard text.hasPrefix("AWS4-") else {
            throw .invalidRequest(
                "The authorization mechanism you have provided is not supported. Please use "
                    + "AWS4-HMAC-SHA256.")
        }
        do throws(ServiceError) {
            try self.init(text)
        } catch {
            throw .malformedAuthorization(error.message ?? error.name)
        }
    }

    /// `us-east-1` of `20260101/us-east-1/s3/aws4_request`.
    var region: String {
        let parts = scope.split(separator: "/")
        return parts.count > 1 ? String(parts[1]) : ""
    }

    func checkScope(s3Date date: String) throws(S3Error) {
        let parts = scope.split(separator: "/")
        guard parts.count == 4, parts[2] == "s3" else {
            throw .malformedAuthorization(
                "incorrect service. This endpoint belongs to \"s3\".")
        }
        guard parts[3] == "aws4_request" else {
            throw .malformedAuthorization("incorrect terminal. It must be \"aws4_request\".")
        }
        guard parts[0] == date.prefix(8) else {
            throw .malformedAuthorization(
                "Invalid credential date \"\(parts[0])\". This date is not the same as "
                    + "X-Amz-Date: \"\(date.prefix(8))\".")
        }
    }
}

extension S3Error {
    static func malformedAuthorization(
        _ reason: String, _ details: [(String, String)] = []
    ) -> S3Error {
        S3Error(
            400, "AuthorizationHeaderMalformed",
            "The authorization header is malformed; \(reason)", details)
    }
}

/// The signatures of the chunks of a body: each goes on from the one before it (S3 API reference,
/// "Signature calculations: transferring payload in multiple chunks").
private struct ChunkSignatures {
    let date: String
    let scope: String
    let key: HMACKey
    /// Of the request, then of the last chunk that was checked.
    var signature: String

    mutating func check(_ body: AWSChunkedBody, isTrailerSigned: Bool) throws(S3Error) {
        for chunk in body.chunks {
            let digest = RunningDigest(.sha256)
            digest.add(chunk.bytes)
            try check(
                "AWS4-HMAC-SHA256-PAYLOAD", Hex.text(SHA256().hash([])) + "\n",
                Hex.text(digest.finish()), chunk.signature)
        }
        guard isTrailerSigned else { return }
        let name = "x-amz-trailer-signature"
        let lines = body.trailers.filter { $0.name != name }.map { "\($0.name):\($0.value)\n" }
        try check(
            "AWS4-HMAC-SHA256-TRAILER", "", Hex.text(SHA256().hash(Array(lines.joined().utf8))),
            body.trailers.first { $0.name == name }?.value)
    }

    private mutating func check(
        _ algorithm: String, _ empty: String, _ hash: String, _ given: String?
    ) throws(S3Error) {
        let toSign = "\(algorithm)\n\(date)\n\(scope)\n\(signature)\n\(empty)\(hash)"
        let computed = SignatureCheck.signature(of: toSign, by: key)
        guard computed == given else {
            throw S3Error(
                403, "SignatureDoesNotMatch",
                "The chunk signature we calculated does not match the signature you provided.",
                [("StringToSign", toSign)])
        }
        signature = computed
    }
}
