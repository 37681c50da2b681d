import Pacing
import System
import Testing

@testable import HTTPServer

@Suite struct HTTPParserTests {
    private struct Parsed: Equatable {
        var method: HTTPRequest.Method
        var target: String?
        var body: String
        var keepsAlive: Bool
    }

    /// Feeds bytes in the given pieces; returns the requests found.
    private static func parse(_ pieces: [[UInt8]]) throws -> [Parsed] {
        var parser = HTTPRequestParser()
        var buffer = ByteStorage(capacity: 16)
        var found: [Parsed] = []
        for piece in pieces {
            buffer.append(array: piece)
            feeding: while buffer.count > 0 {
                switch try parser.next(&buffer) {
                case .request(let request, let end):
                    found.append(
                        Parsed(
                            method: request.method,
                            target: request.amzTarget.map {
                                String(decoding: buffer.bytes[$0], as: UTF8.self)
                            }, body: String(decoding: buffer.bytes[request.body], as: UTF8.self),
                            keepsAlive: request.keepsAlive))
                    buffer.removeFirst(end)
                case .wantsContinue: continue
                case .wantsLimit: try parser.allow(.usual)
                case .incomplete: break feeding
                }
            }
        }
        return found
    }

    private static let plain =
        "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target:  DynamoDB_20120810.Scan \r\n"
        + "content-LENGTH: 11\r\n\r\n{\"a\":\"b\r\n\"}"
    private static let chunked =
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nX-Amz-Target: T\r\n\r\n"
        + "5\r\n{\"a\":\r\n00A;ext=1\r\n0123456789\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n"

    @Test func `requests are found however their bytes are cut`() throws {
        let bytes = Array((Self.plain + Self.chunked + Self.plain).utf8)
        let whole = try Self.parse([bytes])
        #expect(whole.count == 3)
        #expect(whole[0].body == "{\"a\":\"b\r\n\"}")
        #expect(whole[0].target == "DynamoDB_20120810.Scan")
        #expect(whole[1].body == "{\"a\":0123456789}")
        for cut in 1..<bytes.count {
            #expect(try Self.parse([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole)
        }
        #expect(try Self.parse(bytes.map { [$0] }) == whole)
    }

    @Test func `the version and the Connection header say whether the connection stays`() throws {
        func keeps(_ version: String, _ header: String) throws -> Bool {
            try Self.parse([Array("GET / HTTP/\(version)\r\n\(header)\r\n".utf8)])[0].keepsAlive
        }
        #expect(try keeps("1.1", "Host: x\r\n"))
        #expect(try !keeps("1.1", "Connection: close\r\n"))
        #expect(try !keeps("1.0", "Host: x\r\n"))
        #expect(try keeps("1.0", "Connection: Keep-Alive\r\n"))
    }

    @Test(arguments: [
        "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", " GET / HTTP/1.1\r\n\r\n", "\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\n: x\r\n\r\n", "POST / HTTP/1.1\r\nName : x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
        "POST / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
    ])
    func `what is no request is refused`(text: String) {
        #expect(throws: HTTPRefusal.self) { try Self.parse([Array(text.utf8)]) }
    }

    @Test func `a head without end is refused, not kept for ever`() {
        let endless = Array("GET / HTTP/1.1\r\nX: ".utf8) + [UInt8](repeating: 0x61, count: 70_000)
        #expect(throws: HTTPRefusal.self) { try Self.parse([endless]) }
        let many = "GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 201) + "\r\n"
        #expect(throws: HTTPRefusal.self) { try Self.parse([Array(many.utf8)]) }
        let line = Array("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        #expect(throws: HTTPRefusal.self) {
            try Self.parse([line + [UInt8](repeating: 0x30, count: 5000)])
        }
    }

    @Test func `a body beyond 16 MB is read to its end and refused as too large`() {
        let head = Array("POST / HTTP/1.1\r\nContent-Length: 16777217\r\n\r\n".utf8)
        let piece = [UInt8](repeating: 0x20, count: 1_048_576)
        let pieces = [head] + Array(repeating: piece, count: 16) + [[0x20]]
        #expect(throws: HTTPRefusal.tooLarge) { try Self.parse(pieces) }
        #expect(throws: Never.self) { try Self.parse(Array(pieces.dropLast())) }
    }

    @Test func `methods are told apart, in capitals only`() throws {
        for (name, method) in [
            ("GET", HTTPRequest.Method.get), ("HEAD", .head), ("POST", .post), ("PUT", .put),
            ("DELETE", .delete), ("get", .other), ("PATCH", .other), ("PUTT", .other),
        ] {
            let found = try Self.parse([Array("\(name) / HTTP/1.1\r\n\r\n".utf8)])
            #expect(found.map(\.method) == [method], "\(name)")
        }
    }

    @Test func `a service's own limit holds for bodies of a known length and chunked ones`() throws
    {
        let refusal = HTTPRefusal(status: 400, name: "EntityTooLarge", message: "")
        func parse(_ text: String, bytesMax: Int) throws -> Int? {
            var parser = HTTPRequestParser()
            var buffer = ByteStorage()
            buffer.append(text: text)
            guard case .wantsLimit = try parser.next(&buffer) else { return nil }
            try parser.allow(BodyLimit(bytesMax: bytesMax, refusal: refusal))
            let step = try parser.next(&buffer)
            if case .incomplete(let expected) = step { return expected }
            return nil
        }
        let length = "PUT / HTTP/1.1\r\nContent-Length: 300000000\r\n\r\n"
        #expect(try parse(length, bytesMax: 300_000_000) == 300_000_000 + length.utf8.count)
        #expect(throws: refusal) { try parse(length, bytesMax: 299_999_999) }
        let chunked = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        #expect(try parse(chunked, bytesMax: 5) == nil)
        #expect(throws: refusal) { try parse(chunked, bytesMax: 4) }
    }

    /// Goal: no bytes may crash the parser or make it read beyond them.
    @Test func `mutated requests are parsed or refused, never worse`() {
        let seeds = [Self.plain, Self.chunked, Self.plain + Self.chunked].map { Array($0.utf8) }
        for seed in UInt64(1)...3000 {
            var generator = SeededGenerator(seed: seed)
            var bytes = seeds[Int(generator.next() % 3)]
            for _ in 0...(generator.next() % 4) {
                let place = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes.remove(at: place)
                default:
                    bytes.insert([0x0D, 0x0A, 0x30, 0x3A][Int(generator.next() % 4)], at: place)
                }
            }
            let cut = Int(generator.next() % UInt64(bytes.count))
            _ = try? Self.parse([Array(bytes[..<cut]), Array(bytes[cut...])])
        }
    }
}
