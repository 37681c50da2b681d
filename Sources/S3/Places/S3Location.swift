import AWS
import System

/// A place in S3, `s3://bucket/prefix`: a bucket, and what keys in it begin with.
package struct S3Location: Sendable, CustomStringConvertible {
    package let bucket: BucketName
    /// As it was given, byte for byte: no slash is added or taken away, nothing is decoded. Empty
    /// for the whole bucket.
    package let prefix: String

    package init(bucket: BucketName, prefix: String) {
        self.bucket = bucket
        self.prefix = prefix
    }

    /// - Throws: for what is no such place, saying how to write it.
    package init(_ text: String) throws(ConfigurationError) {
        guard text.utf8.starts(with: Self.scheme.utf8) else {
            throw ConfigurationError(
                .bucket, "\"\(text.printable)\" is no place in S3",
                hint: "Write it like s3://bucket/prefix/.")
        }
        let rest = text.utf8.dropFirst(Self.scheme.utf8.count)
        let name = rest.prefix { $0 != UInt8(ascii: "/") }
        guard !name.isEmpty else {
            throw ConfigurationError(
                .bucket, "\"\(text.printable)\" names no bucket",
                hint: "Write it like s3://bucket/prefix/.")
        }
        bucket = try BucketName(String(decoding: name, as: UTF8.self))
        prefix = String(decoding: rest.dropFirst(name.count + 1), as: UTF8.self)
        if let defect = ObjectKey.defect(of: prefix, isPrefix: true) {
            throw ConfigurationError(.bucket, "the prefix in \"\(text.printable)\" \(defect)")
        }
    }

    private static let scheme = "s3://"

    /// As ``init(_:)`` reads it.
    package var description: String { "\(Self.scheme)\(bucket)/\(prefix)" }
}

extension S3Location: Equatable {
    /// By bytes: keys that only look alike are two.
    package static func == (left: S3Location, right: S3Location) -> Bool {
        left.bucket == right.bucket && left.prefix.utf8.elementsEqual(right.prefix.utf8)
    }
}

/// What keys of objects are: 1 to 1,024 bytes of UTF-8. (S3 guide, "Naming Amazon S3 objects".)
enum ObjectKey {
    static let bytesMax = 1_024

    /// Nil when it can be asked for. Without a key a request would be one for the bucket itself.
    static func defect(of key: String, isPrefix: Bool = false) -> String? {
        if key.isEmpty, !isPrefix { return "is empty" }
        return key.utf8.count > bytesMax ? "has more than \(bytesMax.counted("byte"))" : nil
    }
}
