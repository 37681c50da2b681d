import JSON
import TestSupport
import Testing

/// Between client and server stand machines that belong to neither.
@Suite(.enabled(if: Programs.python != nil, Programs.needsPython))
struct ProxyTests {
    @Test(.timeLimit(.minutes(20)), arguments: 1...2)
    func `a proxy that answers for itself now and then does not spoil the copy`(
        seed: Int
    ) async throws {
        let server = try Server.serve(["--fill", "Orders=4000", "--live-counts"])
        let proxy = try Server.proxy(before: server, seed: seed, share: 0.1)
        let result = try await Programs.copy(
            "Orders", at: proxy.url, to: "Copy", at: proxy.url, ["--segments", "64"])
        #expect(result.status == 0, result.text)
        try await Programs.runScript(
            "tables.py", ["compare", server.url, server.url, "Orders=Copy=4000"])
        let counts = try await Programs.run(["/usr/bin/curl", "-s", "\(proxy.url)/_count"])
        let spoilt = try JSON(parsing: counts.out).members ?? []
        #expect(spoilt.count == 6)
        for kind in spoilt { #expect(kind.value.int ?? 0 > 0, "\(kind.name), seed \(seed)") }
    }

    /// `{}` from a proxy must never be read as "there is nothing".
    @Test(.timeLimit(.minutes(20)))
    func `a proxy that answers for itself does not make a full target look empty`() async throws {
        let server = try Server.serve(["--fill", "Orders=20", "--fill", "Full=5"])
        for seed in 1...10 {
            let proxy = try Server.proxy(before: server, seed: seed, share: 0.4)
            let result = try await Programs.copy("Orders", at: proxy.url, to: "Full", at: proxy.url)
            #expect(result.status == 1, "seed \(seed): \(result.text)")
        }
        let items = try await Programs.run([
            "/usr/bin/curl", "-s", server.url, "-H", "X-Amz-Target: DynamoDB_20120810.Scan", "-H",
            "Content-Type: application/x-amz-json-1.0", "-d", #"{"TableName":"Full"}"#,
        ])
        #expect(try JSON(parsing: items.out)["Count"]?.int == 5)
    }
}
