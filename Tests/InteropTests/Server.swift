import Foundation
import System
import Testing
import dynaferry

/// A server in a process of its own, on a free port of loopback.
///
/// It ends with its input, a pipe that this process holds: with the `Server`, or with the tests,
/// however they end.
final class Server: Sendable {
    let url: String
    private let process: ChildProcess

    struct DidNotStart: Error {
        var words: [String]
    }

    private init(_ words: [String]) throws {
        process = try ChildProcess(
            words[0], Array(words.dropFirst()),
            environment: ["PATH=/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE=1"],
            input: .pipe, output: .pipe)
        // Its first line says that it listens already, and where.
        let prefix = "listening on "
        guard let line = process.readLine(), line.hasPrefix(prefix) else {
            throw DidNotStart(words: words)
        }
        url = String(line.dropFirst(prefix.count))
    }

    deinit { process.end() }

    /// `dynaferry serve`, which is ours.
    static func serve(_ options: [String] = []) throws -> Server {
        try Server(
            [Programs.dynaferry, "serve", "--port", "0", "--exit-with-stdin"] + options)
    }

    /// A proxy before `upstream` that spoils a share of the replies.
    static func proxy(before upstream: Server, seed: Int, share: Double) throws -> Server {
        let python = try #require(Programs.python)
        return try Server(
            [python, Programs.script("proxy.py"), upstream.url, "\(seed)", "\(share)"])
    }

    fileprivate static func emulator(_ name: String) throws -> Server {
        let python = try #require(Programs.python)
        return try Server([python, Programs.script("server.py"), name])
    }
}

/// Servers that others wrote. Each is started once, by the first test that needs it.
enum Emulator: String, CaseIterable {
    case moto, ministack

    private static let servers = (
        moto: Result { try Server.emulator("moto") },
        ministack: Result { try Server.emulator("ministack") }
    )

    var server: Server {
        get throws {
            switch self {
            case .moto: try Self.servers.moto.get()
            case .ministack: try Self.servers.ministack.get()
            }
        }
    }
}
