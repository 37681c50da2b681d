import Pacing
import Testing

@testable import Engine

/// Goal: a scan that shares a limit with others sends nothing before its units are granted, and
/// keeps none that it does not spend.
@Suite struct ScanShareTests {
    private var limits: ReadLimit { ReadLimit(shared: 100) }

    private func scheduler() -> ScanScheduler {
        var configuration = ScanConfiguration(segments: 4, pageBytes: 8 << 20)
        configuration.read = limits
        return ScanScheduler(configuration, seed: 1, at: .zero)
    }

    /// Has the claim that is among the actions granted.
    private func grant(_ actions: [ScanAction]) throws -> SharedBucket.Grant {
        let units = try #require(
            actions.lazy.compactMap { action -> Double? in
                if case .claim(let units) = action { units } else { nil }
            }.first)
        var bucket = SharedBucket(rate: 100, at: .zero)
        bucket.claim(units, for: 7)
        let grant = bucket.grant(at: .zero + .seconds(10))
        return try #require(grant)
    }

    private func scans(_ actions: [ScanAction]) -> [Int] {
        actions.compactMap { if case .scan(let segment, _, _) = $0 { segment } else { nil } }
    }

    private func consumed(_ actions: [ScanAction]) -> [Double] {
        actions.compactMap { if case .settle(_, let consumed) = $0 { consumed } else { nil } }
    }

    @Test("one scan is sent for each grant, and settled by what it consumed")
    func grants() throws {
        var scheduler = scheduler()
        let started = scheduler.start(at: .zero)
        #expect(scans(started).isEmpty)
        #expect(scheduler.hold == .sharedReadLimit)
        let granted = scheduler.unitsGranted(try grant(started), at: .zero)
        let segment = try #require(scans(granted).first)
        #expect(scans(granted).count == 1)
        #expect(consumed(granted).isEmpty)
        let page = TakenPage(
            items: 1, storedBytes: 4_096, replyBytes: 4_200, isLast: false, readUnits: 0.5)
        let taken = scheduler.pageTaken(segment: segment, page, at: .zero + .seconds(1))
        #expect(consumed(taken) == [0.5])
        #expect(scans(taken).isEmpty, "the next one has been claimed, and not been granted")
    }

    @Test("a scan that was refused is charged nothing, one whose outcome is unknown its estimate")
    func failures() throws {
        let refusal = CopyFailure(.remedy(.slowDown), code: "Throttled", message: "")
        var lost = CopyFailure(.remedy(.retry), code: "Dropped", message: "")
        lost.isOutcomeUnknown = true
        for failure in [refusal, lost] {
            var scheduler = scheduler()
            let grant = try grant(scheduler.start(at: .zero))
            let segment = try #require(scans(scheduler.unitsGranted(grant, at: .zero)).first)
            let failed = scheduler.scanFailed(segment: segment, failure, at: .zero)
            let expected = failure.isOutcomeUnknown ? grant.reservation.estimate : 0
            #expect(consumed(failed) == [expected])
        }
    }

    @Test("units that come while it is held, or after its end, go back")
    func unspent() throws {
        var paused = scheduler()
        let claim = try grant(paused.start(at: .zero))
        _ = paused.setPaused(true, at: .zero)
        #expect(consumed(paused.unitsGranted(claim, at: .zero)) == [0])
        #expect(scans(paused.setPaused(false, at: .zero)).isEmpty, "they are claimed again")
        var stopped = scheduler()
        let late = try grant(stopped.start(at: .zero))
        _ = stopped.stop(at: .zero)
        let actions = stopped.unitsGranted(late, at: .zero)
        #expect(consumed(actions) == [0])
        #expect(scans(actions).isEmpty)
    }
}
