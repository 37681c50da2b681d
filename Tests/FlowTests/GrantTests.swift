import Dispatch
import Pacing
import System
import Testing

@testable import Flow

/// Grants as many claims as it was told to, however large they are.
private final class HandedGrants: RateGrants {
    private let state: Locked<State>

    struct State {
        var left: Int
        var bucket = SharedBucket(rate: 1e12, at: MonotonicTime().now)
        var claims = 0
        var open = false
        var settled = 0
        var isWithdrawn = false
    }

    init(_ count: Int) { state = Locked(State(left: count)) }

    var now: State { state.withLock { $0 } }

    func setRate(_ rate: Double) {}

    func claim(
        _ units: Double, for claimant: Int,
        granted: @escaping @Sendable (SharedBucket.Grant) -> Void
    ) {
        let grant = state.withLock { state -> SharedBucket.Grant? in
            state.claims += 1
            state.open = state.left == 0
            guard state.left > 0 else { return nil }
            state.left -= 1
            state.bucket.claim(units, for: claimant)
            return state.bucket.grant(at: MonotonicTime().now)
        }
        if let grant { DispatchQueue.global().async { granted(grant) } }
    }

    func withdraw(_ claimant: Int) {
        state.withLock { ($0.open, $0.isWithdrawn) = (false, true) }
    }

    func settle(_ grant: SharedBucket.Grant, consumed: Double) {
        state.withLock { $0.settled += 1 }
    }
}

/// Goal: whoever grants units, a flow sends nothing without, and leaves no claim behind.
@Suite(.timeLimit(.minutes(20))) struct GrantTests {
    private let lines = ["a": (0..<70).map { "line-\($0)" }]

    private func driver(_ sink: LinesSink, _ grants: HandedGrants) -> FlowDriver {
        let parts = FlowParts(LinesSource(lines, Chance(seed: 1)), to: sink)
        var configuration = parts.configuration(
            MemoryBudget(pageBytes: 1 << 16, batchBytes: 1 << 14))
        configuration.itemBytesReported = 12
        configuration.stopWithin = .seconds(2)
        configuration.write = WriteLimits(shared: 1_000)
        let read = SharedLimit(nil, time: MonotonicTime())
        return FlowDriver(
            parts, configuration, shared: (SharedLimits(read: read, write: grants), 0),
            on: DispatchQueue(label: "grants.flow"), time: MonotonicTime(), seed: 1)
    }

    @Test func `each batch has a grant, and each grant is settled`() async {
        let (sink, grants) = (LinesSink(Chance(seed: 1)), HandedGrants(.max))
        #expect(await driver(sink, grants).run() == .completed)
        #expect(sink.state.withLock { $0.lines.count } == 70)
        #expect(grants.now.claims >= 10 && grants.now.settled == grants.now.claims)
        #expect(!grants.now.open)
    }

    @Test func `what is not granted is not sent, and its claim is withdrawn at the end`() async {
        let (sink, grants) = (LinesSink(Chance(seed: 1)), HandedGrants(3))
        let driver = driver(sink, grants)
        async let outcome = driver.run()
        while grants.now.claims < 4 { await Task.yield() }
        driver.stop()
        #expect(await outcome == .stopped)
        #expect((1...21).contains(sink.state.withLock { $0.lines.count }))
        #expect(grants.now.isWithdrawn && !grants.now.open)
    }
}
