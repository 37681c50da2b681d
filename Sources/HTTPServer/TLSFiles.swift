/// Files in PEM: a certificate chain and its key.
package struct TLSFiles: Equatable, Sendable {
    package var certificate: String
    package var key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// Reads `CERT:KEY`.
    package init(parsing text: String) throws(ServerError) {
        guard let (certificate, key) = text.halves else {
            throw ServerError("'\(text)' is not CERT:KEY", hint: "two files in PEM")
        }
        self.init(certificate: certificate, key: key)
    }
}

extension String {
    /// The texts before and behind the first colon; nil when there is none or one is empty.
    package var halves: (String, String)? {
        let parts = split(separator: ":", maxSplits: 1)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }
}
