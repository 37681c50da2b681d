import CCurl
import Dispatch
import Glibc
import Pacing
import System

/// Everything that is asked of libcurl, call by call, and nothing else.

/// A list of header lines whose bytes stay where they are, so that they can be patched in place.
final class CurlHeaders {
    private let nodes: UnsafeMutablePointer<curl_slist>

    /// Each of `lineOffsets` is where a line ended by a zero byte starts in `bytes`, which must
    /// outlive the list.
    init(_ bytes: UnsafeMutableRawPointer, lineOffsets: [Int]) {
        precondition(!lineOffsets.isEmpty, "a request has header lines")
        nodes = .allocate(capacity: lineOffsets.count)
        for (index, offset) in lineOffsets.enumerated() {
            let line = (bytes + offset).assumingMemoryBound(to: CChar.self)
            let next = index + 1 < lineOffsets.count ? nodes + index + 1 : nil
            (nodes + index).initialize(to: curl_slist(data: line, next: next))
        }
    }

    deinit { nodes.deallocate() }

    fileprivate var first: UnsafeMutablePointer<curl_slist> { nodes }
}

/// A kept transfer handle: for POSTs to one URL, or for requests of any kind. Belongs to one thread
/// at a time.
///
/// The corresponding C functions are `curl_easy_init`, `curl_easy_setopt`, `curl_easy_getinfo`.
final class CurlEasy {
    fileprivate let handle: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    /// Of a handle for POSTs. Taken apart once: a URL given as text is parsed and written anew for
    /// each request.
    private var url: OpaquePointer?
    private var headers: CurlHeaders?
    private var closer: CurlMulti?
    private var timeoutInMilliseconds = 0
    private var isFresh = false

    /// libcurl's own initialisation, once for the process.
    fileprivate static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// - Parameter keepsFields: the replies' header lines are kept.
    init(settings: HTTPEngine.Configuration, replies: HTTPReplySize, keepsFields: Bool) {
        precondition(Self.isReady, "libcurl can't be initialised")
        guard let handle = curl_easy_init() else { preconditionFailure("no memory for a transfer") }
        self.handle = handle
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        set(CURLOPT_ERRORBUFFER, errorText)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // A name that does not resolve must not hold the whole loop until the resolver gives up.
        set(CURLOPT_QUICK_EXIT, 1)
        if replies == .large { set(CURLOPT_BUFFERSIZE, 65_536) }
        set(CURLOPT_CONNECTTIMEOUT_MS, settings.connectTimeout.inMilliseconds)
        set(CURLOPT_LOW_SPEED_LIMIT, 1)
        set(CURLOPT_LOW_SPEED_TIME, max(1, settings.stallTimeout.inMilliseconds / 1_000))
        AWS.setTrust(of: handle, settings.trust)
        shim_easy_set_write(handle, CURLOPT_WRITEFUNCTION, receiveBody)
        if keepsFields {
            shim_easy_set_write(handle, CURLOPT_HEADERFUNCTION, keepHeader)
        } else {
            shim_easy_set_write(handle, CURLOPT_HEADERFUNCTION, receiveHeader)
        }
    }

    deinit {
        curl_easy_cleanup(handle)
        if let url { curl_url_cleanup(url) }
        errorText.deallocate()
    }

    /// From now on its requests are POSTs to `url`.
    func setPosts(to url: String) {
        guard let parts = curl_url() else { preconditionFailure("no memory for a transfer") }
        self.url = parts
        if curl_url_set(parts, CURLUPART_URL, url, UInt32(CURLU_NON_SUPPORT_SCHEME)) == CURLUE_OK {
            set(CURLOPT_CURLU, UnsafeRawPointer(parts))
        } else {
            url.withCString { set(CURLOPT_URL, $0) }  // its requests fail with libcurl's words
        }
        set(CURLOPT_POST, 1)
    }

    /// For the next request. `url` goes out as it is, its dots and slashes too; a redirection is a
    /// reply like others. After ``setBody(_:)``, which makes any request a POST.
    func setRequest(_ method: HTTPMethod, _ url: String) {
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_URL, url)
        switch method {
        case .get, .delete: set(CURLOPT_HTTPGET, 1)
        case .head: set(CURLOPT_NOBODY, 1)
        case .post, .put: set(CURLOPT_POST, 1)
        }
        if method == .put || method == .delete {
            set(CURLOPT_CUSTOMREQUEST, method.rawValue)
        } else {
            shim_easy_set_pointer(handle, CURLOPT_CUSTOMREQUEST, nil)
        }
    }

    func setRoute(_ route: ProxyRules.Route) { AWS.setRoute(of: handle, route) }

    private func set(_ option: CURLoption, _ value: Int) {
        let code = shim_easy_set_long(handle, option, value)
        precondition(code == CURLE_OK, "libcurl refuses option \(option.rawValue)")
    }

    private func set(_ option: CURLoption, _ value: UnsafeRawPointer) {
        let code = shim_easy_set_pointer(handle, option, value)
        precondition(code == CURLE_OK, "libcurl refuses option \(option.rawValue)")
    }

    private func set(_ option: CURLoption, _ text: String) {
        text.withCString { set(option, UnsafeRawPointer($0)) }
    }

    /// Names the exchange that gets the reply's bytes and that ``CurlMulti/nextDone()`` returns;
    /// it owns this handle.
    func setOwner(_ owner: HTTPExchange) {
        let context = Unmanaged.passUnretained(owner).toOpaque()
        set(CURLOPT_WRITEDATA, context)
        set(CURLOPT_HEADERDATA, context)
        set(CURLOPT_PRIVATE, context)
        shim_easy_set_sending(handle, countSending, context)
    }

    /// Sets the loop to notify of each socket that is closed; it outlives its connections.
    fileprivate func setCloser(_ multi: CurlMulti) {
        guard closer !== multi else { return }
        closer = multi
        shim_easy_set_close(handle, closeSocket, Unmanaged.passUnretained(multi).toOpaque())
    }

    func setHeaders(_ headers: CurlHeaders) {
        self.headers = headers
        set(CURLOPT_HTTPHEADER, UnsafeRawPointer(headers.first))
    }

    /// libcurl does not copy `body`: it must stay until the transfer is done.
    func setBody(_ body: UnsafeRawBufferPointer) {
        shim_easy_set_pointer(handle, CURLOPT_POSTFIELDS, body.baseAddress)
        shim_easy_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
    }

    func setTimeout(_ timeout: Duration) {
        let milliseconds = max(1, timeout.inMilliseconds)
        guard milliseconds != timeoutInMilliseconds else { return }
        set(CURLOPT_TIMEOUT_MS, milliseconds)
        timeoutInMilliseconds = milliseconds
    }

    /// On a kept connection that ends before a byte of the reply, libcurl sends the request again
    /// on another by itself (`Curl_retry_request`), five times in a handle's life before it once
    /// reports the error. With a fresh connection for this request it never does.
    func setFreshConnection(_ fresh: Bool) {
        guard fresh != isFresh else { return }
        set(CURLOPT_FRESH_CONNECT, fresh ? 1 : 0)
        isFresh = fresh
    }

    fileprivate func failure(_ code: CURLcode) -> TransferFailure {
        let text = String(cString: errorText)
        errorText[0] = 0
        let reason = text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
        return TransferFailure(kind: .init(code, wasSent: wasSent(handle)), reason: reason)
    }
}

extension TransferFailure.Kind {
    fileprivate init(_ code: CURLcode, wasSent: Bool) {
        switch code {
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
            CURLE_PROXY:
            self = .connectionFailed
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_INVALIDCERTSTATUS:
            self = .tlsFailure
        case CURLE_OPERATION_TIMEDOUT: self = wasSent ? .timeout : .connectionFailed
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING: self = .connectionReset
        case CURLE_PARTIAL_FILE: self = .truncated
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
            self = .malformed
        default: self = .other
        }
    }
}

/// Whether the connection stood, so that the request may have arrived.
private func wasSent(_ handle: UnsafeMutableRawPointer) -> Bool {
    var microseconds: curl_off_t = 0
    shim_easy_get_offset(handle, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
    return microseconds > 0
}

/// Called when a connection stands and the request is about to be sent over it, each time that it
/// is.
private func countSending(
    _ context: UnsafeMutableRawPointer?, _: UnsafeMutablePointer<CChar>?,
    _: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32
) -> Int32 {
    if let context {
        Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue().sendings += 1
    }
    return CURL_PREREQFUNC_OK
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    let exchange = Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue()
    exchange.receive(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    let exchange = Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue()
    exchange.receive(header: UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

/// The same for a request whose reply's header lines are wanted.
private func keepHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    let exchange = Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue()
    exchange.keep(header: UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

/// An empty proxy is none; without one libcurl reads the environment.
private func setRoute(of handle: UnsafeMutableRawPointer, _ route: ProxyRules.Route) {
    switch route {
    case .usual: shim_easy_set_pointer(handle, CURLOPT_PROXY, nil)
    case .direct: _ = "".withCString { shim_easy_set_pointer(handle, CURLOPT_PROXY, $0) }
    case .through(let proxy):
        _ = proxy.withCString { shim_easy_set_pointer(handle, CURLOPT_PROXY, $0) }
    }
}

/// Certificates are always verified. With a folder set, as Debian's libcurl has by default, each
/// new connection parses everything anew (19 ms of CPU against 0.6): only where there is no file.
private func setTrust(of handle: UnsafeMutableRawPointer, _ trust: TrustedCertificates) {
    shim_easy_set_long(handle, CURLOPT_SSL_VERIFYPEER, 1)
    shim_easy_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2)
    shim_easy_set_pointer(handle, CURLOPT_CAPATH, trust.folders)
    if trust != TrustedCertificates() { shim_easy_set_pointer(handle, CURLOPT_CAINFO, trust.file) }
    // A proxy that speaks TLS has libcurl's default, where there is one.
    guard !shim_has_certificates() else { return }
    shim_easy_set_pointer(handle, CURLOPT_PROXY_CAPATH, trust.folders)
    shim_easy_set_pointer(handle, CURLOPT_PROXY_CAINFO, trust.file)
}

/// The libcurl that the program runs with. The corresponding C function is `curl_version_info`.
package enum CurlLibrary {
    package static var version: String { String(cString: shim_version()) }
}

/// One transfer that blocks its thread: ``HTTPCall``'s, any method and host. Redirections are not
/// followed, since its headers are meant for the one host.
///
/// The corresponding C function is `curl_easy_perform`.
final class CurlCall {
    private let handle: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var errorText = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))

    init(_ call: HTTPCall, trust: TrustedCertificates, route: ProxyRules.Route) {
        precondition(CurlEasy.isReady, "libcurl can't be initialised")
        guard let handle = curl_easy_init() else { preconditionFailure("no memory for a transfer") }
        self.handle = handle
        set(CURLOPT_URL, call.url)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        setRoute(of: handle, route)
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, call.connectTimeout.inMilliseconds))
        set(CURLOPT_TIMEOUT_MS, max(1, call.totalTimeout.inMilliseconds))
        setTrust(of: handle, trust)
        if call.method == .put { set(CURLOPT_CUSTOMREQUEST, call.method.rawValue) }
        for (name, value) in call.headers {
            headers = curl_slist_append(headers, "\(name): \(value)")
        }
        shim_easy_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        shim_easy_set_write(handle, CURLOPT_WRITEFUNCTION, collectBody)
        shim_easy_set_write(handle, CURLOPT_HEADERFUNCTION, collectHeader)
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
    }

    private func set(_ option: CURLoption, _ value: Int) {
        shim_easy_set_long(handle, option, value)
    }

    private func set(_ option: CURLoption, _ text: String) {
        _ = text.withCString { shim_easy_set_pointer(handle, option, $0) }
    }

    /// Sends `body`, unless it is a GET's, and waits for the whole answer.
    func perform(_ body: [UInt8]?) -> Result<HTTPAnswer, TransferFailure> {
        let answer = HTTPAnswerCollector()
        let context = Unmanaged.passUnretained(answer).toOpaque()
        shim_easy_set_pointer(handle, CURLOPT_WRITEDATA, context)
        shim_easy_set_pointer(handle, CURLOPT_HEADERDATA, context)
        let code = errorText.withUnsafeMutableBufferPointer { text in
            shim_easy_set_pointer(handle, CURLOPT_ERRORBUFFER, text.baseAddress)
            defer { shim_easy_set_pointer(handle, CURLOPT_ERRORBUFFER, nil) }
            guard let body else { return curl_easy_perform(handle) }
            return body.withUnsafeBytes { bytes in
                set(CURLOPT_POST, 1)
                shim_easy_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
                // Without an address libcurl would ask a function of ours for the body.
                let empty: StaticString = ""
                shim_easy_set_pointer(
                    handle, CURLOPT_POSTFIELDS, bytes.baseAddress ?? .init(empty.utf8Start))
                return curl_easy_perform(handle)
            }
        }
        if code == CURLE_OK { return .success(answer.answer) }
        let said = String(
            decoding: errorText.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let reason = said.isEmpty ? String(cString: curl_easy_strerror(code)) : said
        return .failure(
            TransferFailure(kind: .init(code, wasSent: wasSent(handle)), reason: reason))
    }
}

private func collectBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    let answer = Unmanaged<HTTPAnswerCollector>.fromOpaque(context).takeUnretainedValue()
    let isWanted = answer.take(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
    return isWanted ? size * count : 0
}

private func collectHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    let answer = Unmanaged<HTTPAnswerCollector>.fromOpaque(context).takeUnretainedValue()
    answer.take(header: UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

/// Many transfers on one thread. All but ``wakeUp()`` belongs to that thread.
///
/// libcurl says which sockets it wants watched and when its time is up; ``SocketWatch`` does the
/// watching. So a pass costs what the ready sockets cost, not what all transfers in flight do, as
/// with `curl_multi_perform` and `curl_multi_poll`.
///
/// The corresponding C functions are `curl_multi_*`.
final class CurlMulti: @unchecked Sendable {
    // @unchecked: other threads call only `wakeUp`, which is made for that.
    private let handle: UnsafeMutableRawPointer
    private let sockets = SocketWatch()
    private let time = MonotonicTime()
    /// When libcurl wants to be called though no socket is ready; nil: not at all.
    private var deadline: Instant?

    init(connectionsKept: Int) {
        guard let handle = curl_multi_init() else { preconditionFailure("no memory for transfers") }
        self.handle = handle
        // No CURLMOPT_MAX_TOTAL_CONNECTIONS: in 7.88 a transfer that waits for a connection is now
        // and then forgotten until its time is up. Callers bound what is in flight.
        shim_multi_set_long(handle, CURLMOPT_MAXCONNECTS, connectionsKept)
        shim_multi_set_long(handle, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        let context = Unmanaged.passUnretained(self).toOpaque()
        shim_multi_set_socket(handle, watchSocket, context)
        shim_multi_set_timer(handle, startTimer, context)
    }

    /// All transfers must have been removed.
    deinit { curl_multi_cleanup(handle) }

    func add(_ easy: CurlEasy) {
        // Connections are closed as the handle that opened them says.
        easy.setCloser(self)
        let code = curl_multi_add_handle(handle, easy.handle)
        precondition(code == CURLM_OK, "libcurl refuses a transfer: \(code.rawValue)")
    }

    func remove(_ easy: CurlEasy) {
        curl_multi_remove_handle(handle, easy.handle)
    }

    /// Moves the transfers whose time has come, those just added among them.
    func perform() {
        while let deadline, deadline <= time.now {
            self.deadline = nil
            var running: Int32 = 0
            curl_multi_socket_action(handle, CURL_SOCKET_TIMEOUT, 0, &running)
        }
    }

    /// Waits until a socket is ready, a transfer's time is up, or ``wakeUp()`` is called; moves the
    /// transfers of the sockets that are. Without `isIdle` it only looks.
    func wait(isIdle: Bool) {
        sockets.wait(milliseconds: isIdle ? untilDeadline : 0) { socket, ready, hasFailed in
            var mask: Int32 = 0
            if ready.contains(.reading) { mask |= CURL_CSELECT_IN }
            if ready.contains(.writing) { mask |= CURL_CSELECT_OUT }
            if hasFailed { mask |= CURL_CSELECT_ERR }
            var running: Int32 = 0
            curl_multi_socket_action(handle, socket, mask, &running)
        }
    }

    private var untilDeadline: Int32? {
        guard let deadline else { return nil }
        let nanoseconds = max(0, (deadline - time.now).inNanoseconds)
        return Int32(clamping: (nanoseconds + 999_999) / 1_000_000)
    }

    /// Ends a wait, also one that has not yet begun. From any thread.
    func wakeUp() { sockets.wakeUp() }

    fileprivate func watch(_ socket: curl_socket_t, what: Int32) {
        switch what {
        case CURL_POLL_IN: sockets.watch(socket, for: .reading)
        case CURL_POLL_OUT: sockets.watch(socket, for: .writing)
        case CURL_POLL_INOUT: sockets.watch(socket, for: [.reading, .writing])
        default: sockets.watch(socket, for: [])
        }
    }

    fileprivate func close(_ socket: curl_socket_t) { sockets.close(socket) }

    fileprivate func setTimer(milliseconds: Int) {
        deadline = milliseconds < 0 ? nil : time.now + .milliseconds(milliseconds)
    }

    /// The next transfer that is done, removed, and why it failed if it did; nil when none is.
    func nextDone() -> (exchange: HTTPExchange, failure: TransferFailure?)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle
            else { continue }
            let code = message.pointee.data.result
            var context: UnsafeMutableRawPointer?
            shim_easy_get_pointer(easy, CURLINFO_PRIVATE, &context)
            curl_multi_remove_handle(handle, easy)
            guard let context else { preconditionFailure("a transfer without its exchange") }
            let exchange = Unmanaged<HTTPExchange>.fromOpaque(context).takeUnretainedValue()
            return (exchange, code == CURLE_OK ? nil : exchange.easy.failure(code))
        }
        return nil
    }
}

private func watchSocket(
    _ easy: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ what: Int32,
    _ context: UnsafeMutableRawPointer?, _ assigned: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context else { return 0 }
    Unmanaged<CurlMulti>.fromOpaque(context).takeUnretainedValue().watch(socket, what: what)
    return 0
}

private func closeSocket(_ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t) -> Int32 {
    guard let context else { return Glibc.close(socket) }
    Unmanaged<CurlMulti>.fromOpaque(context).takeUnretainedValue().close(socket)
    return 0
}

private func startTimer(
    _ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context else { return 0 }
    Unmanaged<CurlMulti>.fromOpaque(context).takeUnretainedValue()
        .setTimer(milliseconds: milliseconds)
    return 0
}
