import JSON
import System
import TestSupport
import Testing

/// Goal: servers that others wrote may do less than the service: what is to stay does stay, or its
/// loss is undone and told.
@Suite(.timeLimit(.minutes(20))) struct ConditionTests {
    /// A server that writes whatever a condition says.
    private static func careless(_ operation: String, _ request: JSON) -> JSON? {
        guard ["PutItem", "DeleteItem"].contains(operation) else { return nil }
        var request = request
        for name in [
            "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues",
        ] { request[name] = nil }
        return request
    }

    @Test func `a server that ignores conditions ends a copy that keeps, with everything kept`()
        throws
    {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<60))
        let theirs = TrustSite.items(30..<90, note: "the target's")
        try site.load("target", theirs)
        let proxy = try site.proxy(forwarding: Self.careless)
        let result = try site.run("copy", "source", "target", "--merge=keep", at: proxy.url)
        #expect(result.status == 1, "\(result)")
        #expect(result.err.contains("ConditionIgnored"), "\(result)")
        #expect(result.err.contains("was put back"), "\(result)")
        let kept = site.server.items(of: "target").filter {
            String(decoding: $0, as: UTF8.self).contains("the target's")
        }
        #expect(kept.count == theirs.count)
    }

    /// Goal: of an item that changes between a repair's look and its write, the change stays.
    /// Method: whatever is written of an item is preceded by a change of it.
    @Test func `a server that ignores conditions ends a repair, with what changed put back`()
        throws
    {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<3))
        try site.load("target", TrustSite.items(0..<3, note: "old"))
        let endpoint = site.server.endpoint
        let proxy = try site.proxy(forwarding: { operation, request in
            guard operation == "PutItem", var item = request["Item"] else { return nil }
            item["note"] = ["S": "changed just now"]
            try? TrustSite.put(item, into: "target", at: endpoint)
            return Self.careless(operation, request)
        })
        let result = try site.run("verify", "source", "target", "--repair", at: proxy.url)
        #expect(result.status == 1, "\(result)")
        #expect(result.err.contains("does not heed the condition"), "\(result)")
        // The put that puts back is preceded by a change, too.
        #expect(
            site.server.items(of: "target").contains {
                String(decoding: $0, as: UTF8.self).contains("changed just now")
            })
    }

    /// Goal: a verification that could not tell says nothing of what it did not establish.
    /// Method: sums differ, but what differs can't be read by its keys.
    @Test func `a verification that could not tell prints no figures`() throws {
        let site = try TrustSite { $0.without = ["BatchGetItem", "GetItem"] }
        try site.load("source", TrustSite.items(0..<200))
        let theirs = TrustSite.items(0..<190) + TrustSite.items(190..<200, note: "other")
        try site.load("target", theirs)
        let result = try site.run("verify", "source", "target")
        #expect(result.status == 1, "\(result)")
        #expect(result.out.firstMatch(of: /[0-9] equal/) == nil, "\(result)")
        #expect(result.out.contains("how many differ, or are equal, is not known"), "\(result)")
        let json = try JSON(parsing: site.run("verify", "source", "target", "--json").out)
        #expect(json["counts"] == .null && json["outcome"] == "failed", "\(json)")
        #expect(json["tables"]?.array?.first?["counts"] == .null)
    }

    /// Goal: what a server does not report is estimated; nothing fails for it.
    @Test func `a server that reports no capacity is verified, repaired and kept into`() throws {
        let site = try TrustSite()
        try site.load("source", TrustSite.items(0..<60))
        try site.load("target", TrustSite.items(30..<50, note: "other"))
        let proxy = try site.proxy { exchange in
            guard exchange.reply["ConsumedCapacity"] != nil else { return nil }
            return exchange.setting("ConsumedCapacity", to: nil)
        }
        let kept = try site.run("copy", "source", "target", "--merge=keep", at: proxy.url)
        #expect(kept.status == 0, "\(kept)")
        #expect(kept.out.contains("20 kept"), "\(kept)")
        let verified = try site.run("verify", "source", "target", at: proxy.url)
        #expect(verified.status == 3 && verified.out.contains("20 different"), "\(verified)")
        let repaired = try site.run("verify", "source", "target", "--repair", at: proxy.url)
        #expect(repaired.status == 0 && repaired.out.contains("20 written"), "\(repaired)")
        #expect(!repaired.out.contains("; 0.0 write units"), "\(repaired)")
        #expect(site.server.items(of: "source") == site.server.items(of: "target"))
    }

    /// The same from a server without BatchGetItem: items are read one by one.
    @Test func `without BatchGetItem too`() throws {
        let site = try TrustSite { $0.without = ["BatchGetItem"] }
        try site.load("source", TrustSite.items(0..<20))
        try site.load("target", TrustSite.items(0..<20, note: "other"))
        let proxy = try site.proxy { exchange in
            guard exchange.reply["ConsumedCapacity"] != nil else { return nil }
            return exchange.setting("ConsumedCapacity", to: nil)
        }
        let verified = try site.run("verify", "source", "target", at: proxy.url)
        #expect(verified.status == 3 && verified.out.contains("20 different"), "\(verified)")
    }
}
