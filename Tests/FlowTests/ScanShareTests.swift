import DynamoModel
import Pacing
import Testing

@testable import Connectors
@testable import Flow

/// Goal: a scan that shares a limit with others sends nothing before its units are granted, and
/// keeps none that it does not spend.
@Suite struct ScanShareTests {
    private var limits: ReadLimit { ReadLimit(shared: 100) }

    /// Reads four partitions; nothing is written.
    private func scheduler() -> (FlowScheduler, started: [FlowAction]) {
        var configuration = FlowConfiguration(
            page: .scan(), batch: nil, memory: MemoryBudget(pageBytes: 8 << 20))
        configuration.read = limits
        var scheduler = FlowScheduler(configuration, seed: 1, at: .zero)
        _ = scheduler.start(at: .zero)
        let started = scheduler.opened(4, at: .zero)
        return (scheduler, started)
    }

    /// Has the claim that is among the actions granted.
    private func grant(_ actions: [FlowAction]) throws -> SharedBucket.Grant {
        let units = try #require(
            actions.lazy.compactMap { action -> Double? in
                if case .claim(.source, let units) = action { units } else { nil }
            }.first)
        var bucket = SharedBucket(rate: 100, at: .zero)
        bucket.claim(units, for: 7)
        let grant = bucket.grant(at: .zero + .seconds(10))
        return try #require(grant)
    }

    private func scans(_ actions: [FlowAction]) -> [Int] {
        actions.compactMap { if case .read(let partition, _, _, _) = $0 { partition } else { nil } }
    }

    private func consumed(_ actions: [FlowAction]) -> [Double] {
        actions.compactMap {
            if case .settle(.source, _, let consumed) = $0 { consumed } else { nil }
        }
    }

    @Test("one scan is sent for each grant, and settled by what it consumed")
    func grants() throws {
        var (scheduler, started) = scheduler()
        #expect(scans(started).isEmpty)
        #expect(scheduler.hold == .sharedReadLimit)
        let granted = scheduler.unitsGranted(try grant(started), on: .source, at: .zero)
        let segment = try #require(scans(granted).first)
        #expect(scans(granted).count == 1)
        #expect(consumed(granted).isEmpty)
        let page = ArrivedPage(
            items: [ItemSlice(offset: 0, length: 4_200, size: 4_096)], storedBytes: 4_096,
            replyBytes: 4_200, heldBytes: 4_200, next: .more(Cursor(bytes: [1])), units: 0.5)
        let taken = scheduler.pageArrived(
            partition: segment, page, at: .zero + .seconds(1)
        ).actions
        #expect(consumed(taken) == [0.5])
        #expect(scans(taken).isEmpty, "the next one has been claimed, and not been granted")
    }

    @Test("a scan that was refused is charged nothing, one whose outcome is unknown its estimate")
    func failures() throws {
        let refusal = FlowFailure(.slowDown, code: "Throttled", message: "")
        var lost = FlowFailure(.retry, code: "Dropped", message: "")
        lost.mayLandWithin = .seconds(60)
        for failure in [refusal, lost] {
            var (scheduler, started) = scheduler()
            let grant = try grant(started)
            let segment = try #require(
                scans(scheduler.unitsGranted(grant, on: .source, at: .zero)).first)
            let failed = scheduler.readFailed(partition: segment, failure, at: .zero)
            let expected = failure.isOutcomeUnknown ? grant.reservation.estimate : 0
            #expect(consumed(failed) == [expected])
        }
    }

    @Test("units that come while it is held, or after its end, go back")
    func unspent() throws {
        var (paused, started) = scheduler()
        let claim = try grant(started)
        _ = paused.setPaused(true, at: .zero)
        #expect(consumed(paused.unitsGranted(claim, on: .source, at: .zero)) == [0])
        #expect(scans(paused.setPaused(false, at: .zero)).isEmpty, "they are claimed again")
        var (stopped, begun) = scheduler()
        let late = try grant(begun)
        _ = stopped.stop(at: .zero)
        let actions = stopped.unitsGranted(late, on: .source, at: .zero)
        #expect(consumed(actions) == [0])
        #expect(scans(actions).isEmpty)
    }
}
