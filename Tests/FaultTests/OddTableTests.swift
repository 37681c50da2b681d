import DynamoModel
import Foundation
import JSON
import LocalAWS
import Testing

@testable import Connectors
@testable import Flow
@testable import Transfer

/// Goal: tables of extreme shapes arrive exactly, within the default memory budget.
@Suite struct OddTableTests {
    @Test(
        .timeLimit(.minutes(20)),
        arguments: [
            Fill(name: "source", items: 30, shape: .kilobytes400),
            Fill(name: "source", items: 5_000, shape: .collection),
            Fill(name: "source", items: 0), Fill(name: "source", items: 1),
            Fill(name: "source", items: 2_000, shape: .dense),
            Fill(name: "source", items: 20_000, shape: .letters),
            Fill(name: "source", items: 20_000, shape: .bytes100),
        ])
    func `every shape arrives exactly at 32 MiB`(fill: Fill) async throws {
        let fixture = try CopyFixture { $0.fills = [fill] }
        let report = try await fixture.copy { $0.memory = 32 << 20 }
        #expect(report.outcome == .completed)
        #expect(report.counters.itemsWritten == fill.items)
        fixture.expectEqual()
    }

    @Test(.timeLimit(.minutes(20)))
    func `the largest items arrive at the least memory that is taken`() async throws {
        let fixture = try CopyFixture {
            $0.fills = [Fill(name: "source", items: 12, shape: .kilobytes400)]
        }
        let report = try await fixture.copy { $0.memory = MemoryBudget.totalMin }
        #expect(report.outcome == .completed)
        fixture.expectEqual()
        let refusal = await CopyRefusal.of {
            try await fixture.prepare("source", "other") { $0.memory = MemoryBudget.totalMin - 1 }
        }
        #expect(refusal?.hint?.contains("MiB") == true)
        #expect(fixture.server.count(of: "other") == nil)
    }

    @Test(.timeLimit(.minutes(20)))
    func `ten thousand segments on a hundred items`() async throws {
        let fixture = try CopyFixture { $0.fills = [Fill(name: "source", items: 100)] }
        let report = try await fixture.copy { $0.segments = 10_000 }
        #expect(report.outcome == .completed)
        #expect(report.counters.scans >= 10_000)
        fixture.expectEqual()
    }

    @Test(.timeLimit(.minutes(20)))
    func `a table that reports no items but has some is copied, and is no empty target`()
        async throws
    {
        let fixture = try CopyFixture { $0.fills = [Fill(name: "source", items: 500)] }
        _ = try await fixture.copy()
        // What a copy wrote is not in the table's counts for hours.
        let description = try await fixture.prepare("target", "second").source
        #expect(description.itemCount == 0)
        let report = try await fixture.copy("target", "third")
        #expect(report.counters.itemsWritten == 500)
        fixture.expectEqual("source", "third")
        let refusal = await CopyRefusal.of { try await fixture.prepare("source", "third") }
        #expect(refusal?.message.contains("holds items") == true)
        let merged = try await fixture.copy("source", "third") { $0.mergesIntoItems = true }
        #expect(merged.outcome == .completed)
    }

    @Test(.timeLimit(.minutes(20)))
    func `more items than one request can hold by bytes are split`() async throws {
        let fixture = try CopyFixture()
        let schema = KeySchema(partition: KeyAttribute(name: "id", type: .number))
        // A control character is one stored byte and six of JSON.
        let text = String(repeating: "\u{1}", count: 390_000)
        let items: [JSON] = (0..<12).map {
            ["id": ["N": .string("\($0)")], "text": ["S": .string(text)]]
        }
        try fixture.server.load(TableDefinition(name: "source", schema: schema), items: items)
        let report = try await fixture.copy()
        #expect(report.outcome == .completed)
        fixture.expectEqual()
    }
}
