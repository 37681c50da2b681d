import DynamoModel
import Glibc
import JSON
import LocalAWS
import System
import TestSupport
import Testing

/// Claim: a move by way of a bucket, killed at each of its steps and run again by the same command,
/// arrives whole, and no export and no import of it is bought twice.
///
/// Method: the built program moves 19 of 31 tables, renamed, and is killed as one of its requests
/// comes to the server: that is carried out, or is not, and nobody sees the reply. Then the same
/// command runs to its end. The server counts the exports and imports that it has begun.
@Suite(.timeLimit(.minutes(10))) struct ViaBucketTests {
    private static let moved = [
        "accounts", "api-keys", "audit-log", "devices", "disputes", "exports", "feature-flags",
        "invoices", "ledger-entries", "locks", "merchants", "notifications", "payouts", "refunds",
        "sessions", "settings", "transactions", "users", "webhooks",
    ]

    /// A request at which the program is killed.
    struct Strike: Sendable, CustomTestStringConvertible {
        var operation: String
        var number: Int
        var isCarriedOut = true

        var testDescription: String {
            "\(operation) \(number), \(isCarriedOut ? "carried out" : "lost")"
        }
    }

    static let strikes: [Strike] = [
        Strike(operation: "ExportTableToPointInTime", number: 0),
        Strike(operation: "ExportTableToPointInTime", number: 0, isCarriedOut: false),
        Strike(operation: "ExportTableToPointInTime", number: 11),
        Strike(operation: "DescribeExport", number: 3), Strike(operation: "PutObject", number: 18),
        Strike(operation: "PutObject", number: 7, isCarriedOut: false),
        Strike(operation: "ImportTable", number: 0),
        Strike(operation: "ImportTable", number: 0, isCarriedOut: false),
        Strike(operation: "ImportTable", number: 16),
        Strike(operation: "DescribeImport", number: 12),
        Strike(operation: "UpdateTimeToLive", number: 0), Strike(operation: "Scan", number: 3),
    ]

    @Test(arguments: strikes)
    func `a move that is killed goes on where it was and buys nothing twice`(
        strike: Strike
    ) throws {
        let seat = Seat()
        let site = try site { options in
            options.hook = { operation, _ in seat.fault(operation, strike) }
            options.s3Hook = { seat.fault($0.operation, strike) }
        }
        let first = try site.start(Self.command)
        seat.take(first)
        #expect(TrustSite.end(first).status == -SIGKILL)
        let second = try site.run(Self.command)
        #expect(second.status == 0, "\(second)")
        try check(site)
    }

    @Test func `a move that is not disturbed arrives whole`() throws {
        let site = try site { _ in }
        let result = try site.run(Self.command)
        #expect(result.status == 0, "\(result)")
        try check(site)
        // The source was only read.
        let tables = site.server.meter["tables"]
        for name in Self.moved where name != "users" {
            #expect(tables?["acme-staging-\(name)"]?["mutating_calls"] == 0)
        }
    }

    private static let command = [
        "copy", "acme-staging-*", "acme-*-dev", "--exclude", "*-tmp-*", "--exclude", "*-archive-*",
        "--via", "s3://dumps/move/", "--poll-interval", "20ms", "--verify", "--resume",
    ]

    private func site(_ configure: (inout ServerOptions) -> Void) throws -> TrustSite {
        let site = try TrustSite { options in
            options.recovery = true
            options.buckets = [BucketSetting("dumps")]
            configure(&options)
        }
        for (number, name) in Self.moved.enumerated() {
            // Some are empty, and one has what ImportTable can't make.
            let items = TrustSite.items(0..<(number % 4 == 3 ? 0 : 20 + 13 * number), note: name)
            try site.load("acme-staging-\(name)", items)
        }
        for number in 1...6 {
            try site.load("acme-staging-orders-tmp-\(number)", TrustSite.items(0..<3))
            try site.load("acme-staging-events-archive-\(2019 + number)", TrustSite.items(0..<3))
        }
        try site.call(
            "UpdateTimeToLive",
            [
                "TableName": "acme-staging-users",
                "TimeToLiveSpecification": ["Enabled": true, "AttributeName": "expires"],
            ])
        return site
    }

    private func check(_ site: TrustSite) throws {
        for name in Self.moved {
            let (source, target) = ("acme-staging-\(name)", "acme-\(name)-dev")
            #expect(try site.server.differences(between: source, and: target).isEmpty)
            #expect(site.server.count(of: target) == site.server.count(of: source))
        }
        let names = try site.call("ListTables", [:])["TableNames"]?.array ?? []
        #expect(names.count == 31 + 19)
        let expiry = try site.call(
            "DescribeTimeToLive", ["TableName": "acme-users-dev"])["TimeToLiveDescription"]
        #expect(expiry?["AttributeName"] == "expires")
        let meter = site.server.meter
        let exports = meter["exports"]?.members ?? []
        #expect(exports.count == 19)
        for export in exports {
            #expect(export.value == ["full": 1, "incremental": 0], "\(export.name)")
        }
        #expect(meter["imports_started"] == 19)
    }
}

/// Where the running program sits, for the one that kills it.
private final class Seat: Sendable {
    private struct State {
        var process: ChildProcess?
        var seen = 0
        var hasStruck = false
    }

    private let state = Locked(State())

    func take(_ process: ChildProcess) { state.withLock { $0.process = process } }

    func fault(_ operation: String, _ strike: ViaBucketTests.Strike) -> Fault? {
        guard operation == strike.operation else { return nil }
        return state.withLock { state in
            guard !state.hasStruck, let process = state.process else { return nil }
            state.seen += 1
            guard state.seen > strike.number else { return nil }
            state.hasStruck = true
            process.signal(SIGKILL)
            return strike.isCarriedOut ? nil : .dropBefore
        }
    }
}
