import DynamoModel
import Foundation
import JSON
import LocalAWS
import TestSupport

/// A server of this process, whose exports can be made to fail and whose clock can go on, and the
/// built program run against it.
final class NativeSite {
    let server: LocalServer
    let folder: TemporaryFolder

    init(_ configure: (inout ServerOptions) -> Void = { _ in }) throws {
        folder = try TemporaryFolder()
        var options = ServerOptions()
        options.phaseDuration = .milliseconds(1)
        options.buckets = [BucketSetting("dumps")]
        configure(&options)
        server = try LocalServer(options)
        server.start()
    }

    deinit { server.stop() }

    /// A table of twelve items, without a table's history unless it is asked for.
    func load(_ name: String, isRecoverable: Bool = true, localIndex: Bool = false) throws {
        let attributes = ["id", "at", "text"].map { KeyAttribute(name: $0, type: .string) }
        let keys = [
            KeyElement(attribute: "id", role: .partition), KeyElement(attribute: "at", role: .sort),
        ]
        let index = IndexDefinition(
            name: "by-text", keys: [keys[0], KeyElement(attribute: "text", role: .sort)])
        let definition = TableDefinition(
            name: name, attributes: localIndex ? attributes : Array(attributes.prefix(2)),
            keys: keys, localIndexes: localIndex ? [index] : [], billing: .onDemand(Throughput()))
        let items = (0..<12).map { number -> JSON in
            [
                "id": ["S": .string("item \(number)")], "at": ["S": "noon"],
                "text": ["S": "text"],
            ]
        }
        try server.load(definition, items: items)
        if isRecoverable { try recover(name) }
    }

    private func recover(_ table: String) throws {
        try call(
            "UpdateContinuousBackups",
            [
                "TableName": .string(table),
                "PointInTimeRecoverySpecification": ["PointInTimeRecoveryEnabled": true],
            ])
    }

    static let owner = ServerOptions.Credentials(accessKey: "OWNER", secret: "secret")

    /// Asks the server past the program, as its owner, by curl.
    @discardableResult
    func call(_ operation: String, _ body: JSON) throws -> JSON {
        let result = try Binary.shell(
            "curl -sS --fail-with-body --aws-sigv4 aws:amz:us-east-1:dynamodb --user OWNER:secret"
                + " \"$@\"",
            [
                server.endpoint, "-H", "X-Amz-Target: DynamoDB_20120810.\(operation)",
                "-H", "Content-Type: application/x-amz-json-1.0", "-d", body.text,
            ])
        guard result.status == 0 else { throw TestFailure(result.out + result.err) }
        return try JSON(parsing: result.out)
    }

    /// Runs a line of shell that begins behind the program's name.
    /// - Parameters:
    ///   - source: the key that the source is reached with.
    ///   - setting: what stands before the program: `NAME=VALUE`.
    func run(
        _ line: String, source: String = "OWNER", target: String = "OWNER", setting: String = ""
    ) throws -> Binary.Result {
        let keys = [("SRC", source), ("DEST", target)].map { side, key in
            "\(side)_AWS_ACCESS_KEY_ID=\(key)\n\(side)_AWS_SECRET_ACCESS_KEY=secret\n"
        }
        try keys.joined().write(toFile: folder.path("env"), atomically: true, encoding: .utf8)
        return try Binary.shell(
            "cd '\(folder.path(""))' && \(setting) timeout -k 5 60 \"$0\" \(line)"
                + " --env-file env < /dev/null",
            environment: [
                "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": server.endpoint,
                "XDG_STATE_HOME": folder.path("state"), "COLUMNS": "80", "TMPDIR": "/tmp",
            ])
    }
}
