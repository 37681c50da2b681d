import Foundation
import JSON
import Pacing
import System
import TestSupport
import Testing

@testable import AWS

/// Goal: `call` repeats what may be repeated, and nothing else.
/// Method: servers that fail first and then answer.
@Suite(.serialized, .tags(.timeBound), .timeLimit(.minutes(20)))
struct CallTests {
    /// Answers by `first` for the requests before `answersFrom`, and then well.
    private func server(
        failing first: ScriptedServer.Answer, answersFrom: Int = 2
    ) throws -> ScriptedServer {
        try ScriptedServer { request in
            request.number < answersFrom ? first : .bytes(Canned.reply("{\"ok\":true}"))
        }
    }

    @Test(
        arguments: [
            .reset,
            .bytes(Canned.reply("{}".utf8.map { $0 }, crc32: 7)),
            .bytes(Canned.reply("{\"unfinished\":")),
            .bytesAndClose(Canned.reply(Array("{".utf8), length: 9)),
            .bytes(Canned.error("InternalServerError", status: 500)),
            .bytes(Canned.error("ProvisionedThroughputExceededException")),
            .bytes(Canned.reply("<html>busy</html>", status: 503)),
            .bytes(Canned.reply("<html>oops</html>", status: 500)),
            .bytes(Canned.reply("", status: 429)),
        ] as [ScriptedServer.Answer])
    func `a fault that passes is outlived`(fault: ScriptedServer.Answer) async throws {
        let server = try server(failing: fault)
        defer { server.stop() }
        // A machine that stands still for a while must not use up the time that repetitions have.
        let client = try await TestClient.make(
            server.url, client: { $0.firstReplyWithin = .seconds(60) })
        let reply = try await client.call(.describeTable, ["TableName": "t"], repeatable: true)
        #expect(reply["ok"] == true)
        #expect(server.requests.count == 3)
        #expect(client.hasAnswered)
    }

    @Test(arguments: [
        "AccessDeniedException", "ResourceNotFoundException", "ValidationException",
        "UnrecognizedClientException", "UnknownOperationException", "NobodyKnowsThisException",
    ])
    func `a refusal is told at once`(code: String) async throws {
        let server = try server(failing: .bytes(Canned.error(code)))
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        let error = await #expect(throws: AWSError.self) {
            _ = try await client.call(.describeTable, [:], repeatable: true)
        }
        #expect(error?.code == code && server.requests.count == 1)
        #expect(client.hasAnswered, "a refusal is an answer")
    }

    @Test func `what may not be repeated is not, once its outcome is unknown`() async throws {
        for fault in [
            ScriptedServer.Answer.reset, .bytes(Canned.error("InternalServerError", status: 500)),
        ] {
            let server = try server(failing: fault)
            defer { server.stop() }
            let client = try await TestClient.make(server.url)
            let error = await #expect(throws: AWSError.self) {
                _ = try await client.call(.createTable, [:], repeatable: false)
            }
            #expect(error?.isOutcomeUnknown == true && server.requests.count == 1)
        }
        let server = try server(failing: .bytes(Canned.error("ThrottlingException")))
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        _ = try await client.call(.createTable, [:], repeatable: false)
        #expect(server.requests.count == 3, "a throttled request has not been executed")
    }

    @Test func `an operation that the server lacks is found out soon`() async throws {
        for status in [404, 500, 501] {
            let server = try ScriptedServer { request in
                request.head.contains("DescribeTimeToLive")
                    ? .bytes(Canned.reply("<html></html>", status: status))
                    : .bytes(Canned.reply("{}"))
            }
            defer { server.stop() }
            let client = try await TestClient.make(server.url)
            _ = try await client.call(.describeTable, [:], repeatable: true)
            let error = await #expect(throws: AWSError.self) {
                _ = try await client.call(.describeTimeToLive, [:], repeatable: true)
            }
            #expect(error?.lacksOperation == true, "status \(status)")
            #expect(server.requests.count <= 1 + Session.lackingAttemptsMax)
        }
    }

    @Test func `a bare 500 of an operation that has worked is a fault that passes`() async throws {
        let server = try ScriptedServer { request in
            (1...9).contains(request.number)
                ? .bytes(Canned.reply("oops", status: 500)) : .bytes(Canned.reply("{}"))
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        _ = try await client.call(.describeTable, [:], repeatable: true)
        _ = try await client.call(.describeTable, [:], repeatable: true)
        #expect(server.requests.count == 11)
    }

    /// A stranger is given up within seconds; a server that is known may be slow at first.
    @Test func `a server that has answered may take its time over another operation`() async throws
    {
        let server = try ScriptedServer { request in
            if request.head.contains("DescribeTimeToLive") { Thread.sleep(forTimeInterval: 5.5) }
            return .bytes(Canned.reply("{}"))
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        _ = try await client.call(.describeTable, [:], repeatable: true)
        _ = try await client.call(.describeTimeToLive, [:], repeatable: true)
        #expect(server.requests.count == 2)
    }

    @Test func `before the first answer a page of a stranger ends the call`() async throws {
        let server = try ScriptedServer { _ in .bytes(Canned.reply("<html></html>", status: 403)) }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        let error = await #expect(throws: AWSError.self) {
            _ = try await client.call(.describeTable, [:], repeatable: true)
        }
        #expect(error?.code == "HTTP 403" && error?.remedy == .giveUp && error?.hint != nil)
        #expect(!client.hasAnswered && server.requests.count == 1)
    }

    @Test func `a reply without what it must have is asked for again, a few times`() async throws {
        let server = try ScriptedServer { request in
            .bytes(Canned.reply(request.number < 2 ? "{}" : "{\"Table\":{}}"))
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        _ = try await client.call(.picky, [:], repeatable: true)
        #expect(server.requests.count == 3)
    }

    @Test(arguments: [
        ("{}", "Table is missing", true),
        ("{\"Table\":null}", "Table is missing", true),
        ("{\"Table\":7}", "Table is 7, not an object", false),
        ("{\"Table\":{\"Units\":-1}}", "Table.Units is -1, not a whole number from 0 to 9", false),
        ("{\"Table\":{\"Units\":1e400}}", "Table.Units is 1e400", false),
    ])
    func `one that never makes sense ends the call soon, and its field is named`(
        reply: String, said: String, lacks: Bool
    ) async throws {
        let server = try ScriptedServer { _ in .bytes(Canned.reply(reply)) }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        let error = await #expect(throws: AWSError.self) {
            _ = try await client.call(.picky, [:], repeatable: true)
        }
        #expect(error?.localCode == .absurdReply && error?.operation == "Picky")
        #expect(error?.message.contains(said) == true, "\(error?.message ?? "")")
        #expect(error?.lacksOperation == lacks)
        #expect(server.requests.count == Session.lackingAttemptsMax)
    }

    @Test(arguments: [
        ("{\"Table\":{\"Units\":3,\"More\":1},\"Count\":\"x\"}", "{\"Table\":{\"Units\":3}}"),
        ("{\"Table\":{},\"Table\":{\"Units\":4.0}}", "{\"Table\":{\"Units\":4}}"),
        ("{\"Table\":{\"Units\":null},\"Count\":-1}", "{\"Table\":{}}"),
        ("{\"Table\":{},\"Count\":7}", "{\"Table\":{},\"Count\":7}"),
    ])
    func `of a reply only what is read gets through, and what only informs if it makes sense`(
        reply: String, read: String
    ) async throws {
        let server = try ScriptedServer { _ in .bytes(Canned.reply(reply)) }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        #expect(try await client.call(.picky, [:], repeatable: true).text == read)
    }

    @Test func `patience bounds the repetitions after the first answer`() async throws {
        let server = try ScriptedServer { request in
            request.number == 0 ? .bytes(Canned.reply("{}")) : .reset
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        _ = try await client.call(.describeTable, [:], repeatable: true)
        let start = MonotonicTime().now
        let error = await #expect(throws: AWSError.self) {
            _ = try await client.call(
                .describeTable, [:], repeatable: true, patience: .seconds(3))
        }
        #expect(MonotonicTime().now - start < TestClient.promptly)
        #expect(server.requests.count >= 3, "\(error?.logLine ?? "no error")")
    }

    @Test func `each failure is told to the observer`() async throws {
        let seen = Locked<[String]>([])
        let server = try server(failing: .bytes(Canned.error("ThrottlingException")))
        defer { server.stop() }
        let client = try await TestClient.make(
            server.url, onFailure: { error, _ in seen.withLock { $0.append(error.logLine) } })
        _ = try await client.call(.describeTable, [:], repeatable: true)
        let lines = seen.withLock { $0 }
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.contains("request REQUEST0123456789") })
    }
}
