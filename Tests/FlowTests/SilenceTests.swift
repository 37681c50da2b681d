import DynamoModel
import Pacing
import Testing

@testable import Connectors
@testable import Flow

/// Goal: a side that does not answer is named, long before it is given up.
@Suite struct SilenceTests {
    private func scheduler() throws -> FlowScheduler {
        let memory = try #require(MemoryBudget(total: 32 << 20))
        var scheduler = FlowScheduler(
            FlowConfiguration(page: .scan(), batch: .puts, memory: memory), seed: 1, at: .zero)
        #expect(scheduler.start(at: .zero).contains(.open))
        _ = scheduler.opened(1, at: .zero)
        return scheduler
    }

    private let page = ArrivedPage(
        items: [ItemSlice(offset: 1, length: 100, size: 60)], storedBytes: 60, replyBytes: 200,
        heldBytes: 300, next: .end)

    @Test func `a source that has not answered for seconds is what holds the copy back`() throws {
        var scheduler = try scheduler()
        _ = scheduler.timePassed(at: .zero + .seconds(4))
        #expect(scheduler.hold == .sourcePages)
        _ = scheduler.timePassed(at: .zero + .seconds(6))
        #expect(scheduler.hold == .sourceUnreachable)
        _ = scheduler.pageArrived(partition: 0, page, at: .zero + .seconds(7))
        #expect(scheduler.hold != .sourceUnreachable)
    }

    @Test func `a target is heard of by its answers, and a lull is no silence`() throws {
        var scheduler = try scheduler()
        let (_, actions) = scheduler.pageArrived(partition: 0, page, at: .zero + .seconds(60))
        let batch = actions.compactMap { action -> BatchID? in
            if case .write(let id, _, _, _) = action { id } else { nil }
        }.first
        _ = scheduler.timePassed(at: .zero + .seconds(64))
        #expect(scheduler.hold != .targetUnreachable)
        _ = scheduler.timePassed(at: .zero + .seconds(66))
        #expect(scheduler.hold == .targetUnreachable)
        let failure = FlowFailure(
            .retry, code: "Timeout", message: "", mayLandWithin: .seconds(60))
        let id = try #require(batch)
        _ = scheduler.batchFailed(
            id, failure, roundTrip: .seconds(30), at: .zero + .seconds(90))
        _ = scheduler.timePassed(at: .zero + .seconds(91))
        #expect(scheduler.hold == .targetUnreachable)
    }
}
