import DynamoModel
import Foundation
import HTTPServer
import JSON
import TestSupport
import Testing

@testable import LocalAWS

private let hasTools = ["/usr/bin/openssl", "/usr/bin/curl"].allSatisfy {
    FileManager.default.isExecutableFile(atPath: $0)
}

/// TLS as `curl` sees it, with a certificate that `openssl` makes for the test.
@Suite(.timeLimit(.minutes(20)), .enabled(if: hasTools)) struct TLSTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("dynaferry-tls-\(UUID().uuidString)")

    private var files: TLSFiles {
        .init(certificate: folder.path + "/cert.pem", key: folder.path + "/key.pem")
    }

    private func run(_ tool: String, _ arguments: [String]) throws -> (status: Int32, output: Data)
    {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/\(tool)")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, data)
    }

    private func makeCertificate() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let (status, _) = try run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                "-keyout", files.key, "-out", files.certificate,
            ])
        try #require(status == 0)
    }

    @Test func `requests and replies of megabytes pass through TLS, and the certificate is ours`()
        throws
    {
        try makeCertificate()
        defer { try? FileManager.default.removeItem(at: folder) }
        try withServer(.with { $0.tls = files }) { server in
            try server.load(
                TableDefinition(
                    name: "things",
                    schema: KeySchema(partition: KeyAttribute(name: "pk", type: .string))))
            #expect(server.endpoint == "https://127.0.0.1:\(server.port)")
            func call(_ operation: String, _ body: JSON) throws -> JSON {
                let file = folder.appendingPathComponent("body.json")
                try Data(body.bytes).write(to: file)
                let (status, output) = try run(
                    "curl",
                    [
                        "--silent", "--show-error", "--cacert", files.certificate, "--max-time",
                        "20", "-H", "X-Amz-Target: DynamoDB_20120810.\(operation)",
                        "-H", "Content-Type: application/x-amz-json-1.0", "--data-binary",
                        "@\(file.path)", server.endpoint,
                    ])
                #expect(status == 0)
                return try JSON(parsing: Array(output))
            }
            let text = JSON.string(String(repeating: "é", count: 150_000))
            let puts = (0..<20).map { number -> JSON in
                ["PutRequest": ["Item": ["pk": ["S": .string("k\(number)")], "v": ["S": text]]]]
            }
            let written = try call("BatchWriteItem", ["RequestItems": ["things": .array(puts)]])
            #expect(written["UnprocessedItems"] == [:])
            let page = try call("Scan", ["TableName": "things"])
            #expect(page["Count"]?.int == 4)
            #expect(page["Items"]?.array?.allSatisfy { $0["v"]?["S"] == text } == true)

            let plain = try RawClient(port: server.port)
            try plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect((try? plain.readToEnd())?.starts(with: Array("HTTP/1.1 200".utf8)) != true)
        }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/python3")))
    func `clients that go without a goodbye leave the others' connections alone`() throws {
        try makeCertificate()
        defer { try? FileManager.default.removeItem(at: folder) }
        try withServer(.with { $0.tls = files }) { server in
            let script = """
                import socket, ssl, sys
                context = ssl.create_default_context(cafile=sys.argv[2])
                def connect():
                    plain = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
                    return context.wrap_socket(plain, server_hostname="127.0.0.1")
                def ask(kept):
                    kept.sendall(b"POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 2\\r\\n"
                                 b"X-Amz-Target: DynamoDB_20120810.ListTables\\r\\n\\r\\n{}")
                    assert kept.recv(65536).startswith(b"HTTP/1.1 200"), "no reply"
                kept = [connect() for _ in range(8)]
                for connection in kept: ask(connection)
                for _ in range(16):
                    leaver = connect()
                    ask(leaver)
                    socket.socket.close(leaver)
                    for connection in kept: ask(connection)
                """
            let (status, _) = try run(
                "python3", ["-c", script, "\(server.port)", files.certificate])
            #expect(status == 0)
        }
    }

    @Test func `certificates that can't be used stop the server with a hint`() throws {
        try makeCertificate()
        defer { try? FileManager.default.removeItem(at: folder) }
        for bad in [
            TLSFiles(certificate: "/nonexistent", key: files.key),
            .init(certificate: files.certificate, key: "/nonexistent"),
            .init(certificate: files.certificate, key: files.certificate),
        ] {
            #expect {
                try LocalServer(.with { $0.tls = bad })
            } throws: { error in (error as? ServerError)?.hint?.contains("CERT:KEY") == true }
        }
    }
}
