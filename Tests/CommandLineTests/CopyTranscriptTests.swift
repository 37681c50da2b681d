import Foundation
import JSON
import System
import TestSupport
import Testing

/// Copies that can't be made, as their users meet them: one `error:`, what to do, and soon.
@Suite(.serialized, .tags(.timeBound), .timeLimit(.minutes(20)))
struct CopyTranscriptTests {
    /// A line that is refused: `URL` in it stands for the server's, `PORT` for its port.
    struct Refusal: CustomTestStringConvertible {
        var line: String
        var status: Int32
        var error: String
        var hint: String

        init(_ line: String, _ status: Int32 = 1, error: String, hint: String) {
            (self.line, self.status, self.error, self.hint) = (line, status, error, hint)
        }

        var testDescription: String { line }
    }

    private static let credentials = [
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
    ]

    /// Runs a copy and looks that it ends within 5 s, and as much again for a busy machine.
    private func copy(
        _ line: String, at url: String, environment: [String: String] = credentials
    ) throws -> Binary.Result {
        let folder = try TemporaryFolder()
        let clock = ContinuousClock()
        let start = clock.now
        let line = line.replacing("URL", with: url)
            .replacing("PORT", with: url.split(separator: ":").last ?? "")
        let result = try Binary.shell(
            "cd '\(folder.path(""))' && exec \"$0\" copy \(line)",
            environment: environment.merging(["HOME": folder.path("")]) { $1 })
        #expect(clock.now - start < .seconds(10), "\(line)")
        return result
    }

    private func expect(_ result: Binary.Result, _ refusal: Refusal) {
        let text = Comment(rawValue: result.err)
        #expect(result.status == refusal.status, text)
        #expect(result.out.isEmpty, Comment(rawValue: result.out))
        let lines = result.err.split(separator: "\n")
        let errors = lines.filter { $0.hasPrefix("error: ") }
        #expect(errors.count == 1 && errors[0].contains(refusal.error), text)
        // It is the last thing said but for what to do.
        let hints = lines.drop { !$0.hasPrefix("error: ") }.dropFirst()
        #expect(!hints.isEmpty && hints.allSatisfy { $0.hasPrefix("hint: ") }, text)
        #expect(hints.joined(separator: "\n").contains(refusal.hint), text)
    }

    /// A server with `Orders` (20 items, on demand), `Full` (5) and `Other`, which has other keys.
    private func served() throws -> Served {
        let server = try Served(["--fill", "Orders=20", "--fill", "Full=5"])
        try server.call(
            "CreateTable",
            [
                "TableName": "Other", "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [["AttributeName": "other", "KeyType": "HASH"]],
                "AttributeDefinitions": [["AttributeName": "other", "AttributeType": "B"]],
            ])
        return server
    }

    private static let local = "--endpoint URL --region us-east-1"

    @Test func `whatever can't be copied is refused with a hint, and nothing is changed`() throws {
        let server = try served()
        let arn = try server.call("DescribeTable", ["TableName": "Orders"])["Table"]?["TableArn"]?
            .string
        let orders = try #require(arn)
        let local = Self.local
        let refusals = [
            Refusal("Absent New \(local)", error: "no source table Absent at", hint: "the region"),
            Refusal("Orders Other \(local)", error: "the keys differ", hint: "another target"),
            Refusal("Orders Full \(local)", error: "Full holds items", hint: "--merge"),
            Refusal("Orders Orders \(local)", 2, error: "same table", hint: "target"),
            Refusal("Orders \(orders) \(local)", error: "same table", hint: "another target"),
            Refusal("\(orders) Orders \(local)", error: "same table", hint: "another target"),
            Refusal("Orders New \(local) --memory 1MiB", error: "400 KB", hint: "MiB"),
            Refusal(
                "Orders New \(local) --write-units 50%", error: "Orders is on demand",
                hint: "number of units"),
            Refusal(
                "Orders New \(local) --read-units 50%", error: "Orders is on demand",
                hint: "number of units"),
            Refusal("Orders New \(local) --write-units 1e", 2, error: "'1e'", hint: "help"),
            Refusal("Orders New \(local) --segmets 4", 2, error: "--segmets", hint: "--segments"),
            Refusal(
                "Orders New --endpoint URL --region eu_west", 2, error: "eu-central-1",
                hint: "--help"),
            Refusal("Orders New --region xx-nowhere-1", error: "xx-nowhere-1", hint: "us-east-1"),
            Refusal(
                "Orders New --region us-east-1 --endpoint https://127.0.0.1:PORT",
                error: "TLS", hint: "http://"),
            Refusal(
                "Orders New --region us-east-1 --endpoint http://127.0.0.1:1",
                error: "127.0.0.1:1", hint: "check the endpoint"),
            Refusal(
                "Orders New --source-endpoint URL --target-endpoint http://127.0.0.1:1"
                    + " --region us-east-1",
                error: "target", hint: "check the endpoint"),
            Refusal(
                "Orders New \(local) --report none/report", error: "none/report", hint: "folder"),
            Refusal("Orders New \(local) --report /", error: "cannot write /", hint: "folder"),
            Refusal("Orders New \(local) --log none/log", error: "none/log", hint: "folder"),
            Refusal(
                "Orders New \(local) --ca-bundle no.pem", error: "no.pem", hint: "certificates"),
            Refusal("Orders New \(local) --profile nobody", error: "nobody", hint: "profile"),
        ]
        for refusal in refusals {
            expect(try copy(refusal.line, at: server.url), refusal)
        }
        #expect(try server.tables() == ["Full", "Orders", "Other"])
        #expect(try ["Full", "Orders", "Other"].map(server.count) == [5, 20, 0])
    }

    @Test func `whatever can't go into files or come from them is refused with a hint`() throws {
        let server = try Served([
            "--fill", "Orders=20", "--bucket", "dumps", "--access", "key:secret:write",
            "--access", "AKIAIOSFODNN7EXAMPLE:other:write:ListObjectsV2",
        ])
        let folder = try TemporaryFolder()
        try Data("no export".utf8).write(to: URL(fileURLWithPath: folder.path("file")))
        let local = Self.local
        for _ in 1...2 {
            let line = "Orders \(folder.path("two/")) \(local)"
            #expect(try copy(line, at: server.url).status == 0)
        }
        let refusals = [
            Refusal("Orders s3://none/ \(local)", error: "no such bucket", hint: "the account"),
            Refusal("s3://none/ New \(local)", error: "no such bucket", hint: "the account"),
            Refusal(
                "s3://dumps/a/ New \(local)", error: "no files in s3://dumps/a/", hint: "path"),
            Refusal(
                "Orders s3://dumps/a/ \(local) --expected-bucket-owner 111122223333",
                error: "AccessDenied", hint: "check whose it is"),
            Refusal("./none/ New \(local)", error: "no files in ./none/", hint: "path"),
            Refusal(
                "Orders \(folder.path("file")) \(local)", error: "is a file", hint: "a folder"),
            Refusal(
                "Orders \(folder.path("file/in/it/")) \(local)", error: "is a file",
                hint: "a folder"),
            Refusal(
                "\(folder.path("file")) New \(local)", error: "what keys", hint: "--key"),
            Refusal(
                "\(folder.path("two/")) New \(local)", error: "2 exports", hint: "--latest"),
            Refusal("- New \(local)", error: "keys", hint: "--key"),
            Refusal("Orders - \(local) --verify", 2, error: "--verify", hint: "help"),
        ]
        for refusal in refusals {
            expect(try copy(refusal.line, at: server.url), refusal)
        }
        let listing = "Orders s3://dumps/a/ \(local)"
        expect(
            try copy(
                listing, at: server.url,
                environment: [
                    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "other",
                ]),
            Refusal(listing, error: "AccessDenied", hint: "s3:ListBucket"))
    }

    @Test func `without credentials nothing is asked of anyone`() throws {
        let server = try served()
        let line = "Orders New \(Self.local)"
        expect(
            try copy(line, at: server.url, environment: [:]),
            Refusal(line, error: "no credentials", hint: "AWS_ACCESS_KEY_ID"))
        expect(
            try copy(line, at: server.url, environment: ["AWS_ACCESS_KEY_ID": "half"]),
            Refusal(line, error: "AWS_SECRET_ACCESS_KEY", hint: "set both"))
        #expect(try server.tables().contains("New") == false)
    }

    @Test func `credentials that the endpoint does not take are its user's business`() throws {
        let server = try Served(["--fill", "Orders=20", "--require-signature", "key:secret"])
        let line = "Orders New \(Self.local)"
        expect(
            try copy(
                line, at: server.url,
                environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "wrong"]),
            Refusal(line, error: "Signature", hint: "secret access key"))
        #expect(try copy(line, at: server.url).status == 0)
    }

    /// A port that takes connections, and never says a word.
    @Test func `an endpoint that never answers is given up soon`() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                #expect(bind(listener, address, length) == 0)
                #expect(getsockname(listener, address, &length) == 0)
            }
        }
        #expect(listen(listener, 16) == 0)
        let url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        let line = "Orders New \(Self.local)"
        expect(
            try copy(line, at: url), Refusal(line, error: "Timeout", hint: "check the endpoint"))
    }

    @Test func `TLS is spoken to those whose certificate is trusted, and to no others`() throws {
        let folder = try TemporaryFolder()
        let (certificate, key) = (folder.path("certificate.pem"), folder.path("key.pem"))
        let made = try Binary.shell(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
                + " -subj /CN=test -addext subjectAltName=IP:127.0.0.1"
                + " -keyout '\(key)' -out '\(certificate)'")
        #expect(made.status == 0)
        try #require(FileManager.default.fileExists(atPath: certificate), "\(made.err)")
        let server = try Served(["--fill", "Orders=20", "--tls", "\(certificate):\(key)"])
        let line = "Orders New \(Self.local)"
        expect(
            try copy(line, at: server.url),
            Refusal(line, error: "certificate", hint: "--ca-bundle"))
        expect(
            try copy(line, at: server.url.replacing("https:", with: "http:")),
            Refusal(line, error: "127.0.0.1", hint: "https://"))
        let trusted = try copy("\(line) --ca-bundle '\(certificate)'", at: server.url)
        #expect(trusted.status == 0, "\(trusted.err)")
    }

    @Test func `a target with items is written into when asked, and keeps what it had`() throws {
        let server = try served()
        let result = try copy("Orders Full \(Self.local) --merge", at: server.url)
        #expect(result.status == 0, "\(result.err)")
        #expect(result.out.hasPrefix("copied Orders to Full"), "\(result.out)")
        #expect(try server.count("Full") >= 20)
        #expect(try server.count("Orders") == 20)
    }
}
