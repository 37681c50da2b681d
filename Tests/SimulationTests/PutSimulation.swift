import LocalAWS
import Pacing
import System

@testable import Connectors
@testable import Flow
@testable import ModelBenchmarks

/// Puts of one item each to a model target, many at once; each is sent again until it is taken.
/// Everything follows from the seed, in virtual time.
struct PutSimulation {
    enum Capacity {
        case unlimited
        /// Units come evenly, and a tenth of a second's are saved up.
        case even(unitsPerSecond: Double)
        /// A second's units are there at its start.
        case bySecond(unitsPerSecond: Double)
    }

    struct World {
        var capacity = Capacity.unlimited
        /// Share of the puts that are refused whatever the rate.
        var refusedShare = 0.0
        var atOnce = 64
        /// From when the pace is there until the first put.
        var idle = Duration.zero
        /// Refusals are told to the pace.
        var isPaced = true
        /// Milliseconds.
        var roundTrip = 2.0..<20
    }

    private enum Event {
        /// One of those at once wants to send; so many times was it refused.
        case wants(attempt: Int)
        case unitsAreThere
        case answered(Put, isTaken: Bool)
    }

    private struct Put {
        let attempt: Int
        let charge: WritePacing.Charge
        let sent: Instant
    }

    private(set) var taken = 0
    private(set) var refused = 0
    private(set) var verdicts: [AdaptivePace.Verdict] = []
    private let world: World
    private let start: Instant
    private var now: Instant
    private var pacing = WritePacing(WriteLimits(), at: .zero)
    private var events = EventQueue<Event>()
    /// Attempts of those that wait for units.
    private var line: [Int] = []
    private var even: TokenBucket?
    private var bySecond: UnitBucket?
    private var generator: SeededGenerator

    /// Pause of ``ItemRepair`` before it looks again whether there are units.
    private static let lookEvery = Duration.milliseconds(200)

    init(_ world: World, seed: UInt64) {
        self.world = world
        generator = SeededGenerator(seed: seed)
        start = .zero + world.idle
        now = start
        switch world.capacity {
        case .unlimited: break
        case .even(let rate): even = TokenBucket(rate: rate, at: start)
        case .bySecond(let rate):
            bySecond = UnitBucket(rate: rate, burstSeconds: 0, second: 0)
        }
        for _ in 0..<world.atOnce { events.add(.wants(attempt: 0), at: start) }
    }

    /// Units a second that the target is asked for at most; nil while there is no pace.
    var pace: Double? { pacing.tableRate }

    /// - Parameter end: since the first put.
    mutating func run(until end: Duration) {
        while let next = events.nextAt, next < start + end, let (at, event) = events.next() {
            now = at
            switch event {
            case .wants(let attempt):
                line.append(attempt)
                if line.count == 1 { sendFromLine() }
            case .unitsAreThere: sendFromLine()
            case .answered(let put, let isTaken): answer(put, isTaken: isTaken)
            }
        }
    }

    private mutating func sendFromLine() {
        pacing.timePassed(at: now)
        while let attempt = line.first {
            let estimate = pacing.estimate(units: 1)
            let ready = pacing.readyAt(estimate, now: now)
            guard ready <= now else {
                return events.add(.unitsAreThere, at: min(ready, now + Self.lookEvery))
            }
            line.removeFirst()
            let put = Put(attempt: attempt, charge: pacing.take(estimate, at: now), sent: now)
            let milliseconds =
                world.roundTrip.lowerBound
                + generator.unit() * (world.roundTrip.upperBound - world.roundTrip.lowerBound)
            events.add(
                .answered(put, isTaken: takes()),
                at: now + .nanoseconds(Int64(clamping: milliseconds * 1e6)))
        }
    }

    /// Whether the target takes the put that is sent now.
    private mutating func takes() -> Bool {
        guard generator.unit() >= world.refusedShare else { return false }
        if let ready = even?.readyAt(1, now: now) {
            guard ready <= now else { return false }
            _ = even?.take(1, at: now)
        }
        let second = now.nanoseconds / 1_000_000_000
        if let isAdmitted = bySecond?.admits(1, second: second) {
            guard isAdmitted else { return false }
            bySecond?.spend(1, second: second)
        }
        return true
    }

    private mutating func answer(_ put: Put, isTaken: Bool) {
        var next = now
        if isTaken {
            taken += 1
            _ = pacing.settle(put.charge, units: 1, reported: nil, at: now)
        } else {
            refused += 1
            pacing.settleFailed(put.charge, isOutcomeUnknown: false, at: now)
            next =
                now
                + FlowScheduler.retryBackoff.delay(attempt: put.attempt, using: &generator)
        }
        if world.isPaced {
            let verdict = pacing.observed(
                items: 1, refused: isTaken ? 0 : 1, units: isTaken ? 1 : 0,
                roundTrip: now - put.sent, at: now)
            if let verdict { verdicts.append(verdict) }
        }
        events.add(.wants(attempt: isTaken ? 0 : put.attempt + 1), at: next)
    }
}
