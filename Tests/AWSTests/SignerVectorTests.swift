import Foundation
import JSON
import System
import Testing

@testable import AWS

/// Goal: the general signer agrees with AWS's public signing test suite.
/// Method: every vector of `../shared/vectors/sigv4`, read in place: three texts and the headers.
@Suite struct SignerVectorTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "../shared/vectors/sigv4").standardizedFileURL

    private static let names: [String] = {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return entries.filter { $0.hasPrefix("get-") || $0.hasPrefix("post-") }.sorted()
    }()

    @Test(.enabled(if: !names.isEmpty, "skipped: ../shared/vectors/sigv4 is not there"))
    func `all of the suite is there`() {
        #expect(Self.names.count == 38)
    }

    @Test(arguments: names)
    func `the signer agrees with the vector`(name: String) throws {
        let context = try JSON(parsing: text(name, "context.json"))
        let secrets = try #require(context["credentials"])
        var rules = Signer.Rules()
        rules.normalizesPath = context["normalize"]?.bool ?? true
        rules.sendsBodyHash = context["sign_body"]?.bool ?? false
        rules.signsSessionToken = context["omit_session_token"]?.bool != true
        let signer = Signer(
            credentials: Credentials(
                accessKeyID: try #require(secrets["access_key_id"]?.string),
                secretAccessKey: try #require(secrets["secret_access_key"]?.string),
                sessionToken: secrets["token"]?.string),
            region: try #require(context["region"]?.string),
            service: try #require(context["service"]?.string), rules: rules)
        #expect(context["timestamp"]?.string == "2015-08-30T12:36:00Z")
        let time = try #require(UTCTime(iso8601: "2015-08-30T12:36:00Z"))

        let signed = signer.sign(Self.request(try text(name, "request.txt")), at: time)
        #expect(signed.canonicalRequest == (try text(name, "header-canonical-request.txt")))
        #expect(signed.stringToSign == (try text(name, "header-string-to-sign.txt")))
        #expect(signed.signature == (try text(name, "header-signature.txt")))
        let expected = Self.request(try text(name, "header-signed-request.txt"))
        for header in signed.headers {
            #expect(
                expected.headers.contains { $0.name == header.name && $0.value == header.value },
                "\(header.name) is not as in the signed request")
        }
    }

    private func text(_ name: String, _ file: String) throws -> String {
        let url = Self.folder.appending(path: name).appending(path: file)
        return String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }

    /// Reads a request as the suite writes it: `Name:value` lines, continuation lines indented.
    private static func request(_ text: String) -> Signer.Request {
        let parts = text.components(separatedBy: "\n\n")
        var lines = parts[0].components(separatedBy: "\n").filter { !$0.isEmpty }
        let start = lines.removeFirst()
        let method = start.prefix { $0 != " " }
        let target = start.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count)
        let query = target.firstIndex(of: "?")
        var headers: [(name: String, value: String)] = []
        for line in lines {
            if let last = headers.indices.last, line.hasPrefix(" ") {
                headers[last].value += "\n" + line
            } else if let colon = line.firstIndex(of: ":") {
                headers.append(
                    (String(line[..<colon]), String(line[line.index(after: colon)...])))
            }
        }
        return Signer.Request(
            method: String(method), path: String(target[..<(query ?? target.endIndex)]),
            query: query.map { String(target[target.index(after: $0)...]) } ?? "",
            headers: headers, body: Array(parts.dropFirst().joined(separator: "\n\n").utf8))
    }
}
