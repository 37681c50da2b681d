import AWS
import DynamoDB
import Foundation
import JSON
import LocalAWS
import System
import TestSupport
import Testing

/// What a server says is data, however absurd: no reply ends the program by a signal, none is
/// waited for without end, and an error names the operation and the field.
///
/// Goal: every field that is read of any reply, each kind of absurd value, each command.
/// Method: the table of what is read is gone through (``Operation/all``); the built program runs
/// against a server whose replies a proxy spoils. Here each field is spoilt once, by a kind that
/// goes round; `scripts/sweep.sh` runs them all.
@Suite(.timeLimit(.minutes(90))) struct AbsurdReplyTests {
    struct Run: CustomStringConvertible {
        let field: SweptField
        let spoiling: Spoiling
        let command: AbsurdSite.Command

        var description: String { "\(command.rawValue): \(field) \(spoiling)" }
    }

    /// The commands that send an operation, the first one first.
    private static func commands(_ operation: AWS.Operation) -> [AbsurdSite.Command] {
        switch operation.name {
        case "ListTables": [.pattern]
        case "Scan", "DescribeTable": [.copy, .verify, .repair, .onlyChanged, .plan]
        case "BatchGetItem": [.verify, .repair, .onlyChanged]
        case "GetItem": [.verifyOneByOne]
        case "PutItem": [.keep, .repair, .onlyChanged]
        case "DeleteItem": [.repair]
        case "ExportTableToPointInTime", "DescribeExport": [.snapshot]
        case "ListExports": [.snapshotUnanswered]
        case "ImportTable", "DescribeImport": [.importTable]
        case "ListImports": [.importTableUnanswered]
        case "StartBulkPutItems", "DescribeBulkOperation": [.bulkPut]
        case "ListBulkOperations": [.bulkPutUnanswered]
        default: [.copy]
        }
    }

    static let all: [Run] = SweptField.all.flatMap { field in
        Spoiling.allCases.flatMap { spoiling in
            commands(field.operation).map { Run(field: field, spoiling: spoiling, command: $0) }
        }
    }

    /// One run of each field.
    static let some: [Run] = SweptField.all.enumerated().map { index, field in
        let kinds = Spoiling.allCases
        let commands = commands(field.operation)
        return Run(
            field: field, spoiling: kinds[index % kinds.count],
            command: commands[index / kinds.count % commands.count])
    }

    static var isWhole: Bool { ProcessInfo.processInfo.environment["DYNAFERRY_SWEEP"] == "all" }

    @Test func `no absurd value in any field of a reply is more than an error that names it`()
        async throws
    {
        let runs = Self.isWhole ? Self.all : Self.some
        try await eachOf(runs, atOnce: 8) { run in try Self.perform(run) }
        print("\(runs.count) replies spoilt, of \(Self.all.count)")
    }

    /// Goal: each of these once ended the program by a signal, or was waited out for a quarter of
    /// an hour.
    @Test(arguments: [
        ("Scan", "ConsumedCapacity.CapacityUnits", JSON.number("-1"), AbsurdSite.Command.copy, 0),
        ("Scan", "ConsumedCapacity.CapacityUnits", .number("1e400"), .copy, 0),
        ("Scan", "ConsumedCapacity.CapacityUnits", .number("-1"), .verify, 3),
        ("Scan", "LastEvaluatedKey", .object([]), .copy, 0),
        ("Scan", "LastEvaluatedKey", .null, .verify, 3),
        (
            "BatchWriteItem", "ConsumedCapacity.GlobalSecondaryIndexes.by-at.CapacityUnits",
            .number("-1"), .copy, 0
        ),
        ("DescribeTable", "Table.TableSizeBytes", .number("9000000000000000000"), .copy, 0),
        ("DescribeTable", "Table.TableSizeBytes", .number("1152921504606846976"), .copy, 0),
        ("DescribeTable", "Table.ItemCount", .number("9223372036854775807"), .verify, 3),
        ("DescribeTable", "Table.ItemCount", .number("1125899906842624"), .verify, 3),
        ("DescribeTable", "Table.ItemCount", .number("281474976710656"), .plan, 0),
        ("DescribeTable", "Table.AttributeDefinitions.AttributeName", "", .copy, 1),
        ("DescribeTable", "Table.ProvisionedThroughput.ReadCapacityUnits", 0, .verify, 3),
        ("DescribeTable", "Table.ProvisionedThroughput.WriteCapacityUnits", 0, .onlyChanged, 0),
    ])
    func `what once ended the program, or was waited out, does not`(
        operation: String, path: String, value: JSON, command: AbsurdSite.Command, status: Int32
    ) async throws {
        let outcome = try await OwnThread.run {
            Result {
                try AbsurdSite(command).run { exchange in
                    exchange.operation == operation ? exchange.setting(path, to: value) : nil
                }
            }
        }.get()
        #expect(outcome.status == status, "\(outcome)")
        if status == 1 {
            #expect(outcome.said.contains(operation) && outcome.said.contains(path), "\(outcome)")
        }
    }

    /// Goal: a server that is absurd now and then costs repetitions, or an end with a message and
    /// the same command once more; never an item.
    @Test(arguments: 1...6)
    func `copies from a server that is absurd by chance end exact`(seed: UInt64) async throws {
        let runs = try await OwnThread.run {
            Result { () throws -> [AbsurdSite.Outcome] in
                let site = try AbsurdSite(
                    .copy, items: 400, faults: FaultPlan(parsing: "absurd=0.05"), seed: seed)
                var runs: [AbsurdSite.Outcome] = []
                repeat {
                    runs.append(try site.run(["--merge"]))
                } while runs.count < 20 && runs[runs.count - 1].status == 1
                return runs
            }
        }.get()
        let last = try #require(runs.last)
        #expect(last.status == 0 && last.areEqual, "\(runs)")
    }

    private static func perform(_ run: Run) throws {
        let site = try AbsurdSite(run.command)
        let outcome = try site.run { exchange in
            guard exchange.operation == run.field.operation.name, exchange.status == 200 else {
                return nil
            }
            return exchange.answering(run.field.spoil(exchange.reply, run.spoiling))
        }
        let comment = "\(run): \(outcome)"
        // 124 and 137 are those of a run that had to be ended, above 128 a signal ended it.
        #expect([0, 1, 3].contains(outcome.status), "\(comment)")
        if outcome.status == 0, run.command.makesEqual, !run.isLie {
            #expect(outcome.areEqual, "\(comment)")
        }
        if outcome.status == 1, !run.mayMakeSense {
            #expect(outcome.said.contains(run.field.operation.name), "\(comment)")
            #expect(run.field.path.contains { outcome.said.contains($0) }, "\(comment)")
        }
    }
}

extension AbsurdReplyTests.Run {
    /// What says that nothing is left to be done can't be told from the truth.
    fileprivate var isLie: Bool {
        spoiling.mayHide
            && field.path.contains {
                ["LastEvaluatedKey", "UnprocessedItems", "Responses"].contains($0)
            }
    }

    /// What is not there may be so of another table: then it is for somebody else to refuse it.
    fileprivate var mayMakeSense: Bool {
        switch spoiling {
        case .absurd(.null), .absurd(.missing), .absurd(.duplicate): field.field.absence == .taken
        case .absurd(.empty): field.field.absence == .taken || field.path == ["TableNames"]
        case .absurd: false
        case .greatest: true
        }
    }
}

/// Calls `body`, which may block, with each element, so many at a time, on threads of their own.
func eachOf<Element: Sendable>(
    _ elements: [Element], atOnce: Int, _ body: @escaping @Sendable (Element) throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, element) in elements.enumerated() {
            if index >= atOnce { try await group.next() }
            group.addTask {
                try await OwnThread.run { Result { try body(element) } }.get()
            }
        }
        try await group.waitForAll()
    }
}
