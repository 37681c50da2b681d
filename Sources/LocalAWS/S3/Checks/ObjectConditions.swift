import System

/// The conditions of a request, by the object's ETag and time (RFC 9110, 13; S3 guide, "Conditional
/// requests").
enum ObjectConditions {
    enum Outcome: Equatable {
        case holds
        /// 304
        case notModified
    }

    /// Of GetObject and HeadObject.
    static func checkRead(
        _ call: S3Call, _ object: ObjectMetadata
    ) throws(S3Error) -> Outcome {
        if let tags = call.header("if-match") {
            guard matches(tags, object.etag) else { throw .preconditionFailed("If-Match") }
        } else if let time = time(call, "if-unmodified-since"), object.modified > time {
            throw .preconditionFailed("If-Unmodified-Since")
        }
        if let tags = call.header("if-none-match") {
            return matches(tags, object.etag) ? .notModified : .holds
        }
        if let time = time(call, "if-modified-since"), object.modified <= time {
            return .notModified
        }
        return .holds
    }

    /// Of what writes an object over `object`, if there is one.
    static func checkWrite(
        _ call: S3Call, key: ObjectKey, over object: ObjectMetadata?
    ) throws(S3Error) {
        let (match, noneMatch) = (call.header("if-match"), call.header("if-none-match"))
        if let noneMatch {
            guard noneMatch == "*", match == nil else {
                throw .notImplemented(header: "If-None-Match other than * on a write")
            }
            guard object == nil else { throw .preconditionFailed("If-None-Match") }
        }
        if let match {
            guard let object else { throw .noSuchKey(key) }
            guard matches(match, object.etag) else { throw .preconditionFailed("If-Match") }
        }
    }

    /// Of the object that CopyObject reads.
    static func checkCopySource(_ call: S3Call, _ object: ObjectMetadata) throws(S3Error) {
        let prefix = "x-amz-copy-source-"
        if let tags = call.header(prefix + "if-match"), !matches(tags, object.etag) {
            throw .preconditionFailed(prefix + "If-Match")
        }
        if let tags = call.header(prefix + "if-none-match"), matches(tags, object.etag) {
            throw .preconditionFailed(prefix + "If-None-Match")
        }
        for name in ["if-modified-since", "if-unmodified-since"]
        where call.header(prefix + name) != nil {
            throw .notImplemented(header: prefix + name)
        }
    }

    /// Whether a list of tags, or `*`, has this one. Tags may come without their quotes.
    private static func matches(_ list: String, _ etag: String) -> Bool {
        list.split(separator: ",").contains { tag in
            let bare = tag.filter { $0 != " " && $0 != "\"" }
            return bare == "*" || bare == etag
        }
    }

    private static func time(_ call: S3Call, _ name: String) -> Int? {
        guard var text = call.header(name) else { return nil }
        return text.withUTF8 { UTCTime(httpDate: UnsafeRawBufferPointer($0))?.secondsSinceEpoch }
    }
}
