import System

/// What is sent for a request, and what goes wrong with it on its way.
package struct HTTPAnswer: Sendable {
    package var status = 200
    package var contentType: String
    /// Where the body begins in the buffer; it ends where the buffer does.
    package var bodyStart: Int
    /// How long the reply waits.
    package var delay = Duration.zero
    package var disturbance: Disturbance?

    package init(status: Int = 200, contentType: String, bodyStart: Int) {
        self.status = status
        self.contentType = contentType
        self.bodyStart = bodyStart
    }

    /// What a server does on purpose, for those who test their clients.
    package enum Disturbance: Equatable, Sendable {
        /// The connection is closed in an orderly way, or reset, without a reply.
        case drop
        case reset
        /// The reply ends half-way and the connection is closed.
        case truncate
        /// One byte of the reply is not the one that the checksum covers: that at this part of it,
        /// from 0 to 1.
        case corrupt(at: Double)
        /// The checksum is not that of the reply.
        case wrongChecksum
        /// The reply never comes.
        case stall
    }
}

/// Answers the requests of one event loop, on that loop's thread.
package protocol RequestHandler: AnyObject {
    /// Appends the body of the answer to `output`.
    /// - Parameter bytes: what the ranges of `request` are of.
    func answer(
        _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer, into output: inout ByteStorage
    ) -> HTTPAnswer

    /// Appends the body of the answer to bytes that are no request; returns its type.
    func refuse(_ refusal: HTTPRefusal, into output: inout ByteStorage) -> String
}
