import AWS
import DynamoModel
import Foundation
import JSON
import LocalAWS
import System
import TestSupport

/// A server with two small tables, and the built program between them, by way of a proxy.
///
/// Each site is for one run: its target differs from its source by an item that is missing, one
/// that differs and one too many, or is not there at all.
final class AbsurdSite {
    enum Command: String, CaseIterable {
        case copy, plan, pattern, keep, verify, verifyOneByOne, repair, onlyChanged
        case snapshot, importTable, bulkPut
        /// What DynamoDB says when it begins does not arrive: so it is looked for.
        case snapshotUnanswered, importTableUnanswered, bulkPutUnanswered

        fileprivate var words: [String] {
            switch self {
            case .copy: ["copy", "source", "target"]
            case .plan: ["plan", "source", "target"]
            case .pattern: ["copy", "sour*", "targ*"]
            case .keep: ["copy", "source", "target", "--merge=keep"]
            case .verify, .verifyOneByOne: ["verify", "source", "target"]
            case .repair: ["verify", "source", "target", "--repair", "--delete-extra", "--yes"]
            case .onlyChanged: ["copy", "source", "target", "--only-changed"]
            case .snapshot, .snapshotUnanswered:
                ["copy", "source", "s3://dumps/x/", "--snapshot", "--poll-interval", "10ms"]
            case .importTable, .importTableUnanswered: loading(by: "import-table")
            case .bulkPut, .bulkPutUnanswered: loading(by: "bulk-put")
            }
        }

        private func loading(by way: String) -> [String] {
            ["copy", "s3://dumps/x/", "target", "--load", way, "--poll-interval", "10ms"]
        }

        /// What DynamoDB does by itself; nil: nothing.
        fileprivate var asked: String? {
            switch self {
            case .snapshot, .snapshotUnanswered: "ExportTableToPointInTime"
            case .importTable, .importTableUnanswered: "ImportTable"
            case .bulkPut, .bulkPutUnanswered: "StartBulkPutItems"
            default: nil
            }
        }

        fileprivate var isUnanswered: Bool {
            switch self {
            case .snapshotUnanswered, .importTableUnanswered, .bulkPutUnanswered: true
            default: false
            }
        }

        /// Whether the target is there already.
        fileprivate var hasTarget: Bool {
            switch self {
            case .keep, .verify, .verifyOneByOne, .repair, .onlyChanged: true
            default: false
            }
        }

        /// Whether both tables are equal after a run that ends with 0.
        var makesEqual: Bool {
            switch self {
            case .copy, .repair, .importTable, .importTableUnanswered, .bulkPut,
                .bulkPutUnanswered:
                true
            case .plan, .pattern, .keep, .verify, .verifyOneByOne, .onlyChanged, .snapshot,
                .snapshotUnanswered:
                false
            }
        }
    }

    private let server: LocalServer
    private let folder: TemporaryFolder
    let command: Command

    init(
        _ command: Command, items count: Int = 12, faults: FaultPlan? = nil, seed: UInt64 = 1
    ) throws {
        self.command = command
        folder = try TemporaryFolder()
        var options = ServerOptions()
        options.phaseDuration = .milliseconds(1)
        (options.faults, options.seed) = (faults, seed)
        options.buckets = [BucketSetting("dumps")]
        server = try LocalServer(options)
        let items = (0..<count).map { Self.item($0, "value") }
        var source = Self.definition("source")
        // ImportTable makes none.
        if command.asked != nil { source.localIndexes = [] }
        if command.asked != nil { source.attributes.removeAll { $0.name == "text" } }
        try server.load(source, items: items)
        if command.hasTarget {
            let others = items.dropLast(2) + [Self.item(10, "other"), Self.item(99, "more")]
            try server.load(Self.definition("target"), items: Array(others))
        }
        server.start()
        guard let asked = command.asked else { return }
        try TrustSite.call(
            "UpdateContinuousBackups",
            [
                "TableName": "source",
                "PointInTimeRecoverySpecification": ["PointInTimeRecoveryEnabled": true],
            ], at: server.endpoint)
        guard asked != "ExportTableToPointInTime" else { return }
        let export = try run(Command.snapshot.words, at: server.endpoint)
        guard export.status == 0 else { throw TestFailure("no export: \(export)") }
    }

    deinit { server.stop() }

    private static func item(_ number: Int, _ text: String) -> JSON {
        [
            "id": ["S": .string("item \(number)")], "at": ["N": .string("\(number)")],
            "text": ["S": .string(text)],
        ]
    }

    private static func definition(_ name: String) -> TableDefinition {
        let attributes = [("id", ScalarType.string), ("at", .number), ("text", .string)].map {
            KeyAttribute(name: $0.0, type: $0.1)
        }
        return TableDefinition(
            name: name, attributes: attributes,
            keys: [
                KeyElement(attribute: "id", role: .partition),
                KeyElement(attribute: "at", role: .sort),
            ],
            globalIndexes: [
                IndexDefinition(
                    name: "by-at", keys: [KeyElement(attribute: "at", role: .partition)],
                    throughput: Throughput(readUnits: 1_000, writeUnits: 1_000))
            ],
            localIndexes: [
                IndexDefinition(
                    name: "by-text",
                    keys: [
                        KeyElement(attribute: "id", role: .partition),
                        KeyElement(attribute: "text", role: .sort),
                    ])
            ],
            billing: .provisioned(Throughput(readUnits: 1_000, writeUnits: 1_000)))
    }

    /// What came of a run.
    struct Outcome {
        var status: Int32
        var said: String
        var seconds: Double
        var areEqual: Bool
    }

    /// Runs the command with a hook on both sides' wire; it is killed after a minute.
    func run(
        _ options: [String] = [], _ hook: @escaping TamperingProxy.Hook = { _ in nil }
    ) throws -> Outcome {
        let command = command
        let proxy = try TamperingProxy(before: server.endpoint) { exchange in
            Self.answered(exchange, for: command).map { hook($0) ?? $0 } ?? hook(exchange)
        }
        let start = MonotonicClock.nanoseconds
        let result = try run(command.words + options, at: proxy.url)
        return Outcome(
            status: result.status, said: result.out + result.err,
            seconds: Double(MonotonicClock.nanoseconds - start) / 1e9,
            areEqual: server.items(of: "source") == server.items(of: "target"))
    }

    private func run(_ words: [String], at endpoint: String) throws -> Binary.Result {
        try Binary.shell(
            "exec timeout -k 5 60 \"$0\" \"$@\"",
            words + [
                "--region", "us-east-1", "--state-dir", folder.path("jobs"), "--progress", "none",
            ],
            environment: [
                "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
                "AWS_ENDPOINT_URL_S3": server.endpoint,
                "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": endpoint,
            ])
    }

    /// What the server does not answer by itself: Application Auto Scaling, for the source, and a
    /// server that lacks BatchGetItem.
    private static func answered(
        _ exchange: TamperingProxy.Exchange, for command: Command
    ) -> TamperingProxy.Exchange? {
        var exchange = exchange
        if exchange.operation == command.asked, command.isUnanswered, exchange.number == 0 {
            exchange.status = 500
            exchange.reply = ["__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"]
            return exchange
        }
        exchange.status = 200
        switch exchange.operation {
        case "DescribeScalableTargets":
            exchange.reply = ["ScalableTargets": []]
        case "DescribeScalingPolicies":
            exchange.reply = ["ScalingPolicies": []]
        case "DescribeScheduledActions":
            exchange.reply = [
                "ScheduledActions": [
                    [
                        "ScheduledActionName": "night", "ResourceId": "table/source",
                        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
                        "Schedule": "cron(0 1 * * ? *)", "Timezone": "Europe/Berlin",
                        "StartTime": 1_800_000_000, "EndTime": 1_900_000_000,
                        "ScalableTargetAction": ["MinCapacity": 1, "MaxCapacity": 10],
                    ]
                ]
            ]
        case "RegisterScalableTarget", "PutScalingPolicy", "PutScheduledAction":
            exchange.reply = [:]
        case "BatchGetItem" where command == .verifyOneByOne:
            exchange.status = 400
            exchange.reply = ["__type": "com.amazon.coral.service#UnknownOperationException"]
        default: return nil
        }
        return exchange
    }
}
