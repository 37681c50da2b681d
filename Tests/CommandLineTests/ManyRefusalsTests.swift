import Foundation
import JSON
import System
import TestSupport
import Testing

/// Goal: whoever copies many tables learns at once which of them can't be copied, and why; equal
/// reasons are told together.
@Suite(.timeLimit(.minutes(20))) struct ManyRefusalsTests {
    private func run(_ url: String, _ words: String...) throws -> Binary.Result {
        try Binary.shell(
            "exec \"$0\" \"$@\"",
            words + ["--endpoint", url, "--region", "us-east-1"],
            environment: ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"])
    }

    /// Three targets that hold items, a source that is archived; and one that could be copied.
    @Test func `all tables that can't be copied are named at once, and nothing is started`() throws
    {
        let names = ["a", "b", "c"]
        let server = try Served(
            (names + ["d", "e"]).flatMap { ["--fill", "stage-\($0)=5"] }
                + names.flatMap { ["--fill", "dev-\($0)=5"] })
        let result = try run(server.url, "copy", "stage-*", "dev-*", "--progress", "none")
        #expect(result.status == 1)
        let message =
            "error: 3 of 5 tables can't be copied; nothing was started\n"
            + "  3 tables: the target table NAME holds items: stage-a, stage-b, stage-c\n"
        #expect(result.err.contains(message), "\(result.err)")
        #expect(result.err.contains("\nhint: --merge replaces"), "\(result.err)")
        #expect(result.err.contains("\nhint: --exclude NAME"), "\(result.err)")
        #expect(try !server.tables().contains("dev-d"))
    }

    @Test func `causes that are found before are named together, too`() throws {
        let server = try Served(
            ["a", "b", "c", "d"].flatMap { ["--fill", "stage-\($0)=5"] })
        let proxy = try TamperingProxy(before: server.url) { exchange in
            let name = exchange.request["TableName"]?.string ?? ""
            guard exchange.operation == "DescribeTable", ["stage-a", "stage-c"].contains(name)
            else { return nil }
            return exchange.setting("Table.TableStatus", to: "ARCHIVED")
        }
        for command in ["copy", "plan", "verify"] {
            let result = try run(proxy.url, command, "stage-*", "dev-*")
            let text = "2 tables: the source table NAME is ARCHIVED: stage-a, stage-c"
            #expect(result.status == 1 && result.err.contains(text), "\(command): \(result)")
        }
        #expect(try server.tables().count == 4)
    }

    @Test func `a target that holds items is named beside a source that is archived`() throws {
        let server = try Served(
            ["stage-a", "stage-b", "stage-c", "dev-b"].flatMap { ["--fill", "\($0)=5"] })
        let proxy = try TamperingProxy(before: server.url) { exchange in
            guard exchange.operation == "DescribeTable",
                exchange.request["TableName"]?.string == "stage-a"
            else { return nil }
            return exchange.setting("Table.TableStatus", to: "ARCHIVED")
        }
        let result = try run(proxy.url, "copy", "stage-*", "dev-*")
        #expect(result.err.contains("error: 2 of 3 tables can't be copied"), "\(result.err)")
        #expect(result.err.contains("  stage-a: the source table stage-a is ARCHIVED\n"))
        #expect(result.err.contains("  stage-b: the target table dev-b holds items\n"))
    }

    @Test func `what is wrong with a whole side is told once`() throws {
        let fills = (0..<20).flatMap { ["--fill", "stage-\($0)=1"] }
        let server = try Served(fills + ["--access", "other:secret:read"])
        let result = try run(server.url, "copy", "stage-1", "dev-1")
        #expect(result.err.contains("UnrecognizedClientException"), "\(result.err)")
        #expect(!result.err.contains("tables can't be copied"), "\(result.err)")
    }

    @Test func `the summary of a failed run tells equal causes together`() throws {
        let names = ["a", "b", "c"]
        let server = try Served(names.flatMap { ["--fill", "stage-\($0)=5"] })
        let proxy = try TamperingProxy(before: server.url) { exchange in
            guard exchange.operation == "BatchWriteItem", !exchange.request.text.contains("dev-b")
            else { return nil }
            var refusal = exchange.answering([
                "__type": "com.amazon.coral.service#AccessDeniedException",
                "message": "You may not write here",
            ])
            refusal.status = 400
            return refusal
        }
        let result = try run(proxy.url, "copy", "stage-*", "dev-*", "--progress", "none")
        #expect(result.status == 1)
        let line = "  2 tables: AccessDeniedException: BatchWriteItem on the target NAME:"
        #expect(result.out.components(separatedBy: line).count == 2, "\(result.out)")
        #expect(result.out.contains("stage-a, stage-c"), "\(result.out)")
        #expect(result.err.contains("error: 2 of 3 tables failed: Access"), "\(result.err)")
    }
}
