import Dispatch
import Glibc
import System

/// Performs requests over HTTP/1.1, each exactly once, on threads of its own.
///
/// Loops over libcurl's multi interface, one a lane, carry all requests, whatever their hosts, and
/// keep connections between them. Requests are submitted from any thread; their completions run on
/// their loop's thread, inside the serial Dispatch queue that each names (`sync`). So a queue
/// confines state as ever, what it does may take the loop's time, and nothing in it may wait for
/// the loop.
///
/// | time | limit |
/// |---|---|
/// | to connect, TLS included | ``Configuration/connectTimeout`` |
/// | without a byte either way | ``Configuration/stallTimeout`` |
/// | in all | ``Configuration/totalTimeout`` |
///
/// Proxy variables of the environment (`https_proxy`, `NO_PROXY` ...) are obeyed, as libcurl does,
/// and by ``ProxyRules``.
/// libcurl by itself repeats a request whose kept connection turns out to be closed before a byte
/// of the reply; see `HTTPExchange` users for requests that must not be.
package final class HTTPEngine: Sendable {
    package struct Configuration: Sendable {
        package var connectTimeout: Duration = .seconds(5)
        /// Whole seconds.
        package var stallTimeout: Duration = .seconds(30)
        package var totalTimeout: Duration = .seconds(120)
        package var trust = TrustedCertificates()
        package var proxies = ProxyRules()
        /// Connections that stay open when idle: at least as many as requests are ever in flight,
        /// each of which has one, or they are opened and closed without need.
        package var connectionsKept = 512
        /// Loops, each on a thread of its own, with connections of its own.
        package var lanes = 1

        package init() {}
    }

    package let configuration: Configuration
    /// That of the first lane.
    private let first: HTTPLoop
    private let lanes: Locked<Lanes>
    private static let lane = DispatchSpecificKey<Int>()

    private struct Lanes {
        /// Each is begun when it is needed first.
        var loops: [Int: HTTPLoop] = [:]
        var threads: [pthread_t] = []
        var isShutDown = false

        mutating func begin(_ loop: HTTPLoop, lane: Int) {
            loops[lane] = loop
            threads.append(OwnThread.start { loop.run() })
        }
    }

    package init(_ configuration: Configuration = Configuration()) {
        precondition(configuration.connectionsKept > 0, "connectionsKept must be positive")
        precondition(configuration.lanes > 0, "there must be a lane")
        self.configuration = configuration
        first = HTTPLoop(connectionsKept: configuration.connectionsKept)
        var lanes = Lanes()
        lanes.begin(first, lane: 0)
        self.lanes = Locked(lanes)
    }

    /// A serial queue whose requests are carried by one loop, as those of all queues are that have
    /// the same number, modulo the lanes there are. All others' are carried by the first.
    package static func queue(_ label: String, lane: Int) -> DispatchQueue {
        let queue = DispatchQueue(label: label)
        queue.setSpecific(key: Self.lane, value: lane)
        return queue
    }

    deinit { shutdown() }

    /// Ends every request in flight as stopped and waits for the threads. Later requests end so
    /// too.
    package func shutdown() {
        let threads = lanes.withLock { lanes in
            lanes.isShutDown = true
            for loop in lanes.loops.values { loop.stop() }
            defer { lanes.threads = [] }
            return lanes.threads
        }
        for thread in threads {
            if pthread_equal(thread, pthread_self()) != 0 {
                pthread_detach(thread)  // the last reference went on this loop's own thread
            } else {
                pthread_join(thread, nil)
            }
        }
    }

    /// A place for POSTs to `url`. `direct` goes around any proxy.
    func makeExchange(url: String, replies: HTTPReplySize, direct: Bool) -> HTTPExchange {
        let easy = CurlEasy(settings: configuration, replies: replies, keepsFields: false)
        easy.setPosts(to: url)
        easy.setRoute(route(to: url, direct: direct))
        return HTTPExchange(easy)
    }

    /// A place for requests of any method to any URL.
    func makeExchange() -> HTTPExchange {
        HTTPExchange(
            CurlEasy(settings: configuration, replies: .large, keepsFields: true),
            fields: ByteBuffer())
    }

    func route(to url: String, direct: Bool) -> ProxyRules.Route {
        direct ? .direct : configuration.proxies.route(to: url)
    }

    /// Performs the request that `exchange` has been prepared with.
    func submit(_ exchange: HTTPExchange) {
        let lane = (exchange.queue.getSpecific(key: Self.lane) ?? 0) % configuration.lanes
        guard lane > 0 else { return first.submit(exchange) }
        let loop = lanes.withLock { lanes in
            if let loop = lanes.loops[lane] { return loop }
            // That one answers that the engine has been stopped.
            if lanes.isShutDown { return first }
            let loop = HTTPLoop(connectionsKept: configuration.connectionsKept)
            lanes.begin(loop, lane: lane)
            return loop
        }
        loop.submit(exchange)
    }
}
