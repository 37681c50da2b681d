import Glibc
import System

/// Performs POSTs over HTTP/1.1, each exactly once, on a thread of its own.
///
/// One loop over libcurl's multi interface carries all requests, whatever their hosts, and keeps
/// connections between them. Requests are submitted from any thread; their completions run on the
/// loop's thread, inside the serial Dispatch queue that each names (`sync`). So a queue confines
/// state as ever, what it does may take the loop's time, and nothing in it may wait for the loop.
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
/// of the reply; see ``HTTPExchange`` users for requests that must not be.
package final class HTTPEngine: Sendable {
    package struct Configuration: Sendable {
        package var connectTimeout: Duration = .seconds(5)
        /// Whole seconds.
        package var stallTimeout: Duration = .seconds(30)
        package var totalTimeout: Duration = .seconds(120)
        /// A file of PEM certificates to trust instead of the system's.
        package var caBundle: String?
        package var proxies = ProxyRules()
        /// Connections that stay open when idle: at least as many as requests are ever in flight,
        /// each of which has one, or they are opened and closed without need.
        package var connectionsKept = 512

        package init() {}
    }

    package let configuration: Configuration
    private let loop: HTTPLoop
    private let thread: Locked<pthread_t?>

    package init(_ configuration: Configuration = Configuration()) {
        precondition(configuration.connectionsKept > 0, "connectionsKept must be positive")
        self.configuration = configuration
        loop = HTTPLoop(connectionsKept: configuration.connectionsKept)
        let loop = loop
        thread = Locked(OwnThread.start { loop.run() })
    }

    deinit { shutdown() }

    /// Ends every request in flight as stopped and waits for the thread. Later requests end so too.
    package func shutdown() {
        loop.stop()
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let thread else { return }
        if pthread_equal(thread, pthread_self()) != 0 {
            pthread_detach(thread)  // the last reference went on the loop's own thread
        } else {
            pthread_join(thread, nil)
        }
    }

    /// A place for requests to `url`. `direct` goes around any proxy.
    func makeExchange(url: String, replies: HTTPReplySize, direct: Bool) -> HTTPExchange {
        let route = direct ? .direct : configuration.proxies.route(to: url)
        return HTTPExchange(
            CurlEasy(url: url, settings: configuration, replies: replies, route: route))
    }

    /// Performs the request that `exchange` has been prepared with.
    func submit(_ exchange: HTTPExchange) {
        loop.submit(exchange)
    }
}
