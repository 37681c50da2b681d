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

    /// - Parameter body: whole, as of a request that was sent before.
    package init(kept body: ByteBuffer) {
        self.init(
            body: body, fullLength: body.count, latency: .zero, requestID: RequestID())
    }

    init(body: ByteBuffer, fullLength: Int, latency: Duration, requestID: RequestID) {
        (self.body, self.fullLength) = (body, fullLength)
        (self.latency, self.requestID) = (latency, requestID)
    }

    /// False when the body was longer than asked for: it was read to its end and dropped.
    package var isComplete: Bool { body.count == fullLength }
}
