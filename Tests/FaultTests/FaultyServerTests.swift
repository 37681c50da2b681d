import DynamoModel
import Foundation
import JSON
import LocalAWS
import Testing

@testable import Transfer

@Suite struct FaultyServerTests {
    /// Goal: requests that fail in every way there is lose nothing.
    /// Method: a server that refuses, drops, cuts short and damages replies, by seed.
    @Test(.timeLimit(.minutes(20)))
    func `a copy through every kind of fault is exact`() async throws {
        let fixture = try CopyFixture { options in
            options.faults = try FaultPlan(
                parsing:
                    "error=0.05,throttle=0.1,unprocessed=0.3,drop=0.02,truncate=0.02,corrupt=0.02")
            options.fills = [Fill(name: "source", items: 20_000)]
        }
        let report = try await fixture.copy()
        #expect(report.outcome == .completed)
        #expect(report.counters.itemsWritten == 20_000)
        #expect(report.counters.itemsUnprocessed > 0 && report.counters.requestsFailed > 0)
        #expect(report.deadLettersPath == nil)
        fixture.expectEqual()
    }

    /// Items whose index key has a type that the index does not take: an index that was added after
    /// the data does not refuse them, one on the target does.
    @Test(.timeLimit(.minutes(20)))
    func `items that the target's index refuses become dead letters, all others arrive`()
        async throws
    {
        let fixture = try CopyFixture()
        let schema = KeySchema(partition: KeyAttribute(name: "id", type: .string))
        let poison = Set([17, 230, 231])
        let items: [JSON] = (0..<400).map { index in
            let day: JSON = poison.contains(index) ? ["S": "monday"] : ["N": .string("\(index)")]
            return ["id": ["S": .string("item \(index)")], "day": day]
        }
        try fixture.server.load(TableDefinition(name: "source", schema: schema), items: items)
        var definition = TableDefinition(name: "target", schema: schema)
        definition.attributes.append(KeyAttribute(name: "day", type: .number))
        definition.globalIndexes = [
            IndexDefinition(
                name: "by-day", keys: [KeyElement(attribute: "day", role: .partition)])
        ]
        try fixture.server.load(definition)

        let report = try await fixture.copy()
        #expect(report.outcome == .completed)
        #expect(report.counters.itemsWritten == 397)
        #expect(report.counters.deadLetters == 3)
        #expect(fixture.server.count(of: "target") == 397)
        let path = try #require(report.deadLettersPath)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3)
        for line in lines {
            let letter = try JSON(parsing: String(line))
            #expect(letter["table"]?.string == "target")
            #expect(letter["code"]?.string == "ValidationException")
            #expect(letter["reason"]?.string?.contains("Type mismatch for Index Key day") == true)
            #expect(letter["item"]?["day"]?["S"]?.string == "monday")
        }
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test(.timeLimit(.minutes(20)))
    func `a target that refuses every item ends the copy as failed`() async throws {
        let fixture = try CopyFixture()
        let schema = KeySchema(partition: KeyAttribute(name: "id", type: .string))
        let items: [JSON] = (0..<2_000).map {
            ["id": ["S": .string("item \($0)")], "day": ["S": "monday"]]
        }
        try fixture.server.load(TableDefinition(name: "source", schema: schema), items: items)
        var definition = TableDefinition(name: "target", schema: schema)
        definition.attributes.append(KeyAttribute(name: "day", type: .number))
        definition.globalIndexes = [
            IndexDefinition(
                name: "by-day", keys: [KeyElement(attribute: "day", role: .partition)])
        ]
        try fixture.server.load(definition)
        let report = try await fixture.copy()
        guard case .failed(let failure) = report.outcome else {
            Issue.record("\(report.outcome)")
            return
        }
        #expect(failure.message.contains("refuses every item"))
        #expect(fixture.server.count(of: "target") == 0)
        #expect(report.counters.deadLetters < 300)
    }

    @Test(.timeLimit(.minutes(20)))
    func `a table that goes away ends the copy with one message`() async throws {
        let fixture = try CopyFixture { options in
            options.fills = [Fill(name: "source", items: 5_000)]
            options.hook = { operation, number in
                operation == "BatchWriteItem" && number > 100
                    ? .reply(
                        status: 400, contentType: "application/x-amz-json-1.0",
                        body: """
                            {"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",\
                            "message":"Requested resource not found"}
                            """) : nil
            }
        }
        let report = try await fixture.copy()
        guard case .failed(let failure) = report.outcome else {
            Issue.record("\(report.outcome)")
            return
        }
        #expect(failure.code == "ResourceNotFoundException")
    }
}
