import AWS
import Dispatch
import System

/// The bytes of an object that were asked for.
package struct ObjectPart: Sendable {
    /// The buffer that was given for them.
    package let body: ByteBuffer
    /// Where they stand in the object.
    package let range: Range<Int>
    /// Of the whole object.
    package let size: Int
    package let etag: ETag?
    package let lastModified: UTCTime?
    /// From submission to the last byte.
    package let latency: Duration
}

extension ReadableBucket {
    /// Makes one attempt to read an object, or a part of it. (API reference, GetObject.)
    ///
    /// `reply` belongs to the request until `completion` is called, once, on `queue`. What came is
    /// what was asked for: a reply with another range, another version or, of a whole object, a
    /// checksum that does not match is an error.
    ///
    /// - Parameter range: bytes of the object; one that ends behind the object's end gives less.
    ///   Nil: the whole object.
    /// - Parameter etag: the version that it must be, `PreconditionFailed` otherwise.
    /// - Parameter bytesMax: a whole object that is longer fails with `ReplyTooLong`.
    package func get(
        _ key: String, range: Range<Int>? = nil, ifMatch etag: ETag? = nil, into reply: ByteBuffer,
        bytesMax: Int, on queue: DispatchQueue,
        completion: @escaping @Sendable (Result<ObjectPart, AWSError>) -> Void
    ) {
        reader.get(
            ObjectQuestion(key: key, range: range, etag: etag), into: reply, bytesMax: bytesMax,
            on: queue, completion: completion)
    }

    /// The same, repeated as the errors' remedies say.
    package func get(
        _ key: String, range: Range<Int>? = nil, ifMatch etag: ETag? = nil,
        into reply: ByteBuffer = ByteBuffer(), bytesMax: Int
    ) async throws(AWSError) -> ObjectPart {
        let question = ObjectQuestion(key: key, range: range, etag: etag)
        let client = reader.client.client
        return try await client.call(.getObject) { limit in
            await withCheckedContinuation { continuation in
                reader.get(
                    question, into: reply, bytesMax: bytesMax, on: client.callQueue, within: limit
                ) { continuation.resume(returning: $0) }
            }
        }
    }
}

extension BucketReader {
    fileprivate func get(
        _ question: ObjectQuestion, into reply: ByteBuffer, bytesMax: Int,
        on queue: DispatchQueue, within limit: Duration? = nil,
        completion: @escaping @Sendable (Result<ObjectPart, AWSError>) -> Void
    ) {
        let call = question.call(checks: client.sums.checking == .whenSupported)
        if let range = question.range, range.isEmpty || range.lowerBound < 0 {
            let error = client.error(notSending: call, "\(range) are no bytes of an object")
            return queue.async { completion(.failure(error)) }
        }
        client.send(call, into: reply, bytesMax: bytesMax, on: queue, within: limit) {
            [client] result in
            let part = result.flatMap { reply in
                question.part(of: reply).mapError { error in
                    var error = error
                    error.place = call.place(in: client.name)
                    return error
                }
            }
            completion(part)
        }
    }
}

/// What is asked of an object, and whether a reply answers it.
struct ObjectQuestion: Sendable {
    let key: String
    let range: Range<Int>?
    let etag: ETag?

    /// - Parameter checks: the object's own checksum is wanted, where it is read whole.
    func call(checks: Bool) -> BucketCall {
        var call = BucketCall(.getObject, .get, key: key)
        if let range {
            call.headers.append(("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"))
        } else if checks {
            call.headers.append(("x-amz-checksum-mode", "ENABLED"))
        }
        if let etag { call.headers.append(("If-Match", etag.text)) }
        call.content = .bytes
        return call
    }

    func part(of reply: RESTReply) -> Result<ObjectPart, AWSError> {
        let place: (range: Range<Int>, size: Int)
        do throws(FieldDefect) {
            place = try self.place(of: reply)
        } catch {
            return .failure(AWSError(absurd: .getObject, error.text))
        }
        let found = reply.fields("etag").flatMap { ETag($0) }
        if let etag, let found, etag != found {
            return .failure(
                AWSError(changed: .getObject, "its ETag is \(found.text.printable) now"))
        }
        // Some servers send the whole object's checksum with a part of it.
        if place.range == 0..<place.size, range == nil,
            let sum = ObjectSum.mismatch(reply.body.bytes, reply.fields)
        {
            return .failure(AWSError(checksum: .getObject, "\(sum.header)"))
        }
        return .success(
            ObjectPart(
                body: reply.body, range: place.range, size: place.size, etag: found,
                lastModified: reply.fields.time("last-modified"), latency: reply.latency))
    }

    /// Where the bytes of a reply stand.
    private func place(
        of reply: RESTReply
    ) throws(FieldDefect) -> (range: Range<Int>, size: Int) {
        let count = reply.body.count
        guard reply.status == 206 else {
            // The whole object, which is what was asked for if the range had all of it.
            guard range.map({ $0.lowerBound == 0 && count <= $0.upperBound }) ?? true else {
                throw FieldDefect(text: "the whole object came instead of a range of it")
            }
            return (0..<count, count)
        }
        guard let range else { throw FieldDefect(text: "a part of the object came") }
        let came = try ContentRange(reply.fields("content-range") ?? "")
        let end = min(range.upperBound, came.size)
        guard came.range.lowerBound == range.lowerBound, came.range.upperBound == end else {
            throw FieldDefect(text: "bytes \(came.range) came instead of \(range)")
        }
        guard count == came.range.count else {
            throw FieldDefect(text: "\(count.counted("byte")) came as \(came.range)")
        }
        return (came.range, came.size)
    }
}

/// `bytes 0-99/1000` (RFC 9110 section 14.4); S3 knows the size of everything it has.
struct ContentRange: Equatable {
    let range: Range<Int>
    let size: Int

    init(_ text: String) throws(FieldDefect) {
        let bounds = 0...ObjectLimits.objectBytesMax
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        let parts = words.last?.split(separator: "/", omittingEmptySubsequences: false) ?? []
        let ends = parts.first?.split(separator: "-", omittingEmptySubsequences: false) ?? []
        guard words.count == 2, words[0].lowercased() == "bytes", parts.count == 2,
            ends.count == 2, let first = CheckedNumber.int(ends[0], in: bounds),
            let last = CheckedNumber.int(ends[1], in: bounds),
            let size = CheckedNumber.int(parts[1], in: bounds), first <= last, last < size
        else { throw FieldDefect(text: "content-range is \"\(text.printable)\"") }
        range = first..<last + 1
        self.size = size
    }
}

extension Operation {
    static let getObject = Operation(s3: "GetObject", mutates: false)
}
