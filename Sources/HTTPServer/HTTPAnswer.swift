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
    /// What the head says besides date, type, length and connection; nil for DynamoDB's own: its
    /// server, a request id, the body's checksum, and gzip where the client takes it. An empty
    /// ``contentType`` is left out beside them.
    package var headers: [HTTPHeader]?
    /// Of an answer to HEAD: how long the body would be that is not sent.
    package var contentLength: Int?

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

/// One line of a head.
package struct HTTPHeader: Equatable, Hashable, Sendable {
    package var name: String
    /// Control characters in it are not sent: it can't end its line.
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// Answers the requests of one event loop, on that loop's thread.
package protocol RequestHandler: AnyObject {
    /// Appends the body of the answer to `output`.
    /// - Parameter bytes: what the ranges of `request` are of.
    func answer(
        _ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer, into output: inout ByteStorage
    ) -> HTTPAnswer

    /// How large the body of a request may be whose head has come. Asked only when it is chunked or
    /// larger than 16 MB.
    func bodyLimit(_ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer) -> BodyLimit

    /// Appends the body of the answer to bytes that are no request; returns its type.
    func refuse(_ refusal: HTTPRefusal, into output: inout ByteStorage) -> String
}

extension RequestHandler {
    package func bodyLimit(_ request: HTTPRequest, _ bytes: UnsafeRawBufferPointer) -> BodyLimit {
        .usual
    }
}
