import Pacing
import System
import Testing

@testable import LocalAWS

/// Faults as a client of S3 sees them.
@Suite(.timeLimit(.minutes(20))) struct S3FaultTests {
    /// A server whose first request of each kind for each object meets `fault`.
    private func with(_ fault: Fault, _ body: (S3Site) throws -> Void) throws {
        try S3Site.with(options: .with { $0.s3Hook = { $0.number == 0 ? fault : nil } }) { site in
            try site.server.put(Array("hello".utf8), as: "k", in: "things")
            try body(site)
        }
    }

    @Test func `errors do nothing, and the next request finds all as it was`() throws {
        for (fault, status, code) in [
            (Fault.error, 500, "InternalError"), (.throttle, 503, "SlowDown"),
            (.validation("no"), 400, "InvalidRequest"),
        ] {
            try with(fault) { site in
                let reply = try site.call("PUT", "/things/new", "x")
                #expect(reply.status == status && reply.code == code)
                #expect(site.server.keys(in: "things") == ["k"])
                #expect(try site.call("PUT", "/things/new", "x").status == 200)
            }
        }
    }

    @Test func `a lost connection has done the work or not, as asked`() throws {
        for (fault, isDone) in [
            (Fault.dropBefore, false), (.dropAfter, true), (.resetBefore, false),
            (.resetAfter, true),
        ] {
            try with(fault) { site in
                #expect(throws: RawClient.Failure.self) { try site.call("PUT", "/things/new", "x") }
                #expect((site.server.object("new", in: "things") != nil) == isDone, "\(fault)")
            }
        }
    }

    @Test func `a body is cut short or changed, its head is not`() throws {
        try with(.truncate) { site in
            #expect(throws: RawClient.Failure.self) { try site.call("GET", "/things/k") }
        }
        try with(.corrupt) { site in
            let reply = try site.call("GET", "/things/k")
            #expect(reply.text != "hello" && reply.body.count == 5)
            #expect(reply.etag == "5d41402abc4b2a76b9719d911017c592")
        }
        try with(.reply(status: 502, contentType: "text/html", body: "<html>")) { site in
            let reply = try site.call("GET", "/things/k")
            #expect(reply.status == 502 && reply.text == "<html>")
        }
    }

    @Test func `wrong checksums stand in the head of a good body`() throws {
        try with(.wrongChecksum) { site in
            let mode = ["x-amz-checksum-mode: ENABLED"]
            let wrong = try site.call("GET", "/things/k", headers: mode)
            let right = try site.call("GET", "/things/k", headers: mode)
            #expect(wrong.text == "hello" && right.text == "hello")
            for name in ["etag", "x-amz-checksum-crc64nvme"] {
                let value = wrong.headers[name]
                #expect(value != nil && value != right.headers[name], "\(name)")
                #expect(value?.count == right.headers[name]?.count)
            }
        }
    }

    @Test func `an error may come in a reply of 200, and nothing is done then`() throws {
        try with(.errorInReply) { site in
            let begun = try site.call("POST", "/things/new?uploads")
            let id = try #require(begun.element("UploadId"))
            let part = try site.call("PUT", "/things/new?partNumber=1&uploadId=\(id)", "x")
            let body =
                "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
                + "<ETag>\(part.etag)</ETag></Part></CompleteMultipartUpload>"
            let late = try site.call("POST", "/things/new?uploadId=\(id)", body)
            #expect(late.status == 200 && late.code == "InternalError")
            #expect(site.server.keys(in: "things") == ["k"])
            #expect(try site.call("POST", "/things/new?uploadId=\(id)", body).code == nil)
            #expect(site.server.keys(in: "things") == ["k", "new"])
            // Where a reply never does so, nothing befalls it.
            #expect(try site.call("PUT", "/things/other", "x").status == 200)
        }
    }

    @Test func `a redirection names the place, or the region`() throws {
        try with(.redirect(isPermanent: false)) { site in
            let reply = try site.call("GET", "/things/k?x-id=GetObject")
            #expect(reply.status == 307 && reply.code == "TemporaryRedirect")
            #expect(reply.headers["location"] == "http://127.0.0.1/things/k?x-id=GetObject")
            #expect(try site.call("GET", "/things/k").text == "hello")
        }
        try with(.redirect(isPermanent: true)) { site in
            let reply = try site.call("HEAD", "/things/k")
            #expect(reply.status == 301)
            #expect(reply.headers["x-amz-bucket-region"] == "us-east-1")
        }
    }

    @Test(arguments: S3Site.Place.allCases)
    func `an object that changes between two ranges fails the second`(place: S3Site.Place) throws {
        let hook: S3Hook = {
            $0.operation == "GetObject" && $0.key == "k" && $0.number == 1 ? .changed : nil
        }
        try S3Site.with(place, options: .with { $0.s3Hook = hook }) { site in
            try site.call("PUT", "/things/k", "hello")
            let first = try site.call("GET", "/things/k", headers: ["Range: bytes=0-1"])
            let match = "If-Match: \(first.etag)"
            for _ in 0..<2 {
                let next = try site.call("GET", "/things/k", headers: ["Range: bytes=2-", match])
                #expect(next.status == 412)
            }
            let anew = try site.call("GET", "/things/k")
            #expect(anew.text == "hello" && anew.etag.hasSuffix("-1"))
        }
    }

    @Test func `a hook knows which request of which object it is`() throws {
        let seen = Locked<[String]>([])
        let hook: S3Hook = { event in
            seen.withLock {
                $0.append(
                    "\(event.operation) \(event.bucket) \(event.key ?? "-") \(event.number) "
                        + (event.range ?? "-"))
            }
            return nil
        }
        try S3Site.with(options: .with { $0.s3Hook = hook }) { site in
            try site.call("PUT", "/things/a", "x")
            try site.call("GET", "/things/a")
            try site.call("GET", "/things/b")
            try site.call("GET", "/things/a", headers: ["Range: bytes=0-0"])
            try site.call("GET", "/things")
        }
        #expect(
            seen.withLock { $0 } == [
                "PutObject things a 0 -", "GetObject things a 0 -", "GetObject things b 0 -",
                "GetObject things a 1 bytes=0-0", "ListObjects things - 0 -",
            ])
    }

    @Test func `a plan's faults come as often as asked, each where it can`() throws {
        let plan = try FaultPlan(
            parsing: "redirect=0.1,changed=0.2,s3-200-error=0.3,absurd=1,throttle=0.05")
        #expect(try FaultPlan(parsing: plan.text) == plan)
        var generator = SeededGenerator(seed: 5)
        func share(_ operation: S3Operation, _ isMeant: (Fault) -> Bool) -> Double {
            let drawn = (0..<20_000).compactMap { _ in plan.draw(for: operation, using: &generator)
            }
            return Double(drawn.count(where: isMeant)) / 20_000
        }
        #expect(abs(share(.getObject) { $0 == .throttle } - 0.05) < 0.01)
        #expect(abs(share(.getObject) { $0 == .changed } - 0.2 * 0.95 * 0.9) < 0.01)
        #expect(share(.putObject) { $0 == .changed || $0 == .errorInReply } == 0)
        #expect(abs(share(.copyObject) { $0 == .errorInReply } - 0.3 * 0.95 * 0.9) < 0.01)
        #expect(abs(share(.putObject) { $0 == .redirect(isPermanent: true) } - 0.0475) < 0.01)
        #expect(share(.getObject) { if case .absurd = $0 { true } else { false } } == 0)
    }

    @Test func `who follows a redirection is not sent on again`() throws {
        let source = FaultSource(plan: try FaultPlan(parsing: "redirect=1"), hook: nil, seed: 1)
        for _ in 0..<3 {
            #expect(source.next(.getObject, target: "/a") != nil)
            #expect(source.next(.getObject, target: "/b") != nil)
            #expect(source.next(.getObject, target: "/a") == nil)
            #expect(source.next(.getObject, target: "/b") == nil)
        }
    }
}
