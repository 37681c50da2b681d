import System

/// One operation's request head and the texts of its signature, written once for a set of
/// credentials and a day; per request only date, hashes and signature are patched in.
///
/// A String-building signer costs some 100 us a request, this one 1.3 us besides the body's hash.
/// The result equals ``Signer``'s, byte for byte; the tests hold them against each other.
final class SigningTemplate: Sendable {
    /// What the template depends on besides credentials and day.
    struct Subject: Sendable {
        var host: String
        var region: String
        var service: Service
        /// `DynamoDB_20120810.Scan`
        var target: String
        /// Value of `Accept-Encoding`: it is not signed, since proxies may change it.
        var acceptEncoding: String
    }

    /// Header lines, each ended by a zero byte, then the canonical request, then the string to
    /// sign; blank where requests differ.
    let prototype: [UInt8]
    /// Where each header line starts.
    let lineOffsets: [Int]
    let canonicalRequest: Range<Int>
    let stringToSign: Range<Int>
    /// Where the 16 bytes of the date go.
    let dateOffsets: [Int]
    /// Where the 64 digits of the body's hash, of the canonical request's hash and of the
    /// signature go.
    let bodyHashOffset: Int
    let canonicalHashOffset: Int
    let signatureOffset: Int
    let key: HMACKey
    /// The day that it is good for, as ``UTCTime/day``.
    let day: Int

    init(_ subject: Subject, credentials: Credentials, day: Int) {
        let dayStart = UTCTime(secondsSinceEpoch: day * 86_400)
        let dayText = String(decoding: dayStart.basicFormat.prefix(8), as: UTF8.self)
        let scope = "\(dayText)/\(subject.region)/\(subject.service.name)/aws4_request"
        let token = credentials.sessionToken
        let names =
            "content-type;host;x-amz-date;" + (token == nil ? "" : "x-amz-security-token;")
            + "x-amz-target"
        let blankDate = String(repeating: " ", count: 16)
        let blankHash = String(repeating: " ", count: 64)
        let contentType = subject.service.contentType

        var text = Text()
        text.line("Host: \(subject.host)")
        text.line("Content-Type: \(contentType)")
        text.line("X-Amz-Target: \(subject.target)")
        let headerDate = text.bytes.count + "X-Amz-Date: ".utf8.count
        text.line("X-Amz-Date: \(blankDate)")
        if let token { text.line("X-Amz-Security-Token: \(token)") }
        let authorization =
            "Authorization: AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(names), Signature="
        signatureOffset = text.bytes.count + authorization.utf8.count
        text.line(authorization + blankHash)
        text.line("Accept-Encoding: \(subject.acceptEncoding)")
        text.line("User-Agent: dynaferry")
        // A name without a value takes out the header that libcurl would add by itself.
        text.line("Accept:")
        text.line("Expect:")
        lineOffsets = text.lineOffsets

        let canonicalStart = text.bytes.count
        text.add("POST\n/\n\ncontent-type:\(contentType)\nhost:\(subject.host)\nx-amz-date:")
        let canonicalDate = text.bytes.count
        text.add("\(blankDate)\n")
        if let token { text.add("x-amz-security-token:\(token)\n") }
        text.add("x-amz-target:\(subject.target)\n\n\(names)\n")
        bodyHashOffset = text.bytes.count
        text.add(blankHash)
        canonicalRequest = canonicalStart..<text.bytes.count

        text.add("AWS4-HMAC-SHA256\n")
        let signedDate = text.bytes.count
        text.add("\(blankDate)\n\(scope)\n")
        canonicalHashOffset = text.bytes.count
        text.add(blankHash)
        stringToSign = canonicalRequest.upperBound..<text.bytes.count

        prototype = text.bytes
        dateOffsets = [headerDate, canonicalDate, signedDate]
        key = HMACKey(
            signing: subject.region, subject.service.name, on: dayText, credentials: credentials)
        self.day = day
    }

    private struct Text {
        var bytes: [UInt8] = []
        var lineOffsets: [Int] = []

        mutating func add(_ text: String) { bytes += text.utf8 }

        mutating func line(_ text: String) {
            lineOffsets.append(bytes.count)
            bytes += text.utf8
            bytes.append(0)
        }
    }
}

/// A request's own copy of a `SigningTemplate`, patched in place for each signature.
///
/// Belongs to one thread at a time, with the request that it is part of.
final class SignedHead {
    let template: SigningTemplate
    let bytes: UnsafeMutableRawPointer
    private let hasher = SHA256()
    private let digest = UnsafeMutableRawPointer.allocate(
        byteCount: SHA256.byteCount, alignment: 16)
    private var signedAt: UTCTime?

    init(_ template: SigningTemplate) {
        self.template = template
        bytes = .allocate(byteCount: template.prototype.count, alignment: 16)
        template.prototype.withUnsafeBytes {
            bytes.copyMemory(from: $0.baseAddress!, byteCount: $0.count)
        }
    }

    deinit {
        bytes.deallocate()
        digest.deallocate()
    }

    /// Signs a request with this `body` at `time`, which must lie on the template's day.
    func sign(_ body: UnsafeRawBufferPointer, at time: UTCTime) {
        precondition(time.day == template.day, "signing with the key of another day")
        if time != signedAt {
            for offset in template.dateOffsets { time.writeBasicFormat(to: bytes + offset) }
            signedAt = time
        }
        hasher.hash(body, into: digest)
        writeDigest(at: template.bodyHashOffset)
        hasher.hash(part(template.canonicalRequest), into: digest)
        writeDigest(at: template.canonicalHashOffset)
        template.key.authenticate(part(template.stringToSign), using: hasher, into: digest)
        writeDigest(at: template.signatureOffset)
    }

    private func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes + range.lowerBound, count: range.count)
    }

    private func writeDigest(at offset: Int) {
        let digest = UnsafeRawBufferPointer(start: digest, count: SHA256.byteCount)
        Hex.write(digest, to: bytes + offset)
    }

    /// The header lines as they stand, for tests.
    var lines: [String] {
        template.lineOffsets.map {
            String(cString: (bytes + $0).assumingMemoryBound(to: UInt8.self))
        }
    }
}
