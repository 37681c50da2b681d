import CSSL
import System

/// What all sessions of a server share: its certificate and key. The only file that knows libssl.
///
/// Made once, then used by every loop: libssl counts references to it under locks of its own.
package final class TLSContext: @unchecked Sendable {
    // @unchecked: SSL_CTX may be shared by threads once it is set up.
    fileprivate let context: OpaquePointer

    /// - Parameter context: an `SSL_CTX` that is set up; it is freed with this one.
    package init(owning context: OpaquePointer) { self.context = context }

    deinit { SSL_CTX_free(context) }
}

/// One connection's side of TLS. Confined to the connection's thread.
final class TLSSession {
    enum Outcome: Equatable {
        case bytes(Int)
        /// The socket must become readable or writable first.
        case wait
        case closed
    }

    private let session: OpaquePointer

    init?(_ context: TLSContext, descriptor: Int32) {
        guard let session = SSL_new(context.context) else { return nil }
        self.session = session
        SSL_set_fd(session, descriptor)
        SSL_set_accept_state(session)
    }

    deinit { SSL_free(session) }

    func read(into start: UnsafeMutablePointer<UInt8>, count: Int) -> Outcome {
        outcome(SSL_read(session, start, Int32(min(count, Int(Int32.max)))))
    }

    func write(_ start: UnsafePointer<UInt8>, count: Int) -> Outcome {
        outcome(SSL_write(session, start, Int32(min(count, Int(Int32.max)))))
    }

    /// Sends the close notification: without it the other side takes the end for a cut connection.
    func shutDown() {
        SSL_shutdown(session)
        ERR_clear_error()
    }

    private func outcome(_ result: Int32) -> Outcome {
        if result > 0 { return .bytes(Int(result)) }
        let error = SSL_get_error(session, result)
        // What a failure leaves in the thread's queue must not be taken for the next one's.
        ERR_clear_error()
        switch error {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wait
        default: return .closed
        }
    }
}

extension TLSContext {
    /// Reads files in PEM: a certificate chain and its key.
    convenience init(_ files: TLSFiles) throws(ServerError) {
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw ServerError("TLS can't be set up: \(Self.reason())")
        }
        self.init(owning: context)
        _ = shim_ssl_ctx_set_mode_partial(context)
        guard SSL_CTX_use_certificate_chain_file(context, files.certificate) == 1 else {
            throw Self.failure("the certificate", files.certificate)
        }
        guard SSL_CTX_use_PrivateKey_file(context, files.key, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_check_private_key(context) == 1
        else { throw Self.failure("the key", files.key) }
    }

    private static func failure(_ what: String, _ path: String) -> ServerError {
        ServerError(
            "\(what) \(path) can't be used: \(reason())",
            hint: "--tls takes CERT:KEY, both in PEM; the key must be the certificate's own")
    }

    private static func reason() -> String {
        guard let text = ERR_reason_error_string(ERR_get_error()) else { return "unknown" }
        return String(cString: text)
    }
}
