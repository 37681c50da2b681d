import System

/// A reply with status 200 whose bytes are as they were sent.
package struct Reply: Sendable {
    /// The buffer that was given for it: the whole body, inflated; empty when it was too long.
    package let body: ByteBuffer
    /// The length of the whole body, inflated, whether it was kept or not.
    package let fullLength: Int
    /// From submission to the last byte.
    package let latency: Duration
    package let requestID: RequestID

    /// False when the body was longer than asked for: it was read to its end and dropped.
    package var isComplete: Bool { body.count == fullLength }
}
