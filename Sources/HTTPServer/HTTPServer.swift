import Glibc
import Pacing
import System

/// An HTTP/1.1 server (RFC 9112) of a few event loops, each a thread.
///
/// `start` and `stop` are called once each, from one thread; the rest from any.
package final class HTTPServer: @unchecked Sendable {
    // @unchecked: `threads` is touched by `start` and `stop` alone.

    package struct Options: Sendable {
        /// An IPv4 or IPv6 address, or `localhost`.
        package var host = "127.0.0.1"
        /// 0 lets the system choose.
        package var port: UInt16 = 0
        package var tls: TLSFiles?
        package var threads = 1
        /// Of request ids.
        package var seed: UInt64 = 1
        package var time: any TimeSource = MonotonicTime()

        package init() {}
    }

    private let options: Options
    private let socket: ListeningSocket
    private let loops: [EventLoop]
    private var threads: [pthread_t] = []

    /// Reads the certificate and binds the socket; nothing is served yet.
    /// - Parameter handler: makes what answers the requests of one loop.
    package init(
        _ options: Options, handler: () -> any RequestHandler
    ) throws(ServerError) {
        self.options = options
        var tls: TLSContext?
        if let files = options.tls { tls = try TLSContext(files) }
        var loops: [EventLoop] = []
        for index in 0..<max(1, options.threads) {
            loops.append(
                try EventLoop(
                    handler: handler(), tls: tls, time: options.time,
                    seed: options.seed &+ UInt64(index) &* 0x5851_F42D_4C95_7F2D))
        }
        socket = try ListeningSocket(host: options.host, port: options.port)
        loops[0].acceptor = Acceptor(listener: socket.descriptor, loops: loops)
        self.loops = loops
    }

    deinit {
        // The acceptor knows the loops and the first loop the acceptor.
        loops[0].acceptor = nil
        close(socket.descriptor)
    }

    /// The port that it listens on.
    package var port: UInt16 { socket.port }

    /// Where clients find it: `http://127.0.0.1:8000`.
    package var endpoint: String {
        let host = options.host.contains(":") ? "[\(options.host)]" : options.host
        return "\(options.tls == nil ? "http" : "https")://\(host):\(port)"
    }

    package func start() {
        precondition(threads.isEmpty, "the server has been started already")
        threads = loops.map { loop in OwnThread.start { loop.run() } }
    }

    /// Closes every connection and ends the server's threads. What is in flight gets no reply.
    package func stop() {
        for loop in loops { loop.stop() }
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }
}
