import Foundation
import JSON
import TestSupport
import Testing

@testable import AWS

/// Goal: the environment's proxy variables are obeyed.
/// Method: each in a process of its own, since the environment is the whole process's; the proxy
/// is a server that answers any request as if it had passed it on.
@Suite(.serialized, .tags(.timeBound), .timeLimit(.minutes(20)))
struct ProxyTests {
    private static func call(_ url: String, environment: [String: String]) async throws -> JSON {
        for (name, value) in environment { setenv(name, value, 1) }
        let settings = try SideSettings.resolve(
            SideOptions(
                region: "us-east-1", endpoint: url,
                credentials: Credentials(accessKeyID: "a", secretAccessKey: "b")),
            environment: environment)
        let client = try await Client(settings, engine: HTTPEngine(), seed: 1)
        return try await client.call(.describeTable, [:], repeatable: true)
    }

    private static func proxy() throws -> ScriptedServer {
        try ScriptedServer { request in
            request.head.hasPrefix("CONNECT ")
                ? .bytesAndClose(Array("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n".utf8))
                : .bytes(Canned.reply("{\"proxied\":true}"))
        }
    }

    @Test func `requests go through the proxy that the environment names`() async {
        await #expect(processExitsWith: .success) {
            let proxy = try Self.proxy()
            let reply = try await Self.call(
                "http://dynamodb.invalid:8000", environment: ["http_proxy": proxy.url])
            let head = proxy.requests.first?.head ?? ""
            let isForwarded = head.hasPrefix("POST http://dynamodb.invalid:8000/ ")
            exit(reply["proxied"] == true && isForwarded ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    /// What credentials come by obeys the variables too, but for addresses of the link.
    @Test func `STS is asked through the proxy, metadata services are not`() async {
        await #expect(processExitsWith: .success) {
            let proxy = try Self.proxy()
            setenv("http_proxy", proxy.url, 1)
            let caller = HTTPCaller(hasLoopbackProxy: true)
            let forwarded = try await caller.answer(to: HTTPCall(url: "http://sts.invalid/x"))
            let head = proxy.requests.first?.head ?? ""
            let direct = try ScriptedServer { _ in .bytes(Canned.reply("direct")) }
            let answer = try await caller.answer(to: HTTPCall(url: direct.url, isDirect: true))
            let isRight =
                forwarded.status == 200 && head.hasPrefix("GET http://sts.invalid/x ")
                && answer.body == Array("direct".utf8) && proxy.accepted == 1
            exit(isRight ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test func `TLS goes through the proxy by CONNECT`() async {
        await #expect(processExitsWith: .success) {
            let proxy = try Self.proxy()
            let reply = try? await Self.call(
                "https://dynamodb.invalid", environment: ["HTTPS_PROXY": proxy.url])
            let head = proxy.requests.first?.head ?? ""
            let isTunnel = head.hasPrefix("CONNECT dynamodb.invalid:443 ")
            exit(reply == nil && isTunnel ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test func `hosts that NO_PROXY names are asked directly`() async {
        await #expect(processExitsWith: .success) {
            let proxy = try Self.proxy()
            let direct = try ScriptedServer { _ in .bytes(Canned.reply("{}")) }
            let reply = try await Self.call(
                direct.url, environment: ["http_proxy": proxy.url, "NO_PROXY": "127.0.0.1"])
            exit(reply == [:] && proxy.accepted == 0 ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test func `loopback is asked directly unless the proxy is there too`() async {
        await #expect(processExitsWith: .success) {
            let proxy = try Self.proxy()
            let direct = try ScriptedServer { _ in .bytes(Canned.reply("{}")) }
            let away = try await Self.call(
                direct.url, environment: ["http_proxy": "http://proxy.invalid:3128"])
            let here = try await Self.call(direct.url, environment: ["http_proxy": proxy.url])
            exit(away == [:] && here["proxied"] == true ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }
}
