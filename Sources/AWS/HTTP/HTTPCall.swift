import Dispatch
import Pacing
import System

/// One request of the control plane to a host of its own: credentials and identities come by these,
/// a few in an hour. What moves items and objects goes through ``HTTPEngine``.
package struct HTTPCall: Sendable {
    var method: HTTPMethod
    /// Scheme, host, path and query, percent-encoded.
    var url: String
    /// May hold secrets: they are never shown.
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    var connectTimeout: Duration
    var totalTimeout: Duration
    /// How often it is sent in all while there is no answer or a passing fault in it.
    var attempts: Int
    /// Between two attempts.
    var pause: Duration
    /// Goes around every proxy: addresses of this machine or link, which a proxy can't reach.
    var isDirect: Bool

    package init(
        method: HTTPMethod = .get, url: String, headers: [(name: String, value: String)] = [],
        body: [UInt8] = [], connectTimeout: Duration = .seconds(3),
        totalTimeout: Duration = .seconds(10), attempts: Int = 3,
        pause: Duration = .milliseconds(200), isDirect: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.connectTimeout = connectTimeout
        self.totalTimeout = totalTimeout
        self.attempts = attempts
        self.pause = pause
        self.isDirect = isDirect
    }
}

package struct HTTPAnswer: Sendable {
    package var status = 0
    package var body: [UInt8] = []
    /// The server's clock, when it said.
    package var date: UTCTime?

    /// Another attempt may do better (RFC 9110 sections 15.5.9, 15.6; RFC 6585 section 4).
    package var isPassingFault: Bool { status >= 500 || status == 429 || status == 408 }
}

/// Sends ``HTTPCall``s, each on a thread of its own; TLS is always verified.
package struct HTTPCaller: Sendable {
    var trust: TrustedCertificates
    /// Loopback addresses are asked through the proxy: it is on this machine too.
    var hasLoopbackProxy: Bool

    var proxies: ProxyRules

    package init(
        trust: TrustedCertificates = TrustedCertificates(), hasLoopbackProxy: Bool = false,
        proxies: ProxyRules = ProxyRules()
    ) {
        self.trust = trust
        self.hasLoopbackProxy = hasLoopbackProxy
        self.proxies = proxies
    }

    /// Sends `call` until an answer comes that another attempt would not better.
    /// - Throws: when no whole answer came.
    package func answer(to call: HTTPCall) async throws(TransferFailure) -> HTTPAnswer {
        precondition(call.attempts > 0, "a call is sent at least once")
        let isDirect = call.isDirect || isLoopback(call.url) && !hasLoopbackProxy
        let route = isDirect ? .direct : proxies.route(to: call.url)
        var attempt = 1
        while true {
            let result = await OwnThread.run { [trust] in
                CurlCall(call, trust: trust, route: route)
                    .perform(call.method == .get ? nil : call.body)
            }
            switch result {
            case .success(let answer):
                if attempt >= call.attempts || !answer.isPassingFault { return answer }
            case .failure(let failure):
                if attempt >= call.attempts || failure.kind == .tlsFailure { throw failure }
            }
            await Self.wait(call.pause)
            attempt += 1
        }
    }

    private func isLoopback(_ url: String) -> Bool {
        let host = url.drop { $0 != ":" }.dropFirst(3).prefix { !"/?#".contains($0) }
        return Endpoint.isLoopback(host.lowercased())
    }

    private static let queue = DispatchQueue(label: "aws.pauses")

    private static func wait(_ pause: Duration) async {
        let nanoseconds = Int(clamping: pause.inNanoseconds)
        await withCheckedContinuation { continuation in
            queue.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { continuation.resume() }
        }
    }
}

/// Keeps what comes of an answer, on the thread of its transfer.
final class HTTPAnswerCollector {
    /// A longer body is not read: none that is meant for us is.
    static let bytesMax = 1 << 20

    private(set) var answer = HTTPAnswer()

    /// False when that is more than any answer has.
    func take(body: UnsafeRawBufferPointer) -> Bool {
        guard answer.body.count + body.count <= Self.bytesMax else { return false }
        answer.body += body
        return true
    }

    func take(header line: UnsafeRawBufferPointer) {
        if HTTPHeader.isStatusLine(line) {
            // A new head: the one before was interim (RFC 9110 section 15.2).
            answer = HTTPAnswer(status: HTTPHeader.number(line, from: 9))
        } else if let value = HTTPHeader.value(line, of: "date") {
            answer.date = UTCTime(httpDate: UnsafeRawBufferPointer(rebasing: line[value]))
        }
    }
}
