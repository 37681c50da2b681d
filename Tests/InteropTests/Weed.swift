import Foundation
import System
import TestSupport
import Testing

/// SeaweedFS, which checks signatures, checksums and conditions as S3 does: one process on loopback
/// with a folder of its own, started by the first test that needs it. The program is `weed`.
///
/// It takes ten seconds to end in good order, so the script that starts it kills it when its input
/// ends: with this object, or with the tests, however they end.
final class Weed: Sendable {
    static let accessKey = "AKIDWEED"
    static let secretKey = "weed-secret-key"

    let url: String
    /// The same server by TLS, and the file of the certificate to trust.
    let tls: (url: String, certificate: String)
    private let folder: String
    private let process: ChildProcess

    static let path: String? = {
        guard let python = Programs.python else { return nil }
        let path = URL(fileURLWithPath: python).deletingLastPathComponent()
            .appendingPathComponent("weed").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    static let started = Result { try Weed() }

    private init() throws {
        guard let path = Self.path else { throw TestFailure("there is no weed") }
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("dynaferry-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let configuration = """
            {"identities":[{"name":"t","credentials":[{"accessKey":"\(Self.accessKey)",
            "secretKey":"\(Self.secretKey)"}],"actions":["Admin","Read","Write","List"]}]}
            """
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: folder + "/s3.json"))
        let python = try #require(Programs.python)
        process = try ChildProcess(
            python, [Programs.script("weed.py"), path, folder],
            environment: ["PATH=/usr/bin:/bin", "HOME=\(folder)", "PYTHONDONTWRITEBYTECODE=1"],
            input: .pipe, output: .pipe)
        let prefix = "listening on "
        guard let line = process.readLine(), line.hasPrefix(prefix),
            let secure = process.readLine()?.split(separator: " "), secure.count == 2
        else { throw TestFailure("weed did not start") }
        url = String(line.dropFirst(prefix.count))
        tls = (String(secure[0]), String(secure[1]))
    }

    deinit { process.end() }
}
