import Foundation
import JSON
import Jobs
import Schema
import Status
import System
import TestSupport
import Testing

@testable import Arguments
@testable import dynaferry

/// Goal: what a copy does to its target besides writing items is what was asked for, and no more.
/// Method: the built program against a server that it shares with a client by curl.
@Suite(.timeLimit(.minutes(20))) struct TargetTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func words(_ server: Served, _ words: [String]) -> [String] {
        words + [
            "--endpoint", server.url, "--region", "us-east-1", "--state-dir", folder.path("jobs"),
            "--progress", "none",
        ]
    }

    private func copy(
        _ server: Served, _ options: [String], from source: String = "Orders",
        to target: String = "Copy", key: String = "key"
    ) throws -> Binary.Result {
        try Binary.shell(
            "exec \"$0\" \"$@\"", words(server, ["copy", source, target] + options),
            environment: ["AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "secret"])
    }

    private func table(_ server: Served, _ name: String) throws -> JSON {
        try #require(try server.call("DescribeTable", ["TableName": .string(name)])["Table"])
    }

    private func timeToLive(_ server: Served, _ name: String) throws -> String? {
        try server.call("DescribeTimeToLive", ["TableName": .string(name)])[
            "TimeToLiveDescription"]?["AttributeName"]?.string
    }

    private func setTimeToLive(_ server: Served, _ name: String) throws {
        try server.call(
            "UpdateTimeToLive",
            [
                "TableName": .string(name),
                "TimeToLiveSpecification": ["Enabled": true, "AttributeName": "expires"],
            ])
    }

    /// Makes the source's copy beforehand, empty, and provisioned with so many units.
    private func make(_ server: Served, _ name: String = "Copy", units: Int? = nil) throws {
        var request: JSON = [
            "TableName": .string(name),
            "KeySchema": [
                ["AttributeName": "accountId", "KeyType": "HASH"],
                ["AttributeName": "sequence", "KeyType": "RANGE"],
            ],
            "AttributeDefinitions": [
                ["AttributeName": "accountId", "AttributeType": "S"],
                ["AttributeName": "sequence", "AttributeType": "N"],
            ],
            "BillingMode": "PAY_PER_REQUEST",
        ]
        if let units {
            request["BillingMode"] = "PROVISIONED"
            request["ProvisionedThroughput"] = [
                "ReadCapacityUnits": 5, "WriteCapacityUnits": JSON(units),
            ]
        }
        try server.call("CreateTable", request)
        while try table(server, name)["TableStatus"]?.string != "ACTIVE" { usleep(5_000) }
    }

    private func writeUnits(_ server: Served, _ name: String = "Copy") throws -> Int? {
        try table(server, name)["ProvisionedThroughput"]?["WriteCapacityUnits"]?.int
    }

    // MARK: What has consequences

    @Test func `a target whose TTL or stream is on is written only by one who says so`() throws {
        let server = try Served(["--fill", "Orders=40"])
        try make(server)
        try setTimeToLive(server, "Copy")
        try server.call(
            "UpdateTable",
            [
                "TableName": "Copy",
                "StreamSpecification": ["StreamEnabled": true, "StreamViewType": "NEW_IMAGE"],
            ])
        let refused = try copy(server, [])
        #expect(refused.status == 1)
        #expect(refused.err.contains("error: Copy has TTL on expires"), "\(refused.err)")
        #expect(refused.err.contains("a stream (NEW_IMAGE)"), "\(refused.err)")
        #expect(refused.err.contains("hint: --yes"), "\(refused.err)")
        #expect(try server.count("Copy") == 0)
        let planned = try Binary.shell(
            "exec \"$0\" \"$@\" </dev/null",
            words(server, ["plan", "Orders", "Copy"]).dropLast(2),
            environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
        #expect(planned.status == 1, "\(planned)")
        let copied = try copy(server, ["--yes"])
        #expect(copied.status == 0, "\(copied.err)")
        #expect(try server.count("Copy") == 40)
    }

    @Test func `differences of a target that was there are listed, and left unless asked`() throws {
        let server = try Served(["--fill", "Orders=40"])
        try setTimeToLive(server, "Orders")
        try make(server)
        try make(server, "Other")
        let left = try copy(server, [])
        #expect(left.status == 0, "\(left.err)")
        #expect(left.err.contains("Copy: left as it is: TTL on expires: not there"), "\(left.err)")
        #expect(try timeToLive(server, "Copy") == nil)
        let applied = try copy(server, ["--apply-settings"], to: "Other")
        #expect(applied.status == 0, "\(applied.err)")
        #expect(applied.out.contains("settings      TTL on expires"), "\(applied.out)")
        #expect(try timeToLive(server, "Other") == "expires")
    }

    @Test func `schema and data can be copied one after the other`() throws {
        let server = try Served(["--fill", "Orders=40"])
        try setTimeToLive(server, "Orders")
        let missing = try copy(server, ["--data-only"])
        #expect(missing.status == 1)
        #expect(missing.err.contains("there is no target table Copy"), "\(missing.err)")
        let schema = try copy(server, ["--schema-only"])
        #expect(schema.status == 0, "\(schema.err)")
        #expect(try server.count("Copy") == 0)
        #expect(try timeToLive(server, "Copy") == "expires")
        let data = try copy(server, ["--data-only", "--yes"])
        #expect(data.status == 0, "\(data.err)")
        #expect(try server.count("Copy") == 40)
    }

    @Test func `an endpoint that lacks a settings call is told of, and the rest is done`() throws {
        let server = try Served([
            "--fill", "Orders=40", "--without", "UpdateTimeToLive,ListTagsOfResource",
        ])
        let source = try Served(["--fill", "Orders=40"])
        try setTimeToLive(source, "Orders")
        let result = try copy(
            server, ["--source-endpoint", source.url, "--target-endpoint", server.url], to: "Copy")
        #expect(result.status == 0, "\(result.err)")
        #expect(
            result.out.contains(
                "not carried   TTL on expires: the endpoint has no UpdateTimeToLive"),
            "\(result.out)")
        let lacking = try copy(server, [], to: "Another")
        #expect(
            lacking.err.contains("tags: not read: the endpoint has no ListTagsOfResource"),
            "\(lacking.err)")
    }

    // MARK: Permissions

    @Test func `reading suffices for the source, and a denied write is met on the first batch`()
        throws
    {
        let server = try Served([
            "--fill", "Orders=3000", "--access", "reader:secret:read", "--access",
            "writer:secret:write:BatchWriteItem", "--access", "owner:secret:write",
        ])
        func variables(_ target: String) throws -> String {
            let path = folder.path("env-\(target)")
            try """
            SRC_AWS_ACCESS_KEY_ID=reader
            SRC_AWS_SECRET_ACCESS_KEY=secret
            DEST_AWS_ACCESS_KEY_ID=\(target)
            DEST_AWS_SECRET_ACCESS_KEY=secret
            """.write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }
        let denied = try copy(server, ["--env-file", variables("writer"), "--segments", "128"])
        #expect(denied.status == 1)
        #expect(denied.err.contains("AccessDeniedException"), "\(denied.err)")
        #expect(denied.err.contains("grant dynamodb:BatchWriteItem"), "\(denied.err)")
        let read = try #require(denied.out.firstMatch(of: /of ([0-9,]+) read/))
        // Of 128 segments the first pages; all would be 3,000.
        #expect(Int(read.1.filter(\.isNumber)) ?? .max < 1_500, "\(denied.out)")

        let copied = try copy(server, ["--env-file", variables("owner")], to: "Copy2")
        #expect(copied.status == 0, "\(copied.err)")
        let meter = try JSON(parsing: Binary.shell("curl -sS \"$1/_meter\"", [server.url]).out)
        let calls = meter["requests_by_table"]?["Orders"]?.members?.map(\.name) ?? []
        #expect(!calls.isEmpty)
        #expect(
            calls.allSatisfy { name in
                ["Describe", "Get", "List", "Scan"].contains { name.hasPrefix($0) }
            }, "\(calls)")
        let unreadable = try copy(server, [], to: "Copy3", key: "stranger")
        #expect(unreadable.status == 1, "\(unreadable)")
    }

    // MARK: Units

    @Test(arguments: ["to its end", "stopped", "killed"])
    func `raised units come back, however the copy ends`(ending: String) throws {
        let server = try Served(["--fill", "Orders=3000"])
        try make(server, units: 50)
        let options = ["--boost-write", "800"]
        if ending == "to its end" {
            let result = try copy(server, options)
            #expect(result.status == 0, "\(result.err)")
            #expect(result.err.contains("write units of Copy are 800 until"), "\(result.err)")
        } else {
            let process = try ChildProcess(
                "/bin/sh",
                ["-c", "exec \"$0\" \"$@\" 2>/dev/null", Binary.path]
                    + words(server, ["copy", "Orders", "Copy"] + options),
                environment: ["AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret"],
                input: .null, output: .pipe)
            while try server.count("Copy") < 100 { usleep(5_000) }
            #expect(try writeUnits(server) == 800)
            process.signal(ending == "stopped" ? SIGINT : SIGKILL)
            while process.readLine() != nil {}
            let end = process.wait()
            if ending == "stopped" {
                #expect(end == .exited(130))
                #expect(try writeUnits(server) == 50)
            } else {
                #expect(try writeUnits(server) == 800)
                let job = try #require(JobFolder(folder.path("jobs")).ids.first)
                let state = ["--state-dir", folder.path("jobs")]
                let kept = try Binary.run(["jobs", "remove", job] + state)
                #expect(kept.status == 1)
                #expect(kept.err.contains("not yet set them back to 50"), "\(kept.err)")
                let status = try Binary.run(["jobs", "status", job] + state)
                #expect(status.out.contains("Copy, which had 50 before"), "\(status.out)")
                let result = try copy(server, options)
                #expect(result.status == 0, "\(result.err)")
            }
        }
        #expect(try writeUnits(server) == 50)
    }
}
