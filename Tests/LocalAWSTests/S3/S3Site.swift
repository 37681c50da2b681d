import DynamoModel
import System
import TestSupport
import Testing

@testable import LocalAWS

/// A server with the bucket `things`, and a connection to it that speaks S3.
struct S3Site {
    enum Place: CaseIterable {
        case memory, folder
    }

    let server: LocalServer
    let client: RawClient

    /// Runs `body` against a server whose objects are in one place or the other.
    static func with(
        _ place: Place = .memory, options: ServerOptions = .with { _ in },
        _ body: (S3Site) throws -> Void
    ) throws {
        let folder = try TemporaryFolder()
        var options = options
        options.buckets.append(BucketSetting("things"))
        if place == .folder { options.s3Folder = folder.path("s3") }
        try withServer(options) { server in
            try body(S3Site(server: server, client: RawClient(port: server.port)))
        }
    }

    @discardableResult
    func call(
        _ method: String, _ target: String, _ body: String = "", headers: [String] = []
    ) throws -> RawClient.Reply {
        try call(method, target, bytes: Array(body.utf8), headers: headers)
    }

    @discardableResult
    func call(
        _ method: String, _ target: String, bytes: [UInt8], headers: [String] = []
    ) throws -> RawClient.Reply {
        let host = headers.contains { $0.hasPrefix("Host:") } ? [] : ["Host: 127.0.0.1"]
        let head =
            (["\(method) \(target) HTTP/1.1", "Content-Length: \(bytes.count)"] + host + headers)
            .joined(separator: "\r\n")
        try client.send(Array("\(head)\r\n\r\n".utf8) + bytes)
        return try client.reply(toHead: method == "HEAD")
    }

    /// The keys of a listing, in their order.
    static func keys(_ reply: RawClient.Reply) -> [String] {
        reply.elements("Contents").compactMap { $0.text(of: "Key") }
    }
}

extension RawClient.Reply {
    /// The body as XML.
    var xml: XMLElement? { body.withUnsafeBytes { XMLElement(parsing: $0) } }

    /// The code of an error in XML, of which there is one only in replies that are none.
    var code: String? { xml?.name == "Error" ? xml?.text(of: "Code") : nil }

    func element(_ name: String) -> String? { xml?.text(of: name) }

    func elements(_ name: String) -> [XMLElement] { xml?.all(name) ?? [] }

    var etag: String { (headers["etag"] ?? "").filter { $0 != "\"" } }
}
