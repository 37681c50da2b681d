import COpenSSL
import LocalItems

/// Sets up TLS. The only file that knows this part of libssl.
extension TLSContext {
    /// Reads files in PEM: a certificate chain and its key.
    convenience init(_ files: ServerOptions.TLSFiles) throws(ServerError) {
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
