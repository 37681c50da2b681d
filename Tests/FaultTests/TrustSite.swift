import DynamoModel
import Foundation
import JSON
import LocalAWS
import System
import TestSupport

/// An embedded server of this process, and the built program run against it as its users run it:
/// directly, or by way of proxies that change what goes over the wire.
final class TrustSite {
    let server: LocalServer
    let folder: TemporaryFolder
    /// They answer for as long as there is the site.
    private let proxies = Locked<[TamperingProxy]>([])
    static let schema = KeySchema(partition: KeyAttribute(name: "id", type: .string))

    init(_ configure: (inout ServerOptions) throws -> Void = { _ in }) throws {
        folder = try TemporaryFolder()
        var options = ServerOptions()
        options.phaseDuration = .milliseconds(1)
        try configure(&options)
        server = try LocalServer(options)
        server.start()
    }

    deinit { server.stop() }

    static func items(_ range: Range<Int>, note: String = "first", bytes: Int = 0) -> [JSON] {
        range.map {
            [
                "id": ["S": .string("item \($0)")], "note": ["S": .string(note)],
                "filling": ["S": .string(String(repeating: "x", count: bytes))],
            ]
        }
    }

    func load(_ name: String, _ items: [JSON], billing: Billing = .onDemand(Throughput())) throws {
        var definition = TableDefinition(name: name, schema: Self.schema)
        definition.billing = billing
        try server.load(definition, items: items)
    }

    /// Puts an item past the program, by curl.
    static func put(_ item: JSON, into table: String, at endpoint: String) throws {
        try call("PutItem", ["TableName": .string(table), "Item": item], at: endpoint)
    }

    @discardableResult
    static func call(_ operation: String, _ body: JSON, at endpoint: String) throws -> JSON {
        let result = try Binary.shell(
            "curl -sS --fail-with-body \"$@\"",
            [
                endpoint, "-H", "X-Amz-Target: DynamoDB_20120810.\(operation)", "-H",
                "Content-Type: application/x-amz-json-1.0", "-d", body.text,
            ])
        guard result.status == 0 else { throw TestFailure(result.out + result.err) }
        return try JSON(parsing: result.out)
    }

    @discardableResult
    func call(_ operation: String, _ body: JSON) throws -> JSON {
        try Self.call(operation, body, at: server.endpoint)
    }

    func describe(_ table: String) throws -> JSON {
        try call("DescribeTable", ["TableName": .string(table)])["Table"] ?? .null
    }

    func proxy(_ hook: @escaping TamperingProxy.Hook) throws -> TamperingProxy {
        keep(try TamperingProxy(before: server.endpoint, hook))
    }

    /// One that changes what is asked.
    func proxy(
        forwarding: @escaping TamperingProxy.Forwarding
    ) throws -> TamperingProxy {
        keep(try TamperingProxy(before: server.endpoint, { _ in nil }, forwarding: forwarding))
    }

    private func keep(_ proxy: TamperingProxy) -> TamperingProxy {
        proxies.withLock { $0.append(proxy) }
        return proxy
    }

    private static let environment = [
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
    ]

    private func words(_ words: [String], at endpoint: String?) -> [String] {
        var words = words
        if !words.contains(where: { $0.hasSuffix("endpoint") }) {
            words += ["--endpoint", endpoint ?? server.endpoint]
        }
        let command = words[0] == "plan" ? [] : ["--progress", "none"]
        return words + command + ["--state-dir", folder.path("jobs")]
    }

    /// Runs a command to its end, or for a minute.
    /// - Parameter endpoint: nil: the server itself.
    func run(
        _ command: [String], at endpoint: String? = nil, environment: [String: String] = [:]
    ) throws -> Binary.Result {
        try Binary.shell(
            "exec timeout -k 5 60 \"$0\" \"$@\"", words(command, at: endpoint),
            environment: Self.environment.merging(environment) { $1 })
    }

    func run(
        _ command: String..., at endpoint: String? = nil, environment: [String: String] = [:]
    ) throws -> Binary.Result {
        try run(command, at: endpoint, environment: environment)
    }

    /// Starts a command; what it says on stderr is read from its standard output.
    func start(_ command: [String], at endpoint: String? = nil) throws -> ChildProcess {
        try ChildProcess(
            "/bin/bash",
            ["-c", "exec \"$0\" \"$@\" 2>&1", Binary.path] + words(command, at: endpoint),
            environment: Self.environment.map { "\($0)=\($1)" } + ["PATH=/usr/bin:/bin"],
            input: .null, output: .pipe)
    }

    /// The rest of what a started command says, and how it ended.
    static func end(_ process: ChildProcess) -> Binary.Result {
        var lines: [String] = []
        while let line = process.readLine() { lines.append(line) }
        let status: Int32 =
            switch process.wait() {
            case .exited(let code): code
            case .killed(let signal): -signal
            }
        return Binary.Result(status: status, out: lines.joined(separator: "\n"), err: "")
    }

    var jobs: [String] {
        ((try? folder.names()) ?? []).contains("jobs")
            ? ((try? FileManager.default.contentsOfDirectory(atPath: folder.path("jobs"))) ?? [])
                .filter { $0.hasSuffix(".db") } : []
    }
}
