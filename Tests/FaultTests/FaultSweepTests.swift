import AWS
import DynamoModel
import JSON
import LocalAWS
import TestSupport
import Testing

@testable import Connectors
@testable import Flow
@testable import Transfer

/// Goal: there is no request whose failure, of whichever kind, loses an item or leaves a job that
/// can't be gone on with.
/// Method: the first request of a copy meets the fault, then in another copy the second one, and so
/// on until a copy has no request of that number (as SQLite's `do_faultsim_test` does).
@Suite struct FaultSweepTests {
    private static let items = 60
    /// More requests than a copy of so few items has.
    private static let requestsMax = 100

    @Test(.timeLimit(.minutes(20)), arguments: SweptFault.all)
    func `whichever request fails, the copy is exact, or ends with the reason and can go on`(
        swept: SweptFault
    ) async throws {
        var number = 0
        while number < Self.requestsMax {
            let strike = Strike(swept, at: number)
            try await copy(swept, strike, number)
            guard strike.victim != nil else { break }
            number += 1
        }
        // Tables are described, tried and made, and several pages read and batches written.
        #expect(number > 10 && number < Self.requestsMax, "\(number) requests")
    }

    private func copy(_ swept: SweptFault, _ strike: Strike, _ number: Int) async throws {
        let fixture = try await Self.fixture(strike)
        strike.arm()
        let end = try await Self.run(fixture)
        let victim = strike.victim
        let place = Comment("\(swept.testDescription) on request \(number), \(victim ?? "none")")
        if end == .completed {
            #expect(victim == nil || Self.mayComplete(swept, victim), place)
        } else {
            #expect(victim != nil && !Self.mayComplete(swept, victim), "\(place): \(end)")
            Self.expectReason(end, swept, victim ?? "", place)
            if strike.isBeforeTheStart {
                #expect(fixture.jobs.ids.isEmpty, place)
                #expect(fixture.server.count(of: "target") == nil, place)
            }
            let again = try await Self.run(fixture)
            #expect(again == .completed, place)
        }
        #expect(fixture.server.count(of: "target") == Self.items, place)
        fixture.expectEqual()
        #expect(fixture.jobs.ids.count == 1, place)
        let source = fixture.server.meter["tables"]?["source"]
        #expect(source?["items_written"]?.int == Self.items, place)
    }

    /// A source that was written just now: it does not report any items yet, so that the first page
    /// of each segment is a small one, and others follow.
    private static func fixture(_ strike: Strike) async throws -> CopyFixture {
        var configuration = HTTPEngine.Configuration()
        configuration.totalTimeout = .milliseconds(400)
        let fixture = try CopyFixture(engine: configuration) { options in
            options.threads = 1
            options.hook = { operation, _ in strike.fault(operation) }
        }
        // The tests beside this one may keep it waiting.
        fixture.clientConfiguration.firstReplyWithin = .seconds(60)
        try fixture.server.load(
            TableDefinition(
                name: "source",
                schema: KeySchema(partition: KeyAttribute(name: "id", type: .number))))
        let client = try await fixture.client()
        for start in stride(from: 0, to: items, by: ServiceLimits.batchItemsMax) {
            let end = min(start + ServiceLimits.batchItemsMax, items)
            let puts: [JSON] = (start..<end).map { number in
                ["PutRequest": ["Item": ["id": ["N": .string("\(number)")], "text": ["S": "a"]]]]
            }
            _ = try await client.call(
                .batchWriteItem, ["RequestItems": ["source": .array(puts)]], repeatable: true)
        }
        return fixture
    }

    /// How the copy ended: completed, or with a text and a hint.
    private enum End: Equatable {
        case completed
        case refused(CopyRefusal)
        case failed(FlowFailure)
    }

    private static func run(_ fixture: CopyFixture) async throws -> End {
        do {
            let report = try await fixture.copy { options in
                options.segments = 2
            }
            switch report.outcome {
            case .completed:
                #expect(report.counters.deadLetters == 0)
                #expect(report.inAll.itemsDone == items)
                return .completed
            case .failed(let failure): return .failed(failure)
            case .stopped:
                Issue.record("nobody asked for a stop")
                return .completed
            }
        } catch let refusal as CopyRefusal {
            return .refused(refusal)
        }
    }

    /// What passes is never told to the user; a refused batch is halved, and the halves are not
    /// refused.
    private static func mayComplete(_ swept: SweptFault, _ victim: String?) -> Bool {
        switch swept.meaning {
        case .passing: true
        case .refusal: victim == "BatchWriteItem"
        case .denial: false
        }
    }

    private static func expectReason(
        _ end: End, _ swept: SweptFault, _ victim: String, _ place: Comment
    ) {
        let (text, hint) =
            switch end {
            case .refused(let refusal): (refusal.message, refusal.hint ?? "")
            case .failed(let failure): ("\(failure.code): \(failure.message)", failure.hint ?? "")
            case .completed: ("", "")
            }
        if swept.meaning == .denial {
            #expect(text.contains("AccessDeniedException"), "\(place): \(text)")
            #expect(text.contains("dynamodb:\(victim)"), "\(place): \(text)")
            #expect(hint.contains("dynamodb:\(victim)"), "\(place): \(hint)")
        } else {
            #expect(text.contains("ValidationException"), "\(place): \(text)")
            #expect(text.contains(SweptFault.refusalText), "\(place): \(text)")
        }
    }
}
