import AWS
import DynamoDB
import Foundation
import JSON
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
        let absurdity: Absurdity
        let command: AbsurdSite.Command

        var description: String { "\(command.rawValue): \(field) \(absurdity.rawValue)" }
    }

    /// The commands that send an operation, the first one first.
    private static func commands(_ operation: AWS.Operation) -> [AbsurdSite.Command] {
        switch operation.name {
        case "ListTables": [.pattern]
        case "Scan", "DescribeTable": [.copy, .verify, .repair, .onlyChanged]
        case "BatchGetItem": [.verify, .repair, .onlyChanged]
        case "GetItem": [.verifyOneByOne]
        case "PutItem": [.keep, .repair, .onlyChanged]
        case "DeleteItem": [.repair]
        default: [.copy]
        }
    }

    static let all: [Run] = SweptField.all.flatMap { field in
        Absurdity.allCases.flatMap { absurdity in
            commands(field.operation).map { Run(field: field, absurdity: absurdity, command: $0) }
        }
    }

    /// One run of each field.
    static let some: [Run] = SweptField.all.enumerated().map { index, field in
        let kinds = Absurdity.allCases
        let commands = commands(field.operation)
        return Run(
            field: field, absurdity: kinds[index % kinds.count],
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

    private static func perform(_ run: Run) throws {
        let site = try AbsurdSite(run.command)
        let outcome = try site.run { exchange in
            guard exchange.operation == run.field.operation.name, exchange.status == 200 else {
                return nil
            }
            return exchange.answering(run.field.spoil(exchange.reply, run.absurdity))
        }
        let comment = "\(run): \(outcome)"
        // 124 and 137 are those of a run that had to be ended, above 128 a signal ended it.
        #expect([0, 1, 3].contains(outcome.status), "\(comment)")
        if outcome.status == 0, run.command.makesEqual, !run.isLie {
            #expect(outcome.areEqual, "\(comment)")
        }
        if outcome.status == 1 {
            #expect(outcome.said.contains(run.field.operation.name), "\(comment)")
            #expect(run.field.path.contains { outcome.said.contains($0) }, "\(comment)")
        }
    }
}

extension AbsurdReplyTests.Run {
    /// What says that nothing is left to be done can't be told from the truth.
    fileprivate var isLie: Bool {
        [.null, .missing, .empty].contains(absurdity)
            && field.path.contains { $0 == "LastEvaluatedKey" || $0 == "UnprocessedItems" }
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
