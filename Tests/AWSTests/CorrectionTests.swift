import Foundation
import JSON
import Pacing
import System
import TestSupport
import Testing

@testable import AWS

/// Goal: a wrong clock and expired credentials are put right under way.
/// Method: a server that checks date or token, and a clock and a provider of the test's.
@Suite(.serialized, .tags(.timeBound), .timeLimit(.minutes(20)))
struct CorrectionTests {
    private struct SetClock: TimeSource {
        let ahead: Double
        var now: Instant { MonotonicTime().now }
        var secondsSinceEpoch: Double { MonotonicTime().secondsSinceEpoch + ahead }
    }

    private static func httpDate(_ date: Date) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.string(from: date)
    }

    private func clockServer(says message: String) throws -> ScriptedServer {
        try ScriptedServer { request in
            let parser = DateFormatter()
            parser.locale = Locale(identifier: "en_US_POSIX")
            parser.timeZone = TimeZone(identifier: "UTC")
            parser.dateFormat = "yyyyMMdd'T'HHmmss'Z'"
            let sent = request.header("X-Amz-Date").flatMap(parser.date(from:))
            let skew = sent.map { abs($0.timeIntervalSinceNow) } ?? .infinity
            guard skew > 300 else { return .bytes(Canned.reply("{}")) }
            return .bytes(
                Canned.error(
                    "InvalidSignatureException", message,
                    headers: ["Date: \(Self.httpDate(Date()))"]))
        }
    }

    @Test(arguments: [
        (-100_000.0, "Signature expired: 1 is now earlier than 2"),
        (+3_000.0, "Signature not yet current: 2 is still later than 1"),
    ])
    func `a wrong clock is corrected by the server's date`(
        ahead: Double, message: String
    ) async throws {
        let server = try clockServer(says: message)
        defer { server.stop() }
        let client = try await TestClient.make(server.url, time: SetClock(ahead: ahead))
        // All were signed with the wrong clock: each is to be repeated, not only the first told.
        await withTaskGroup(of: AWSError?.self) { group in
            for _ in 0..<8 { group.addTask { await client.attempt().failure } }
            for await error in group { #expect(error == nil || error?.remedy == .retry) }
        }
        _ = try await client.call(.describeTable, [:], repeatable: true)
        #expect(await client.attempt().success != nil)
    }

    private static func refusal(_ code: String, _ message: String) -> [UInt8] {
        Canned.error(code, message, headers: ["Date: \(httpDate(Date()))"])
    }

    /// Goal: a process that was stopped between signing a request and sending it goes on.
    /// Method: a server that takes the first requests for late although both clocks agree.
    @Test(arguments: [1, 3])
    func `what was held up on its way is signed anew`(refusals: Int) async throws {
        let left = Locked(refusals)
        let server = try ScriptedServer { _ in
            let isLate = left.withLock { left in
                defer { left -= 1 }
                return left > 0
            }
            return .bytes(
                isLate
                    ? Self.refusal("InvalidSignatureException", "Signature expired: 1 is earlier")
                    : Canned.reply("{}"))
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        _ = try await client.call(.describeTable, [:], repeatable: true)
    }

    @Test func `a signature that is late again and again is given up`() async throws {
        let asked = Locked(0)
        let server = try ScriptedServer { _ in
            asked.withLock { $0 += 1 }
            return .bytes(Self.refusal("InvalidSignatureException", "Signature expired: no"))
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        await #expect { try await client.call(.describeTable, [:], repeatable: true) } throws: {
            ($0 as? AWSError)?.hint?.contains("secret") == true
        }
        #expect((2...10).contains(asked.withLock { $0 }))
    }

    @Test func `a signature that is wrong is given up at once`() async throws {
        let server = try ScriptedServer { _ in
            .bytes(Self.refusal("InvalidSignatureException", "The request signature we calculated"))
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        let error = await client.attempt().failure
        #expect(error?.remedy == .giveUp && error?.hint?.contains("secret") == true)
    }

    /// Goal: somebody else writes new keys some time after the old ones have ended, as a script
    /// that signs on does: the request goes through, and its user was told what is waited for.
    @Test(arguments: ["ExpiredTokenException", "UnrecognizedClientException"])
    func `credentials that are rewritten after their end are waited for`(
        code: String
    ) async throws {
        let isOver = Locked(false)
        let server = try ScriptedServer { request in
            let isNew = request.header("X-Amz-Security-Token") == "new"
            return .bytes(
                isNew || !isOver.withLock({ $0 }) ? Canned.reply("{}") : Canned.error(code))
        }
        defer { server.stop() }
        let said = Locked<[String]>([])
        let client = try await TestClient.make(
            server.url, provider: Rotating(["old", "old", "old", "old", "new"]),
            onWait: { text in said.withLock { $0.append(text) } },
            client: { $0.betweenRenewals = .milliseconds(5) })
        _ = try await client.call(.describeTable, [:], repeatable: true)
        isOver.withLock { $0 = true }
        _ = try await client.call(.describeTable, [:], repeatable: true)
        #expect(said.withLock { $0.count } == 1)
        #expect(said.withLock { $0.first?.contains("rotation have expired") } == true)
    }

    @Test func `given credentials that have expired are not waited for`() async throws {
        let isOver = Locked(false)
        let server = try ScriptedServer { _ in
            .bytes(
                isOver.withLock { $0 } ? Canned.error("ExpiredTokenException") : Canned.reply("{}"))
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        _ = try await client.call(.describeTable, [:], repeatable: true)
        isOver.withLock { $0 = true }
        await #expect { try await client.call(.describeTable, [:], repeatable: true) } throws: {
            ($0 as? AWSError)?.hint?.contains("have expired") == true
        }
    }

    private final class Rotating: CredentialProvider {
        let origin = "rotation"
        let tokens: Locked<[String]>
        init(_ tokens: [String]) { self.tokens = Locked(tokens) }
        func credentials() async throws(ConfigurationError) -> Credentials {
            let token = tokens.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
            return Credentials(accessKeyID: "AKID", secretAccessKey: "s", sessionToken: token)
        }
    }

    private func tokenServer() throws -> ScriptedServer {
        try ScriptedServer { request in
            request.header("X-Amz-Security-Token") == "new"
                ? .bytes(Canned.reply("{}")) : .bytes(Canned.error("ExpiredTokenException"))
        }
    }

    @Test func `expired credentials are renewed under way`() async throws {
        let server = try tokenServer()
        defer { server.stop() }
        let client = try await TestClient.make(server.url, provider: Rotating(["old", "new"]))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    await #expect(throws: Never.self) {
                        _ = try await client.call(.describeTable, [:], repeatable: true)
                    }
                }
            }
        }
    }

    @Test func `credentials that can't be renewed end the call`() async throws {
        let server = try tokenServer()
        defer { server.stop() }
        let client = try await TestClient.make(server.url, provider: Rotating(["old"]))
        let error = await #expect(throws: AWSError.self) {
            _ = try await client.call(.describeTable, [:], repeatable: true)
        }
        #expect(error?.code == "ExpiredTokenException" && error?.remedy == .giveUp)
        #expect(error?.hint?.contains("expired") == true)
        #expect(server.requests.count == 1)
    }
}
