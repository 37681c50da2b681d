/// The certificates that servers are verified with. With neither a file nor a folder they are
/// libcurl's own default, which a library of a system has and a packaged program has not.
package struct TrustedCertificates: Hashable, Sendable {
    /// A file of PEM certificates.
    package var file: String?
    /// Folders, with colons between, in which files are named by hashes, as `openssl rehash` does.
    package var folders: String?

    package init(file: String? = nil, folders: String? = nil) {
        self.file = file
        self.folders = folders
    }

    /// For people.
    package var description: String {
        let parts = [file, folders].compactMap { $0 }
        return parts.isEmpty ? "libcurl's default" : parts.joined(separator: ", ")
    }
}

/// Where certificates are looked for when none are named: the first that exists is taken.
///
/// A file goes before a folder: with a folder, libcurl parses everything again for each connection.
struct CertificateSearch {
    let files: any FileReader

    /// Bundles of Debian, Ubuntu, Alpine; RHEL, Fedora, Amazon Linux; SUSE; Alpine's other name.
    static let bundles = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/var/lib/ca-certificates/ca-bundle.pem",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    /// Hashed folders of Debian, Alpine and SUSE; RHEL and Fedora; SUSE's own.
    static let hashedFolders = [
        "/etc/ssl/certs",
        "/etc/pki/ca-trust/extracted/pem/directory-hash",
        "/etc/pki/tls/certs",
        "/var/lib/ca-certificates/openssl",
    ]

    /// Below the folder where the program's `bin/` is.
    static let shippedPath = "share/dynaferry/ca-certificates.crt"

    /// - Throws: when OpenSSL's variables are set and name nothing that can be used.
    func found(
        environment: [String: String]
    ) throws(ConfigurationError) -> TrustedCertificates {
        try named(in: environment) ?? system ?? shipped ?? TrustedCertificates()
    }

    /// What OpenSSL's own variables name, both of them as OpenSSL does.
    private func named(
        in environment: [String: String]
    ) throws(ConfigurationError) -> TrustedCertificates? {
        let file = environment["SSL_CERT_FILE"]
        let folders = environment["SSL_CERT_DIR"]
        guard file != nil || folders != nil else { return nil }
        var found = TrustedCertificates()
        if let file, files.hasFile(at: file) { found.file = file }
        if let folders, folders.split(separator: ":").contains(where: { hasHashes($0) }) {
            found.folders = folders
        }
        // A bundle in the folder of the certificates that it is made of says the same, for less.
        if let folders, file?.hasPrefix("\(folders)/") == true, found.file != nil {
            found.folders = nil
        }
        guard found != TrustedCertificates() else {
            let variables = file == nil ? "SSL_CERT_DIR" : "SSL_CERT_FILE"
            throw ConfigurationError(
                .file,
                "there are no certificates at \((file ?? folders ?? "").printable), which "
                    + "\(variables) names",
                hint: "Name a PEM file of the certificates to trust, or unset \(variables).")
        }
        return found
    }

    private var system: TrustedCertificates? {
        if let bundle = Self.bundles.first(where: { files.hasFile(at: $0) }) {
            return TrustedCertificates(file: bundle)
        }
        return Self.hashedFolders.first { hasHashes($0[...]) }
            .map { TrustedCertificates(folders: $0) }
    }

    private var shipped: TrustedCertificates? {
        guard let program = files.programPath, let slash = program.lastIndex(of: "/"),
            let above = program[..<slash].lastIndex(of: "/")
        else { return nil }
        let path = "\(program[...above])\(Self.shippedPath)"
        return files.hasFile(at: path) ? TrustedCertificates(file: path) : nil
    }

    /// Whether the folder has a file named as OpenSSL looks for it, such as `5ed36f99.0`.
    private func hasHashes(_ folder: Substring) -> Bool {
        files.hasName(inFolder: String(folder)) { name in
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            return parts.count == 2 && parts[0].utf8.count == 8
                && parts[0].allSatisfy(\.isHexDigit) && !parts[1].isEmpty
                && parts[1].allSatisfy(\.isNumber)
        }
    }
}
