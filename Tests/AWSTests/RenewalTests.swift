import Foundation
import System
import TestSupport
import Testing

@testable import AWS

/// Goal: credentials are renewed before they end, once for all who use them, and a renewal that
/// fails costs nothing while the old ones are good. Method: a clock that the test sets.
@Suite(.serialized, .tags(.timeBound), .timeLimit(.minutes(20)))
struct RenewalTests {
    /// Hands out `K1`, `K2` ..., each good for an hour, or fails.
    private final class Source: CredentialProvider {
        let clock: ManualClock
        let seconds: Int
        let calls = Locked(0)
        let isBroken = Locked(false)
        /// Holds each fetch until it is signalled, when set.
        let gate: DispatchSemaphore?
        var origin: String { "test" }

        init(_ clock: ManualClock, seconds: Int = 3_600, gate: DispatchSemaphore? = nil) {
            self.clock = clock
            self.seconds = seconds
            self.gate = gate
        }

        func credentials() async throws(ConfigurationError) -> Credentials {
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            if let gate { await OwnThread.run { gate.wait() } }
            if isBroken.withLock({ $0 }) { throw ConfigurationError(.credentials, "broken") }
            return Credentials(
                accessKeyID: "K\(call)", secretAccessKey: "S", expiration: clock.after(seconds))
        }
    }

    private func key(_ renewed: RenewedCredentials) async throws -> String {
        try await renewed.credentials().accessKeyID
    }

    @Test func `phases begin 15 and 10 minutes before the end, in short sessions in proportion`() {
        func schedule(_ seconds: Int) -> [Int] {
            let start = UTCTime(secondsSinceEpoch: 1_000)
            let schedule = RenewalSchedule(
                expiration: .init(secondsSinceEpoch: 1_000 + seconds), fetchedAt: start)
            return [schedule.ahead, schedule.pressing, schedule.end].map { 1_000 + seconds - $0 }
        }
        #expect(schedule(43_200) == [900, 600, 0])
        #expect(schedule(3_600) == [900, 600, 0])
        #expect(schedule(900) == [225, 150, 0])
        #expect(schedule(60) == [15, 10, 0])
        #expect(schedule(1) == [1, 1, 0])
        let ended = RenewalSchedule(
            expiration: .init(secondsSinceEpoch: 10), fetchedAt: .init(secondsSinceEpoch: 1_000))
        #expect(ended.phase(at: .init(secondsSinceEpoch: 1_299)) == .fresh)
        #expect(ended.phase(at: .init(secondsSinceEpoch: 9_000)) == .ahead)
    }

    @Test func `one fetch serves all, until it is time`() async throws {
        let clock = ManualClock()
        let source = Source(clock)
        let renewed = RenewedCredentials(source, time: clock)
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<16 { group.addTask { try? await key(renewed) } }
            for await key in group { #expect(key == "K1") }
        }
        clock.advance(by: 2_699)
        #expect(try await key(renewed) == "K1")
        clock.advance(by: 2)
        #expect(try await key(renewed) == "K2")
        #expect(source.calls.withLock { $0 } == 2)
    }

    @Test func `ahead of time nobody waits for a renewal that another has begun`() async throws {
        let clock = ManualClock()
        let gate = DispatchSemaphore(value: 0)
        gate.signal()
        let source = Source(clock, gate: gate)
        let renewed = RenewedCredentials(source, time: clock)
        _ = try await renewed.credentials()
        clock.advance(by: 2_701)
        async let first = key(renewed)
        while source.calls.withLock({ $0 }) < 2 { await Task.yield() }
        #expect(try await key(renewed) == "K1")
        gate.signal()
        #expect(try await first == "K2")
    }

    @Test func `a renewal that fails leaves the old ones until their end`() async throws {
        let clock = ManualClock()
        let source = Source(clock)
        let renewed = RenewedCredentials(source, time: clock)
        _ = try await renewed.credentials()
        source.isBroken.withLock { $0 = true }
        clock.advance(by: 2_701)
        for _ in 0..<10 { #expect(try await key(renewed) == "K1") }
        #expect(source.calls.withLock { $0 } == 2)  // not again at once
        clock.advance(by: 60)
        #expect(try await key(renewed) == "K1")
        #expect(source.calls.withLock { $0 } == 3)
        clock.advance(by: 829)
        #expect(try await key(renewed) == "K1")
        clock.advance(by: 10)
        let error = await #expect(throws: ConfigurationError.self) { try await key(renewed) }
        #expect(error?.message == "broken")
        source.isBroken.withLock { $0 = false }
        #expect(try await key(renewed).hasPrefix("K"))
    }

    @Test func `a set that is refused is fetched anew, one that was not is kept`() async throws {
        let clock = ManualClock()
        let source = Source(clock)
        let renewed = RenewedCredentials(source, time: clock)
        let first = try await renewed.credentials()
        renewed.forget(Credentials(accessKeyID: "other", secretAccessKey: "S"))
        #expect(try await key(renewed) == "K1")
        renewed.forget(first)
        #expect(try await key(renewed) == "K2")
        renewed.forget(first)
        #expect(try await key(renewed) == "K2")
    }

    @Test func `a set that has ended on arrival is used until it is refused`() async throws {
        let clock = ManualClock()
        let source = Source(clock, seconds: -60)
        let renewed = RenewedCredentials(source, time: clock)
        #expect(try await key(renewed) == "K1")
        #expect(try await key(renewed) == "K1")
        clock.advance(by: 301)
        #expect(try await key(renewed) == "K2")
    }

    /// A long copy crosses many ends: no request may be signed with credentials that have ended.
    @Test func `a client signs with new credentials before the old ones end`() async throws {
        let clock = ManualClock()
        let source = Source(clock)
        let server = try ScriptedServer { _ in .bytes(Canned.reply("{}")) }
        defer { server.stop() }
        let client = try await TestClient.make(
            server.url, provider: RenewedCredentials(source, time: clock), time: clock)
        for step in 0..<8 {
            _ = try await client.attempt().get()
            clock.advance(by: 650)
            let due = 1 + (step + 1) * 650 / 2_710
            if due > source.calls.withLock({ $0 }) {
                _ = try await client.attempt().get()
                while client.accessKeyID != "K\(due)" { await Task.yield() }
            }
        }
        let keys = server.requests.map(\.signingKey)
        #expect(Set(keys) == ["K1", "K2"])
        #expect(keys == keys.sorted())
    }

    @Test func `a role's session that is refused is had anew from the same source`() async throws {
        let home = try CredentialHome()
        try home.credentialsFile("[default]\naws_access_key_id = K\naws_secret_access_key = S\n")
        let clock = home.clock
        let sts = try STSServer(expiresAt: { clock.after(3_600) })
        var options = SideOptions()
        options.role = AssumedRole(arn: "arn:aws:iam::1:role/r")
        let provider = try home.provider(options, sts.environment)
        let refused = Locked(true)
        let server = try ScriptedServer { _ in
            let isFirst = refused.withLock { refused in
                defer { refused = false }
                return refused
            }
            return .bytes(isFirst ? Canned.error("ExpiredTokenException") : Canned.reply("{}"))
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url, provider: provider, time: clock)
        clock.advance(by: 1)  // the new session differs from the old one by its end alone
        _ = try await client.call(.describeTable, [:], repeatable: true)
        #expect(sts.forms.count == 2)
        withExtendedLifetime(home) {}
    }
}
