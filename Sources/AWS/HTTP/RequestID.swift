/// The service's name for a request, which its support asks for; text is made only when wanted.
package struct RequestID: Sendable, CustomStringConvertible {
    /// DynamoDB's have 52 bytes; a longer one is cut.
    package static let bytesMax = 64

    // As large as `bytesMax`, in place: no memory is allocated for each reply.
    private var words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) =
        (0, 0, 0, 0, 0, 0, 0, 0)
    private var count = 0

    init() {}

    init(_ bytes: UnsafeRawBufferPointer) {
        count = min(bytes.count, Self.bytesMax)
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes.prefix(count)) }
    }

    package var isEmpty: Bool { count == 0 }

    package var description: String {
        withUnsafeBytes(of: words) { String(decoding: $0.prefix(count), as: UTF8.self) }
    }
}
