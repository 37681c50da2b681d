import JSON
import Pacing
import System
import Testing

@testable import LocalAWS

/// Signatures were made by botocore 1.43 for the key of AWS's documentation, at noon on
/// 20 November 2026.
@Suite(.timeLimit(.minutes(20))) struct SignatureTests {
    private static let noon = 1_795_176_000.0
    private static let signature =
        "528a4ffbda4e27da4f4da72ccd3ad921cf2653c2f4c9b15d3b5fc628af694efe"

    private static func headers(
        signature: String = signature, key: String = "AKIDEXAMPLE",
        scope: String = "20261120/eu-central-1/dynamodb/aws4_request",
        signed: String = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
        date: String = "20261120T120000Z"
    ) -> [String] {
        [
            "X-Amz-Date: \(date)", "X-Amz-Security-Token: session/token==",
            "Authorization: AWS4-HMAC-SHA256 Credential=\(key)/\(scope), "
                + "SignedHeaders=\(signed), Signature=\(signature)",
        ]
    }

    /// A ListTables as botocore signed it, to be sent as it is.
    static var signedListTables: String { request(headers(), body: "{\"Limit\":5}") }

    private static func request(
        _ headers: [String], body: String, host: String = "127.0.0.1:8000"
    ) -> String {
        let head =
            ([
                "POST / HTTP/1.1", "Host: \(host)",
                "X-Amz-Target: DynamoDB_20120810.ListTables",
                "Content-Type:   application/x-amz-json-1.0",
                "Content-Length: \(body.utf8.count)",
            ] + headers).joined(separator: "\r\n")
        return "\(head)\r\n\r\n\(body)"
    }

    private func answer(
        _ headers: [String], body: String = "{\"Limit\":5}", host: String = "127.0.0.1:8000",
        now: Double = noon
    ) throws -> RawClient.Reply {
        let options = ServerOptions.with {
            $0.requireSignature = .init(
                accessKey: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
            $0.time = ManualTime(epoch: now)
        }
        var reply = RawClient.Reply()
        try withServer(options) { server in
            let client = try RawClient(port: server.port)
            try client.send(Self.request(headers, body: body, host: host))
            reply = try client.reply()
        }
        return reply
    }

    @Test func `a request that botocore signed is accepted`() throws {
        let reply = try answer(Self.headers())
        #expect(reply.status == 200, "\(reply.text)")
    }

    @Test func `a changed body, host, header or signature is refused`() throws {
        for reply in [
            try answer(Self.headers(), body: "{\"Limit\":6}"),
            try answer(Self.headers(), host: "127.0.0.1:8001"),
            try answer(Self.headers(signature: String(Self.signature.reversed()))),
            try answer(Self.headers(signed: "content-type;host;x-amz-date")),
            try answer(Self.headers(signed: "host;x-missing")),
            try answer(Self.headers(scope: "20261120/us-east-1/dynamodb/aws4_request")),
        ] {
            #expect(reply.status == 400)
            #expect(reply.error == "InvalidSignatureException", "\(reply.text)")
        }
    }

    @Test func `a signature counts for five minutes either way`() throws {
        for (seconds, text) in [(301.0, "Signature expired"), (-301, "Signature not yet current")] {
            let reply = try answer(Self.headers(), now: Self.noon + seconds)
            #expect(reply.error == "InvalidSignatureException")
            #expect(reply.message.hasPrefix(text), "\(reply.text)")
        }
        for seconds in [299.0, -299] {
            #expect(try answer(Self.headers(), now: Self.noon + seconds).status == 200)
        }
    }

    @Test func `missing and malformed authorizations have errors of their own`() throws {
        #expect(try answer([]).error == "MissingAuthenticationTokenException")
        #expect(
            try answer(["Authorization: Basic eDp5"]).error == "MissingAuthenticationTokenException"
        )
        #expect(
            try answer(Self.headers(key: "AKIDOTHER")).error == "UnrecognizedClientException")
        for headers in [
            ["X-Amz-Date: 20261120T120000Z", "Authorization: AWS4-HMAC-SHA256 Credential=a"],
            Self.headers(scope: "20261120/dynamodb"), Self.headers(date: "yesterday"),
            Array(Self.headers().dropFirst()),
        ] {
            let reply = try answer(headers)
            #expect(reply.error == "IncompleteSignatureException", "\(reply.text)")
        }
        let wrongService = try answer(
            Self.headers(scope: "20261120/eu-central-1/sqs/aws4_request"))
        #expect(wrongService.error == "InvalidSignatureException")
        #expect(wrongService.message.contains("correct service: 'dynamodb'"))
    }
}
