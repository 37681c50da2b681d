import DynamoModel
import Glibc
import ItemBytes
import JSON
import LocalItems

/// An in-memory DynamoDB-compatible server, by default on loopback: for demos, tests, benchmarks.
///
/// ```swift
/// let server = try LocalServer(ServerOptions())
/// let port = try server.start()
/// defer { server.stop() }
/// ```
///
/// `start` and `stop` are called once each, from one thread; the rest from any.
package final class LocalServer: @unchecked Sendable {
    // @unchecked: `threads` is touched by `start` and `stop` alone.
    let options: ServerOptions
    private let socket: ListeningSocket
    private let loops: [EventLoop]
    private var threads: [pthread_t] = []
    let service: Service

    /// Binds the socket, reads the certificate and fills the tables; nothing is served yet.
    package init(_ options: ServerOptions) throws(ServerError) {
        self.options = options
        try options.check()
        let service = Service(options)
        var tls: TLSContext?
        if let files = options.tls { tls = try TLSContext(files) }
        var loops: [EventLoop] = []
        for index in 0..<max(1, options.threads) {
            loops.append(
                try EventLoop(
                    service: service, keepsNumbers: options.keepNumbers, tls: tls,
                    seed: options.seed &+ UInt64(index) &* 0x5851_F42D_4C95_7F2D))
        }
        socket = try ListeningSocket(host: options.host, port: options.port)
        loops[0].acceptor = Acceptor(listener: socket.descriptor, loops: loops)
        self.loops = loops
        self.service = service
        for fill in options.fills { try load(fill) }
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

    /// Starts serving; returns the port.
    @discardableResult
    package func start() throws(ServerError) -> UInt16 {
        precondition(threads.isEmpty, "the server has been started already")
        for loop in loops {
            var thread = pthread_t()
            let context = Unmanaged.passRetained(loop).toOpaque()
            let status = pthread_create(&thread, nil, runLoop, context)
            guard status == 0 else {
                Unmanaged<EventLoop>.fromOpaque(context).release()
                stop()
                throw ServerError("no thread for the server: \(String(cString: strerror(status)))")
            }
            threads.append(thread)
        }
        return port
    }

    /// Closes every connection and ends the server's threads. What is in flight gets no reply.
    package func stop() {
        for loop in loops { loop.stop() }
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }

    /// The meter, as `GET /_meter` has it.
    package var meter: JSON { service.meterReport() }
}

/// A C callback: runs the loop that `context` retains.
private func runLoop(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    // libssl writes to sockets without MSG_NOSIGNAL: a client that is gone must not end the
    // process.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
