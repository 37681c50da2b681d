import AWS
import System

/// A bucket's name, checked before anything is sent to it.
///
/// Buckets of today have 3 to 63 lower-case letters, digits, dots and hyphens; those that were made
/// in us-east-1 before March 2018 may have 255 characters, upper case and underscores. (S3 guide,
/// "General purpose bucket naming rules".)
package struct BucketName: Equatable, Sendable, CustomStringConvertible {
    package let text: String

    package var description: String { text }

    /// - Throws: for a name that no bucket has, and for kinds of buckets that are reached in
    ///   another way.
    package init(_ text: String) throws(ConfigurationError) {
        if let kind = Self.otherKind(text) {
            throw ConfigurationError(
                .bucket, "\"\(text.printable)\" is \(kind.name), which dynaferry can't use",
                hint: kind.hint)
        }
        if let defect = Self.defect(of: text) {
            throw ConfigurationError(
                .bucket, "\"\(text.printable)\" can't be the name of a bucket: \(defect)",
                hint: "Names have 3 to 63 lower-case letters, digits, dots and hyphens.")
        }
        self.text = text
    }

    private static func otherKind(_ text: String) -> (name: String, hint: String)? {
        if text.hasPrefix("arn:") {
            let hint =
                "Write s3://BUCKET/PREFIX; for an access point, its alias in the place of a bucket."
            return ("an ARN", hint)
        }
        let kinds = [
            ("--x-s3", "a directory bucket (S3 Express)"), ("--table-s3", "a table bucket"),
            ("--op-s3", "an access point of Outposts"), ("--xa-s3", "a directory access point"),
            (".mrap", "a multi-Region access point"), ("--ol-s3", "an Object Lambda access point"),
        ]
        return kinds.first { text.hasSuffix($0.0) }
            .map { ($0.1, "Use a general purpose bucket.") }
    }

    private static func defect(of text: String) -> String? {
        let bytes = Array(text.utf8)
        guard (3...255).contains(bytes.count) else {
            return "it has \(bytes.count.counted("byte"))"
        }
        guard bytes.allSatisfy({ $0.isWordByte || [0x2D, 0x2E, 0x5F].contains($0) }) else {
            return "it has other characters"
        }
        guard let first = bytes.first, let last = bytes.last, first.isWordByte, last.isWordByte
        else { return "it begins or ends with a mark" }
        if text.contains("..") { return "it has two dots in a row" }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isAddress =
            labels.count == 4 && labels.allSatisfy { CheckedNumber.int($0, in: 0...999) != nil }
        return isAddress ? "it is an IP address" : nil
    }
}

extension UInt8 {
    /// A letter or a digit of ASCII.
    fileprivate var isWordByte: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self & 0xDF)
    }
}
