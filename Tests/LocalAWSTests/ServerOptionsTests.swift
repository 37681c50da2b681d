import HTTPServer
import Testing

@testable import LocalAWS

@Suite struct ServerOptionsTests {
    @Test func `options that make no sense are refused before anything starts`() {
        let changes: [(inout ServerOptions) -> Void] = [
            { $0.burstSeconds = -1 }, { $0.timeScale = 0 }, { $0.timeScale = .nan },
            { $0.threads = 0 }, { $0.partitions = 0 },
        ]
        for change in changes {
            #expect(throws: ServerError.self) { try LocalServer(.with(change)) }
        }
    }

    @Test func `pairs read as they are written, and a secret is never repeated`() throws {
        #expect(
            try TLSFiles(parsing: "a.pem:b.pem")
                == .init(certificate: "a.pem", key: "b.pem"))
        #expect(
            try ServerOptions.Credentials(parsing: "AKID:se:cret")
                == .init(accessKey: "AKID", secret: "se:cret"))
        #expect(throws: ServerError.self) { try TLSFiles(parsing: "a.pem") }
        #expect {
            try ServerOptions.Credentials(parsing: "topsecret")
        } throws: { error in !"\(error)".contains("topsecret") }
    }

    @Test func `only other addresses than loopback come with a warning`() {
        for host in ["127.0.0.1", "127.1.2.3", "::1", "localhost"] {
            #expect(ServerOptions.with { $0.host = host }.exposureWarning == nil)
        }
        let open = ServerOptions.with { $0.host = "0.0.0.0" }.exposureWarning
        #expect(open?.contains("anyone who reaches it") == true)
    }
}
