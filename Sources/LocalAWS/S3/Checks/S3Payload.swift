import DynamoModel
import HTTPServer
import System

/// The bytes that a request brings, without the coding that they were sent in, and what was said
/// about them.
///
/// The bytes stay in the request's buffer, in one piece or several.
struct S3Payload {
    let pieces: [UnsafeRawBufferPointer]
    /// Of the body or of its last chunk; nil without a signature to go on from.
    let chunks: AWSChunkedBody?
    /// The checksum that was sent, in a header or behind the body.
    let claimed: ObjectChecksum?

    var count: Int { pieces.reduce(0) { $0 + $1.count } }

    init(_ call: S3Call) throws(S3Error) {
        let hash = call.header("x-amz-content-sha256") ?? ""
        guard hash.hasPrefix("STREAMING-") else {
            chunks = nil
            pieces = [call.body]
            claimed = try Self.checksum(call.headers)
            try Self.check(hash, call.body)
            return
        }
        guard !hash.contains("ECDSA") else { throw .notImplemented(header: hash) }
        let body = try AWSChunkedBody(call.body)
        chunks = body
        pieces = body.chunks.map(\.bytes)
        let length = pieces.reduce(0) { $0 + $1.count }
        let said = call.header("x-amz-decoded-content-length")
        guard let said, CheckedNumber.int(said, in: 0...Int.max) == length else {
            throw S3Error(
                400, "IncompleteBody",
                "You did not provide the number of bytes specified by the "
                    + "x-amz-decoded-content-length HTTP header")
        }
        claimed = try Self.checksum(call.headers + Self.trailers(body, call))
    }

    /// The headers behind the body, all of which must have been announced.
    private static func trailers(
        _ body: AWSChunkedBody, _ call: S3Call
    ) throws(S3Error) -> [HTTPHeader] {
        let announced = (call.header("x-amz-trailer") ?? "").lowercased().split(separator: ",")
            .map { $0.filter { $0 != " " } }
        let trailers = body.trailers.filter { $0.name != "x-amz-trailer-signature" }
        guard trailers.map(\.name).sorted() == announced.sorted() else { throw .malformedTrailer }
        return trailers
    }

    /// The body must be the one that was signed.
    private static func check(_ hash: String, _ body: UnsafeRawBufferPointer) throws(S3Error) {
        guard !hash.isEmpty, hash != "UNSIGNED-PAYLOAD" else { return }
        guard hash.utf8.count == 64 else {
            throw .invalidArgument(
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                    + "STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                    + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
                "x-amz-content-sha256", hash)
        }
        let digest = RunningDigest(.sha256)
        digest.add(body)
        let computed = Hex.text(digest.finish())
        guard computed == hash.lowercased() else {
            throw S3Error(
                400, "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                [
                    ("ClientComputedContentSHA256", hash), ("S3ComputedContentSHA256", computed),
                ])
        }
    }

    // MARK: Checksums

    /// The one checksum among some headers.
    static func checksum(_ headers: [HTTPHeader]) throws(S3Error) -> ObjectChecksum? {
        let prefix = "x-amz-checksum-"
        let settings = ["algorithm", "mode", "type"].map { prefix + $0 }
        let sums = headers.filter { $0.name.hasPrefix(prefix) && !settings.contains($0.name) }
        guard let sum = sums.first else {
            guard !headers.contains(where: { $0.name == "x-amz-sdk-checksum-algorithm" }) else {
                throw .invalidRequest(
                    "x-amz-sdk-checksum-algorithm specified, but no corresponding "
                        + "x-amz-checksum-* or x-amz-trailer headers were found.")
            }
            return nil
        }
        guard sums.count == 1 else {
            throw .invalidRequest(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not "
                    + "allowed.")
        }
        let algorithm = ObjectChecksum.Algorithm.allCases.first { $0.header == sum.name }
        guard let algorithm else {
            if ObjectChecksum.missing.contains(String(sum.name.dropFirst(prefix.count))) {
                throw .notImplemented(header: sum.name)
            }
            throw .invalidRequest(
                "The algorithm type you specified in x-amz-checksum- header is invalid.")
        }
        return ObjectChecksum(algorithm: algorithm, value: sum.value)
    }

    /// Checks `Content-MD5` and the checksum that was sent, and computes what the object will have:
    /// its MD5, and its checksum, of S3's own choice when none was sent.
    func sums(_ call: S3Call) throws(S3Error) -> (md5: [UInt8], checksum: ObjectChecksum) {
        let md5 = RunningDigest(.md5)
        if let claimed {
            guard Base64.decode(Array(claimed.value.utf8))?.count == claimed.algorithm.byteCount
            else {
                throw .invalidRequest(
                    "Value for \(claimed.algorithm.header) header is invalid.")
            }
        }
        var checksum = RunningChecksum(claimed?.algorithm ?? .crc64nvme)
        for piece in pieces {
            md5.add(piece)
            checksum.add(piece)
        }
        let digest = md5.finish()
        try checkMD5(call, digest)
        let value = checksum.finishText()
        guard claimed == nil || claimed?.value == value else {
            throw .wrongChecksum(checksum.algorithm)
        }
        return (digest, ObjectChecksum(algorithm: checksum.algorithm, value: value))
    }

    private func checkMD5(_ call: S3Call, _ digest: [UInt8]) throws(S3Error) {
        guard let text = call.header("content-md5") else { return }
        guard let claimed = Base64.decode(Array(text.utf8)), claimed.count == MD5.byteCount else {
            throw S3Error(
                400, "InvalidDigest", "The Content-MD5 you specified was invalid.",
                [("Content-MD5", text)])
        }
        guard claimed == digest else {
            throw S3Error(
                400, "BadDigest",
                "The Content-MD5 you specified did not match what we received.",
                [("ExpectedDigest", text), ("CalculatedDigest", Base64.encode(digest))])
        }
    }
}

extension S3Error {
    static func wrongChecksum(_ algorithm: ObjectChecksum.Algorithm) -> S3Error {
        S3Error(
            400, "BadDigest",
            "The \(algorithm.rawValue) you specified did not match the calculated checksum.")
    }
}
