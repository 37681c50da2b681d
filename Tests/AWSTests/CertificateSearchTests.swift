import Foundation
import TestSupport
import Testing

@testable import AWS

/// A machine that has these files, and folders with these names in them.
private struct GivenMachine: FileReader {
    var files: Set<String> = []
    var folders: [String: [String]] = [:]
    var programPath: String? = "/opt/dynaferry/bin/dynaferry"

    func bytes(ofFileAt path: String) throws(ConfigurationError) -> [UInt8]? {
        files.contains(path) ? Array("-----BEGIN CERTIFICATE-----".utf8) : nil
    }

    func hasFile(at path: String) -> Bool { files.contains(path) }

    func hasName(inFolder path: String, where isWanted: (String) -> Bool) -> Bool {
        folders[path]?.contains(where: isWanted) ?? false
    }
}

/// Goal: certificates are found in the documented order on every kind of machine that is served.
@Suite struct CertificateSearchTests {
    private static let debian = "/etc/ssl/certs/ca-certificates.crt"
    private static let shipped = "/opt/dynaferry/share/dynaferry/ca-certificates.crt"
    private static let everything = GivenMachine(
        files: Set(CertificateSearch.bundles + [shipped, "/own.pem", "/env.pem", "/ssl.pem"]),
        folders: ["/etc/ssl/certs": ["5ed36f99.0"], "/hashed": ["README", "0a775a30.12"]])

    private func found(
        _ machine: GivenMachine, _ environment: [String: String] = [:]
    ) throws -> TrustedCertificates {
        try CertificateSearch(files: machine).found(environment: environment)
    }

    private func resolved(
        _ options: SideOptions, _ environment: [String: String]
    ) throws -> TrustedCertificates {
        let usual = [
            "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "K", "AWS_SECRET_ACCESS_KEY": "S",
        ]
        return try SideSettings.resolve(
            options, environment: usual.merging(environment) { $1 }, files: Self.everything
        ).trust
    }

    @Test func `the option goes before AWS_CA_BUNDLE, SSL_CERT_FILE and the machine's`() throws {
        var environment = ["AWS_CA_BUNDLE": "/env.pem", "SSL_CERT_FILE": "/ssl.pem"]
        let options = SideOptions(caBundle: "/own.pem")
        #expect(try resolved(options, environment) == TrustedCertificates(file: "/own.pem"))
        #expect(try resolved(.init(), environment) == TrustedCertificates(file: "/env.pem"))
        environment["AWS_CA_BUNDLE"] = nil
        #expect(try resolved(.init(), environment) == TrustedCertificates(file: "/ssl.pem"))
        // An empty variable is one that is not set.
        environment["SSL_CERT_FILE"] = ""
        #expect(try resolved(.init(), environment) == TrustedCertificates(file: Self.debian))
    }

    @Test func `OpenSSL's two variables are used together`() throws {
        let both = ["SSL_CERT_FILE": "/ssl.pem", "SSL_CERT_DIR": "/absent:/hashed"]
        #expect(
            try found(Self.everything, both)
                == TrustedCertificates(file: "/ssl.pem", folders: "/absent:/hashed"))
        #expect(
            try found(Self.everything, ["SSL_CERT_DIR": "/hashed"])
                == TrustedCertificates(folders: "/hashed"))
        // What is not there is left out, unless nothing is left then.
        #expect(
            try found(Self.everything, ["SSL_CERT_FILE": "/ssl.pem", "SSL_CERT_DIR": "/absent"])
                == TrustedCertificates(file: "/ssl.pem"))
        // The same certificates twice would only cost more.
        #expect(
            try found(
                Self.everything, ["SSL_CERT_FILE": Self.debian, "SSL_CERT_DIR": "/etc/ssl/certs"])
                == TrustedCertificates(file: Self.debian))
    }

    @Test(arguments: ["SSL_CERT_FILE", "SSL_CERT_DIR"])
    func `a variable that names nothing is an error with its name`(variable: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try found(Self.everything, [variable: "/absent"])
        }
        #expect(error?.message.contains("/absent, which \(variable) names") == true)
        #expect(error?.hint?.contains("unset \(variable)") == true)
    }

    @Test(arguments: [
        CertificateSearch.bundles[0],  // Debian, Ubuntu, Alpine
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL, Amazon Linux
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/var/lib/ca-certificates/ca-bundle.pem",  // SUSE
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",  // Alpine
    ])
    func `the bundle of each system goes before the shipped one`(bundle: String) throws {
        let machine = GivenMachine(files: [bundle, Self.shipped])
        #expect(try found(machine) == TrustedCertificates(file: bundle))
    }

    @Test(arguments: CertificateSearch.hashedFolders)
    func `a folder counts where it has names of hashes`(folder: String) throws {
        var machine = GivenMachine(files: [Self.shipped], folders: [folder: ["5ed36f99.0"]])
        #expect(try found(machine) == TrustedCertificates(folders: folder))
        for names in [[], ["ca.pem"], ["5ed36f99"], ["5ed36f99."], ["5ed36f9.0"], ["zed36f99.0"]] {
            machine.folders[folder] = names
            #expect(try found(machine) == TrustedCertificates(file: Self.shipped), "\(names)")
        }
    }

    @Test func `with nothing anywhere libcurl's own default stays`() throws {
        #expect(try found(GivenMachine()) == TrustedCertificates())
        #expect(try found(GivenMachine(programPath: nil)) == TrustedCertificates())
        #expect(TrustedCertificates().description == "libcurl's default")
    }

    @Test func `the machine's files are looked at as they are`() throws {
        let folder = try TemporaryFolder()
        let (file, empty) = (folder.path("5ed36f99.0"), folder.path("empty.pem"))
        try "x".write(toFile: file, atomically: true, encoding: .utf8)
        try "".write(toFile: empty, atomically: true, encoding: .utf8)
        let machine = SystemFiles()
        #expect(machine.hasFile(at: file))
        #expect(!machine.hasFile(at: empty))
        #expect(!machine.hasFile(at: folder.path("")))
        #expect(machine.hasName(inFolder: folder.path("")) { $0 == "5ed36f99.0" })
        #expect(!machine.hasName(inFolder: folder.path("")) { $0 == "other" })
        #expect(!machine.hasName(inFolder: file) { _ in true })
        #expect(machine.programPath?.hasPrefix("/") == true)
    }
}
