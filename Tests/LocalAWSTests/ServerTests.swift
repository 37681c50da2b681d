import DynamoModel
import HTTPServer
import JSON
import System
import TestSupport
import Testing

@testable import LocalAWS

/// The wire: what is the same for every operation.
@Suite(.timeLimit(.minutes(20))) struct ServerTests {
    private static let table = TableDefinition(
        name: "things", schema: KeySchema(partition: KeyAttribute(name: "pk", type: .string)))

    /// A server with one table of `count` items of about `bytes` bytes.
    private func withThings(
        _ count: Int, bytes: Int = 10, options: ServerOptions = .with { _ in },
        _ body: (LocalServer, RawClient) throws -> Void
    ) throws {
        let text = JSON.string(String(repeating: "x", count: bytes))
        let items = (0..<count).map { number -> JSON in
            ["pk": ["S": .string("thing-\(number)")], "v": ["S": text]]
        }
        try withServer(options) { server in
            try server.load(Self.table, items: items)
            try body(server, RawClient(port: server.port))
        }
    }

    @Test func `every reply has the service's headers, and its checksum`() throws {
        try withThings(3) { _, client in
            let good = try client.call("Scan", ["TableName": "things"])
            let bad = try client.call("Scan", ["TableName": "none-such"])
            #expect(good.status == 200 && bad.status == 400)
            #expect(good.json?["Count"]?.int == 3)
            #expect(bad.error == "ResourceNotFoundException")
            for reply in [good, bad] {
                #expect(reply.headers["server"] == "Server")
                #expect(reply.headers["content-type"] == "application/x-amz-json-1.0")
                #expect(reply.headers["date"]?.hasSuffix(" GMT") == true)
                let id = reply.headers["x-amzn-requestid"] ?? ""
                #expect(id.utf8.count == 52 && id.allSatisfy { $0.isUppercase || $0.isNumber })
                let checksum = reply.body.withUnsafeBytes { Checksum.crc32($0) }
                #expect(reply.headers["x-amz-crc32"] == String(checksum))
            }
            #expect(good.headers["x-amzn-requestid"] != bad.headers["x-amzn-requestid"])
        }
    }

    @Test func `large replies are compressed for those who ask, with the checksum of what is sent`()
        throws
    {
        try withThings(100, bytes: 200) { _, client in
            let plain = try client.call("Scan", ["TableName": "things"])
            let packed = try client.call(
                "Scan", ["TableName": "things"], headers: ["Accept-Encoding: deflate, gzip;q=0.8"])
            #expect(plain.headers["content-encoding"] == nil)
            #expect(packed.headers["content-encoding"] == "gzip")
            #expect(packed.body.count < plain.body.count / 4)
            let checksum = packed.body.withUnsafeBytes { Checksum.crc32($0) }
            #expect(packed.headers["x-amz-crc32"] == String(checksum))
            let inflated = ByteBuffer()
            let count = packed.body.withUnsafeBytes {
                Zlib.gunzip($0, into: inflated, bytesMax: 1 << 20)
            }
            #expect(count == plain.body.count)
            #expect(Array(inflated.bytes) == plain.body)
            for header in ["gzip;q=0", "br", "identity"] {
                let reply = try client.call(
                    "Scan", ["TableName": "things"], headers: ["Accept-Encoding: \(header)"])
                #expect(reply.headers["content-encoding"] == nil, "\(header)")
            }
            let small = try client.call("ListTables", [:], headers: ["Accept-Encoding: gzip"])
            #expect(small.headers["content-encoding"] == nil)
        }
    }

    @Test func `compressed requests are taken, broken ones answered 500`() throws {
        try withThings(2) { _, client in
            var packed = ByteStorage()
            let body = ("{\"TableName\":\"things\"}" as String).utf8
            Array(body).withUnsafeBytes { Zlib.gzip($0, into: &packed) }
            let bytes = Array(packed.bytes)
            try client.send(
                RawClient.request("Scan", bytes, headers: ["Content-Encoding: gzip"]))
            #expect(try client.reply().json?["Count"]?.int == 2)
            try client.send(
                RawClient.request("Scan", bytes.dropLast(9), headers: ["Content-Encoding: gzip"]))
            #expect(try client.reply().status == 500)
            try client.send(RawClient.request("Scan", bytes, headers: ["Content-Encoding: br"]))
            #expect(try client.reply().status == 500)
        }
    }

    @Test func `requests in one packet, in many, chunked, or after 100 Continue are the same`()
        throws
    {
        try withThings(2) { _, client in
            let request = RawClient.request("Scan", Array("{\"TableName\":\"things\"}".utf8))
            try client.send(request + request + request)
            for _ in 0..<3 { #expect(try client.reply().json?["Count"]?.int == 2) }
            for byte in request { try client.send([byte]) }
            #expect(try client.reply().json?["Count"]?.int == 2)
            try client.send(
                "POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.Scan\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n")
            try client.send("e\r\n{\"TableName\":\"\r\n8\r\nthings\"}\r\n0\r\n\r\n")
            #expect(try client.reply().json?["Count"]?.int == 2)
            try client.send(
                "POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
                    + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(try client.reply().status == 100)
            try client.send("{}")
            #expect(try client.reply().json?["TableNames"]?.array?.count == 1)
        }
    }

    @Test func `what is not HTTP is answered 400 and the connection ends`() throws {
        try withThings(0) { server, _ in
            for garbage in [
                "hello\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n", "POST / HTTP/1.1\r\nbad\r\n\r\n",
            ] {
                let client = try RawClient(port: server.port)
                try client.send(garbage)
                let reply = try client.reply()
                #expect(reply.status == 400)
                #expect(reply.headers["connection"] == "close")
                #expect(try client.readToEnd().isEmpty)
            }
        }
    }

    @Test func `a request above 16 MB is answered 413, after it has been read`() throws {
        try withThings(0) { _, client in
            let body = [UInt8](repeating: 0x20, count: 16 * 1024 * 1024 + 1)
            try client.send(RawClient.request("Scan", body))
            let reply = try client.reply()
            #expect(reply.status == 413)
            #expect(reply.error == "RequestEntityTooLargeException")
        }
    }

    @Test func `other methods, unknown targets and empty bodies have the service's answers`() throws
    {
        try withThings(0) { _, client in
            try client.send("GET / HTTP/1.1\r\n\r\n")
            #expect(try client.reply().text.hasPrefix("healthy: dynamodb.us-east-1"))
            try client.send("DELETE / HTTP/1.1\r\n\r\n")
            #expect(try client.reply().status == 404)
            try client.send("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
            #expect(try client.reply().error == "UnknownOperationException")
            let statement = try client.call("ExecuteStatement", [:])
            #expect(statement.error == "UnknownOperationException")
            #expect(statement.message.contains("ExecuteStatement"))
            #expect(
                statement.json?["__type"]?.string?.hasPrefix("com.amazon.coral.service#") == true)
            for body in ["", "x", "[]", "{\"TableName\":1}", "{\"TableName\":\"things\"}}"] {
                try client.send(RawClient.request("Scan", Array(body.utf8)))
                #expect(try client.reply().error == "SerializationException", "\(body)")
            }
            try client.send(
                "POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
                    + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
            #expect(try client.reply().headers["content-type"] == "application/json")
        }
    }

    @Test func `a client that does not read its reply holds up nobody`() throws {
        var options = ServerOptions.with { _ in }
        options.threads = 1
        try withThings(3000, bytes: 1000, options: options) { server, client in
            let request = RawClient.request("Scan", Array("{\"TableName\":\"things\"}".utf8))
            // Thirty pages of a megabyte each, none of them read yet.
            for _ in 0..<30 { try client.send(request) }
            let other = try RawClient(port: server.port)
            for _ in 0..<20 {
                #expect(try other.call("ListTables", [:]).status == 200)
            }
            for _ in 0..<30 { #expect(try client.reply().json?["Count"]?.int ?? 0 > 900) }
        }
    }

    @Test func `a client that stops half-way is forgotten`() throws {
        try withThings(1) { server, client in
            for cut in [1, 20, 150] {
                let other = try RawClient(port: server.port)
                let request = RawClient.request("Scan", Array("{\"TableName\":\"things\"}".utf8))
                try other.send(Array(request[..<min(cut, request.count - 1)]))
                other.finishSending()
                #expect(try other.readToEnd().isEmpty)
            }
            #expect(try client.call("ListTables", [:]).status == 200)
        }
    }

    @Test func `connections by the hundred are served by all loops`() throws {
        var options = ServerOptions.with { _ in }
        options.threads = 3
        try withThings(5, options: options) { server, _ in
            let clients = try (0..<300).map { _ in try RawClient(port: server.port) }
            for round in 0..<3 {
                for client in clients {
                    try client.send(
                        RawClient.request("Scan", Array("{\"TableName\":\"things\"}".utf8)))
                }
                for client in clients {
                    #expect(try client.reply().json?["Count"]?.int == 5, "round \(round)")
                }
            }
        }
    }

    @Test func `a server can't listen where another does, and says so`() throws {
        try withThings(0) { server, _ in
            #expect {
                try LocalServer(.with { $0.port = server.port })
            } throws: { error in (error as? ServerError)?.hint?.contains("--port") == true }
        }
        #expect {
            try LocalServer(.with { $0.host = "example.invalid" })
        } throws: { error in "\(error)".contains("is not an address") }
    }
}
