import HTTPServer
import Pacing
import System

/// S3 behind the wire: finds the operation of a request, performs it, answers.
///
/// May be used from any thread. A large body or a slow disk holds up the other connections of the
/// same loop: the server is for tests and demos.
final class S3Service: @unchecked Sendable {
    // @unchecked: `uploads`, `hooked` and `generator` are touched under `lock` alone, and so is the
    // store but for what it keeps aside.
    let store: any ObjectStore
    let lock = Lock()
    var uploads: [String: MultipartUpload] = [:]
    let region: String
    let time: any TimeSource
    let requests: RequestCounts
    let faults: FaultSource
    /// Nil when nobody's signature is asked for.
    let signatures: SignatureCheck?
    private let missing: Set<S3Operation>
    private let hook: S3Hook?
    /// How often an operation was asked for, by object; counted for the hook alone.
    private var hooked: [S3Event.Subject: Int] = [:]
    private var generator: SeededGenerator
    /// `http` or `https`
    let scheme: String

    init(
        _ options: ServerOptions, store: any ObjectStore, requests: RequestCounts,
        faults: FaultSource
    ) {
        self.store = store
        self.requests = requests
        self.faults = faults
        region = options.region
        time = options.time
        let users = options.users
        signatures = users.isEmpty ? nil : SignatureCheck(users)
        missing = Set(options.without.compactMap(S3Operation.init))
        hook = options.s3Hook
        generator = SeededGenerator(seed: options.seed &+ 0x5333)
        scheme = options.tls == nil ? "http" : "https"
    }

    var now: Int { UTCTime(secondsSinceEpoch: time.secondsSinceEpoch).secondsSinceEpoch }

    /// What a body may be long: an object, and what its coding adds to it.
    var bodyLimit: BodyLimit {
        BodyLimit(
            bytesMax: store.objectBytesMax + Self.codingBytesMax, refusal: Self.tooLarge)
    }

    private static let codingBytesMax = 16 << 20

    /// What is answered to a body that is not read to its end, without looking at the request.
    static let tooLarge = HTTPRefusal(
        status: 400, name: "EntityTooLarge",
        message: "Your proposed upload exceeds the maximum allowed size")

    // MARK: Answers

    /// Appends the body of the answer to `output`.
    func answer(
        _ address: S3Address, _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer,
        into output: inout ByteStorage
    ) -> HTTPAnswer {
        var answer = HTTPAnswer(contentType: "", bodyStart: output.count)
        answer.delay = faults.latency
        let ids = makeIDs()
        var reply = S3Reply()
        do throws(S3Error) {
            reply = try self.reply(to: address, request, bytes, &answer)
            do throws(SystemError) {
                try reply.write(to: &output)
            } catch {
                throw S3Error(error)
            }
        } catch {
            requests.countError(error.code)
            output.resize(answer.bodyStart)
            reply = S3Reply(status: error.status, headers: error.headers)
            reply.contentType = "application/xml"
            let target = String(decoding: bytes[request.target], as: UTF8.self)
            let resource = String(target.prefix { $0 != "?" })
            output.append(
                array: error.xml(resource: resource, requestID: ids.request, hostID: ids.host))
        }
        answer.status = reply.status
        answer.contentType = reply.contentType
        answer.contentLength = reply.contentLength
        answer.headers =
            [
                HTTPHeader("Server", "AmazonS3"), HTTPHeader("x-amz-request-id", ids.request),
                HTTPHeader("x-amz-id-2", ids.host),
            ] + reply.headers
        return answer
    }

    private func reply(
        to address: S3Address, _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer,
        _ answer: inout HTTPAnswer
    ) throws(S3Error) -> S3Reply {
        let call = try S3Call(address, request, bytes)
        let operation = try S3Operation(call)
        guard !missing.contains(operation) else { throw .notImplemented(operation.rawValue) }
        requests.count(operation, bucket: call.bucket)
        let fault = fault(for: call, operation)
        if let fault { answer.disturbance = faults.disturbance(of: fault) }
        if case .delay(let duration) = fault { answer.delay += duration }
        let caller = try signatures?.check(call, request, bytes, now: time.secondsSinceEpoch)
        let exchange = S3Exchange(call: call, operation: operation, fault: fault, caller: caller)
        if let reply = try faultyReply(exchange) { return reply }
        try check(exchange)
        var reply = try perform(exchange)
        // One that the connection is to corrupt has the right checksum and a wrong body.
        if fault == .wrongChecksum { reply.spoilChecksums() }
        return reply
    }

    private func perform(_ exchange: S3Exchange) throws(S3Error) -> S3Reply {
        switch exchange.operation {
        case .abortMultipartUpload: try abortUpload(exchange)
        case .completeMultipartUpload: try completeUpload(exchange)
        case .copyObject: try copyObject(exchange)
        case .createBucket: try createBucket(exchange)
        case .createMultipartUpload: try createUpload(exchange)
        case .deleteBucket: try deleteBucket(exchange)
        case .deleteObject: try deleteObject(exchange)
        case .deleteObjects: try deleteObjects(exchange)
        case .getBucketLocation: try getBucketLocation(exchange)
        case .getObject, .headObject: try getObject(exchange)
        case .headBucket: try headBucket(exchange)
        case .listBuckets: try listBuckets(exchange)
        case .listMultipartUploads: try listUploads(exchange)
        case .listObjects: try listObjects(exchange)
        case .listObjectsV2: try listObjectsV2(exchange)
        case .listParts: try listParts(exchange)
        case .putObject: try putObject(exchange)
        case .uploadPart: try uploadPart(exchange)
        }
    }

    // MARK: Faults

    private func fault(for call: S3Call, _ operation: S3Operation) -> Fault? {
        let drawn = faults.next(operation, target: call.path)
        guard let hook else { return drawn }
        let subject = S3Event.Subject(
            operation: operation.rawValue, bucket: call.bucket ?? "", key: call.key?.text)
        let number = lock.withLock {
            hooked[subject, default: 0] += 1
            return (hooked[subject] ?? 1) - 1
        }
        return hook(S3Event(subject: subject, number: number, range: call.header("range"))) ?? drawn
    }

    /// What is answered instead of performing the request; nil when it is to be performed.
    private func faultyReply(_ exchange: S3Exchange) throws(S3Error) -> S3Reply? {
        switch exchange.fault {
        case .error: throw .internalError
        case .throttle: throw .slowDown
        case .validation(let text): throw .invalidRequest(text)
        case .dropBefore, .resetBefore: return S3Reply()
        case .reply(let status, let contentType, let body):
            var reply = S3Reply(status: status)
            reply.contentType = contentType
            reply.body = .bytes(Array(body.utf8))
            return reply
        case .redirect(let isPermanent): throw try redirection(exchange, isPermanent: isPermanent)
        case .errorInReply where exchange.operation.mayFailLate: return Self.lateError()
        case .changed:
            try changeTag(exchange)
            return nil
        default: return nil
        }
    }

    /// 200, blanks that kept the connection, then an error: nothing was done (S3 API reference,
    /// "CompleteMultipartUpload").
    private static func lateError() -> S3Reply {
        var output = XMLWriter()
        output.raw("  \n ")
        S3Error.internalError.write(to: &output, resource: "", requestID: "", hostID: "")
        var reply = S3Reply()
        reply.contentType = "application/xml"
        reply.body = .bytes(output.bytes)
        return reply
    }

    /// A 307 to the same place, as while a new bucket's name spreads; or a 301 without a place,
    /// which names the region.
    private func redirection(
        _ exchange: S3Exchange, isPermanent: Bool
    ) throws(S3Error) -> S3Error {
        let call = exchange.call
        let host = call.header("host") ?? ""
        guard !isPermanent else {
            guard let name = call.bucket else { return .permanentRedirect(region, host: host) }
            return .permanentRedirect(try bucket(named: name).region, host: host)
        }
        var error = S3Error(
            307, "TemporaryRedirect",
            "Please re-send this request to the specified temporary endpoint. Continue to use the "
                + "original request endpoint for future requests.",
            [("Endpoint", host), ("Bucket", call.bucket ?? "")])
        error.headers = [HTTPHeader("Location", "\(scheme)://\(host)\(call.target)")]
        return error
    }

    // MARK: What operations share

    /// Performs something on the store under the lock. It may throw errors of S3's and of the
    /// system's.
    func stored<Result>(_ body: (any ObjectStore) throws -> Result) throws(S3Error) -> Result {
        try aside { store in try lock.withLock { try body(store) } }
    }

    /// Performs something on the store without the lock: for what is kept aside.
    func aside<Result>(_ body: (any ObjectStore) throws -> Result) throws(S3Error) -> Result {
        do {
            return try body(store)
        } catch let error as S3Error {
            throw error
        } catch let error as SystemError {
            throw S3Error(error)
        } catch {
            throw .internalError
        }
    }

    /// A request's id and its host's, as S3 makes them up.
    func makeIDs() -> (request: String, host: String) {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
        func text(_ count: Int) -> String {
            String(
                decoding: (0..<count).map { _ in
                    alphabet[Int(truncatingIfNeeded: generator.next() % UInt64(alphabet.count))]
                }, as: UTF8.self)
        }
        return lock.withLock { (text(16), text(56)) }
    }

    /// An upload's id. Called under the lock.
    func makeUploadID() -> String {
        (0..<4).map { _ in
            let digits = String(generator.next(), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// One request to S3: what it asks for, for whom, and which fault it meets.
struct S3Exchange {
    let call: S3Call
    let operation: S3Operation
    let fault: Fault?
    /// Nil when nobody's signature is asked for.
    let caller: User?

    /// Of all operations but ListBuckets.
    var bucket: String { call.bucket ?? "" }
    /// Of operations on objects.
    var key: ObjectKey { call.key ?? ObjectKey("") }
}

extension S3Error {
    /// What a store could not do. The reason is for who runs the server.
    init(_ error: SystemError) {
        self = .internalError
        details = [Detail(name: "Cause", value: error.description)]
    }

    static func permanentRedirect(_ region: String, host: String) -> S3Error {
        var error = S3Error(
            301, "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified "
                + "endpoint. Please send all future requests to this endpoint.",
            [("Endpoint", host), ("Region", region)])
        error.headers = [HTTPHeader("x-amz-bucket-region", region)]
        return error
    }
}

extension S3Operation {
    /// Whether a reply of 200 may still hold an error.
    var mayFailLate: Bool { self == .completeMultipartUpload || self == .copyObject }
}
