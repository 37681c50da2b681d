/// Compresses piece by piece. Belongs to one thread at a time.
package protocol Compressor: AnyObject, Sendable {
    /// Compresses `bytes`; what is ready is appended to `output`.
    func write(_ bytes: UnsafeRawBufferPointer, into output: ByteBuffer)

    /// Appends what is left, and the end. Nothing may follow.
    func finish(into output: ByteBuffer)
}

/// Reads what is compressed piece by piece. Belongs to one thread at a time.
package protocol Decompressor: AnyObject, Sendable {
    /// All that came has been read, to the end of a part that is compressed by itself.
    var isAtEnd: Bool { get }

    /// What is wrong, once ``read(_:into:room:)`` has said that something is.
    var flaw: String { get }

    /// Appends at most `room` bytes of what `bytes` are compressed from. Where that much comes,
    /// more may be had without further bytes.
    /// - Returns: how many of `bytes` have been used; nil when they are not compressed so, or
    ///   damaged.
    func read(_ bytes: UnsafeRawBufferPointer, into output: ByteBuffer, room: Int) -> Int?
}
