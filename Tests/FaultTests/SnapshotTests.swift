import Glibc
import JSON
import LocalAWS
import System
import TestSupport
import Testing

/// Claim: an export that DynamoDB makes for one command is no other command's, whatever becomes of
/// the table meanwhile, and nothing is paid for that is refused later.
@Suite(.timeLimit(.minutes(10))) struct SnapshotTests {
    private func site(_ configure: (inout ServerOptions) -> Void = { _ in }) throws -> TrustSite {
        let site = try TrustSite { options in
            options.recovery = true
            options.buckets = [BucketSetting("dumps")]
            configure(&options)
        }
        try site.load("orders", TrustSite.items(0..<50))
        return site
    }

    private static let quick = ["--poll-interval", "20ms"]

    private func exports(_ site: TrustSite) -> JSON? { site.server.meter["exports"]?["orders"] }

    @Test func `a move takes no export of a backup, and its cleanup leaves that alone`() throws {
        let site = try site()
        let backup = try site.run(
            ["copy", "orders", "s3://dumps/a/orders/", "--snapshot"] + Self.quick)
        #expect(backup.status == 0, "\(backup)")
        let kept = site.server.keys(in: "dumps")
        let move = try site.run(
            ["copy", "orders", "moved", "--via", "s3://dumps/a/", "--via-cleanup"] + Self.quick)
        #expect(move.status == 0, "\(move)")
        #expect(exports(site) == ["full": 2, "incremental": 0])
        #expect(site.server.keys(in: "dumps") == kept)
        #expect(try site.server.differences(between: "orders", and: "moved") == [])
    }

    @Test func `moves into two targets are two exports`() throws {
        let site = try site()
        for target in ["one", "two"].map({ "orders-\($0)" }) {
            let move = try site.run(
                ["copy", "orders", target, "--via", "s3://dumps/a/"] + Self.quick)
            #expect(move.status == 0, "\(move)")
        }
        #expect(exports(site) == ["full": 2, "incremental": 0])
    }

    @Test func `what ImportTable can't make is refused before an export is bought`() throws {
        let site = try site()
        try site.load("there", [])
        let refused = try site.run(
            ["copy", "orders", "there", "--via", "s3://dumps/a/", "--load", "import-table"]
                + Self.quick)
        #expect(refused.status == 1, "\(refused)")
        #expect(refused.err.contains("ImportTable only makes new"), "\(refused)")
        #expect(exports(site) == nil)
    }

    @Test func `a table that is deleted while it is exported is exported all the same`() throws {
        let seen = Locked(0)
        let child = Locked(ChildProcess?.none)
        let site = try site { options in
            options.exportDuration = .milliseconds(300)
            options.hook = { operation, _ in
                guard operation == "DescribeExport", let process = child.withLock({ $0 }) else {
                    return nil
                }
                let number = seen.withLock { seen in
                    seen += 1
                    return seen
                }
                if number == 1 { process.signal(SIGKILL) }
                return nil
            }
        }
        let command = ["copy", "orders", "s3://dumps/a/", "--snapshot"] + Self.quick
        let first = try site.start(command)
        child.withLock { $0 = first }
        #expect(TrustSite.end(first).status == -SIGKILL)
        try site.call("DeleteTable", ["TableName": "orders"])
        while try site.call("ListTables", [:])["TableNames"] != [] { usleep(5_000) }
        let second = try site.run(command)
        #expect(second.status == 0, "\(second)")
        #expect(exports(site) == ["full": 1, "incremental": 0])
        let back = try site.run("copy", "s3://dumps/a/", "back")
        #expect(back.status == 0, "\(back)")
        #expect(site.server.count(of: "back") == 50)
    }

    @Test func `an export is put into a table that the copy makes`() throws {
        let site = try site()
        let export = try site.run("copy", "orders", "s3://dumps/a/")
        #expect(export.status == 0, "\(export)")
        let command =
            ["copy", "s3://dumps/a/", "put", "--load", "bulk-put"] + Self.quick
        let put = try site.run(command)
        #expect(put.status == 0, "\(put)")
        #expect(try site.server.differences(between: "orders", and: "put") == [])
    }
}
