import AWS
import System

/// What S3 can have, whatever a server says. (S3 guide, "Amazon S3 multipart upload limits".)
enum ObjectLimits {
    /// 48.8 TiB, rounded up.
    static let objectBytesMax = 49 << 40
}

/// A header or an element of a reply that makes no sense, in words.
struct FieldDefect: Error, Equatable {
    let text: String
}

extension ReplyFields {
    /// A whole number that must be there.
    func whole(_ name: StaticString, in range: ClosedRange<Int>) throws(FieldDefect) -> Int {
        guard let text = self(name) else { throw FieldDefect(text: "\(name) is missing") }
        guard let value = CheckedNumber.int(text, in: range) else {
            throw FieldDefect(text: "\(name) is \(text.printable)")
        }
        return value
    }

    /// Nil when it is not there, or no date: it only informs.
    func time(_ name: StaticString) -> UTCTime? {
        self(name).flatMap { text in
            Array(text.utf8).withUnsafeBytes { UTCTime(httpDate: $0) }
        }
    }
}

extension BucketClient {
    func error(absurd call: BucketCall, _ defect: FieldDefect) -> AWSError {
        var error = AWSError(absurd: call.operation, defect.text)
        error.place = call.place(in: name)
        return error
    }
}
