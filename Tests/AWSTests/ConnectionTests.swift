import Dispatch
import Foundation
import Pacing
import System
import TestSupport
import Testing

@testable import AWS

/// Goal: connections are kept, their loss costs no request, and no fault holds a request forever.
/// Method: a server that resets, stalls and counts connections.
@Suite(.serialized, .tags(.timeBound), .timeLimit(.minutes(20)))
struct ConnectionTests {
    @Test func `many requests in flight share few connections`() async throws {
        let server = try ScriptedServer { _ in .bytes(Canned.reply("{}")) }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        for _ in 0..<20 {
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<32 {
                    group.addTask {
                        await client.attempt(.batchWriteItem).success?.body.text == "{}"
                    }
                }
                for await succeeded in group { #expect(succeeded) }
            }
        }
        #expect(server.requests.count == 640)
        #expect(server.accepted <= 32)
    }

    @Test func `more requests than connections are kept for all arrive`() async throws {
        let server = try ScriptedServer { _ in .bytes(Canned.reply("{}")) }
        defer { server.stop() }
        let client = try await TestClient.make(server.url, engine: { $0.connectionsKept = 3 })
        await withTaskGroup(of: AWSError?.self) { group in
            for _ in 0..<200 { group.addTask { await client.attempt().failure } }
            for await error in group { #expect(error == nil) }
        }
    }

    /// libcurl itself sends the request again when nothing of a reply came on a kept connection,
    /// but it counts over the life of a handle and lets every sixth one fail.
    @Test func `a reset on a reused connection is repeated or an error to retry`() async throws {
        let server = try ScriptedServer { request in
            request.numberOnConnection == 1 ? .reset : .bytes(Canned.reply("{}"))
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        var failures = 0
        for _ in 0..<60 {
            guard let error = await client.attempt().failure else { continue }
            #expect(error.localCode == .connectionReset && error.remedy == .retry)
            failures += 1
        }
        #expect(failures <= 10)
        for _ in 0..<60 { _ = try await client.call(.describeTable, [:], repeatable: true) }
    }

    /// A closed socket's number is given to the next one, which must be watched as the new one it
    /// is: at first its reply would never be noticed when what it waits for is what the old one
    /// waited for.
    @Test func `sockets that follow closed ones are watched anew`() async throws {
        let server = try ScriptedServer { request in
            switch request.number % 3 {
            case 0: .reset
            case 1: .bytesAndClose(Canned.reply("{}"))
            default: .bytes(Canned.reply("{}"))
            }
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        for _ in 0..<40 {
            await withTaskGroup(of: AWSError?.self) { group in
                for _ in 0..<16 { group.addTask { await client.attempt().failure } }
                for await error in group {
                    #expect(error == nil || error?.localCode == .connectionReset)
                }
            }
        }
    }

    @Test func `a connection that the server closes when idle is replaced`() async throws {
        let server = try ScriptedServer { _ in .bytesAndClose(Canned.reply("{}")) }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        // One that is sent just before the close is heard of is sent again by libcurl, but for
        // every sixth such one of a handle.
        var failures = 0
        for _ in 0..<20 {
            switch await client.attempt() {
            case .success(let reply): #expect(reply.body.text == "{}")
            case .failure(let error):
                #expect(error.remedy == .retry && error.isOutcomeUnknown, "\(error)")
                failures += 1
            }
        }
        #expect(failures <= 20 / 6)
        #expect(server.requests.count == 20 - failures)
    }

    /// The request may have been executed, so for CreateTable libcurl's own repetition is wrong.
    @Test func `a request that must not be repeated is sent once`() async throws {
        let server = try ScriptedServer { request in
            request.head.contains("CreateTable") ? .reset : .bytes(Canned.reply("{}"))
        }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        _ = try await client.attempt(.describeTable).get()
        for _ in 0..<5 {
            let error = await client.attempt(.createTable, repeatable: false).failure
            #expect(error?.localCode == .connectionReset && error?.isOutcomeUnknown == true)
        }
        #expect(server.requests.filter { $0.head.contains("CreateTable") }.count == 5)
    }

    @Test func `a reset on a fresh connection is an error to retry`() async throws {
        let server = try ScriptedServer { _ in .reset }
        defer { server.stop() }
        let error = await (try await TestClient.make(server.url)).attempt().failure
        #expect(error?.localCode == .connectionReset)
        #expect(error?.remedy == .retry && error?.isOutcomeUnknown == true)
    }

    @Test(arguments: [0, 20, 400])
    func `a reply that stalls ends by the stall timeout`(bytesSent: Int) async throws {
        let whole = Canned.reply("{" + String(repeating: " ", count: 1_000) + "}")
        let server = try ScriptedServer { request in
            request.number == 0
                ? .bytes(Canned.reply("{}")) : .bytesAndStall(Array(whole.prefix(bytesSent)))
        }
        defer { server.stop() }
        let client = try await TestClient.make(
            server.url, engine: { $0.stallTimeout = .seconds(1) })
        _ = try await client.attempt().get()
        let start = MonotonicTime().now
        let error = await client.attempt().failure
        #expect(MonotonicTime().now - start < TestClient.promptly)
        #expect(error?.localCode == .timeout && error?.remedy == .retry)
        #expect(error?.isOutcomeUnknown == true)
    }

    @Test func `a refused connection is told at once`() async throws {
        let server = try ScriptedServer { _ in .reset }
        server.stop()
        let client = try await TestClient.make(server.url)
        let start = MonotonicTime().now
        await #expect(throws: AWSError.self) {
            _ = try await client.call(.describeTable, [:], repeatable: true)
        }
        #expect(MonotonicTime().now - start < TestClient.promptly)
        let error = await client.attempt().failure
        #expect(error?.localCode == .connectionFailed && error?.isOutcomeUnknown == false)
        #expect(error?.hint != nil && !client.hasAnswered)
    }

    @Test func `an endpoint that never answers is given up within five seconds`() async throws {
        let server = try ScriptedServer { _ in .bytesAndStall([]) }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        let start = MonotonicTime().now
        await #expect(throws: AWSError.self) {
            _ = try await client.call(.describeTable, [:], repeatable: true)
        }
        #expect(MonotonicTime().now - start < TestClient.promptly)
    }

    @Test func `completions that end together come on their own queues`() async throws {
        let server = try ScriptedServer { _ in .bytes(Canned.reply("{}")) }
        defer { server.stop() }
        let client = try await TestClient.make(server.url)
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let queue = DispatchQueue(label: "test.\(index)")
                    let body = ByteBuffer()
                    body.append("{}")
                    await withCheckedContinuation {
                        (continuation: CheckedContinuation<Void, Never>) in
                        client.send(
                            .scan, body: body, reply: ByteBuffer(), replyBytesMax: 100, on: queue
                        ) { result in
                            dispatchPrecondition(condition: .onQueue(queue))
                            #expect(result.success != nil)
                            continuation.resume()
                        }
                    }
                }
            }
        }
    }

    @Test func `shutting the engine down ends what is in flight`() async throws {
        let arrived = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { _ in
            arrived.signal()
            return .bytesAndStall([])
        }
        defer { server.stop() }
        let engine = HTTPEngine()
        let client = try await Client(
            try TestClient.settings(server.url), engine: engine, seed: 1)
        async let first = client.attempt()
        async let second = client.attempt()
        Thread {
            arrived.wait()
            arrived.wait()
            engine.shutdown()
        }.start()
        #expect(await first.failure?.localCode == .clientStopped)
        #expect(await second.failure?.localCode == .clientStopped)
        #expect(await client.attempt().failure?.localCode == .clientStopped)
    }
}
