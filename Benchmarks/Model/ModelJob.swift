import Flow
import Pacing
import System
import Transfer

/// Drives several ``ModelCopy``s side by side in virtual time, under limits over all of them.
package struct ModelJob {
    package private(set) var copies: [ModelCopy]
    private var buckets: [FlowSide: SharedBucket] = [:]
    private var now = Instant.zero
    private var hasStarted = false

    /// - Parameters:
    ///   - read: units a second of all copies together; nil for no limit.
    ///   - write: the same of the other side.
    package init(_ worlds: [ModelCopy.World], read: Double? = nil, write: Double? = nil) {
        copies = worlds.enumerated().map { number, world in
            var world = world
            world.seed += UInt64(number)
            world.copy.read.shared = read
            world.copy.write.shared = write
            return ModelCopy(world)
        }
        if let read { buckets[.source] = SharedBucket(rate: read, at: now) }
        if let write { buckets[.target] = SharedBucket(rate: write, at: now) }
    }

    /// Runs to an instant of virtual time, or until nothing happens any more; may be called again.
    package mutating func run(until end: Duration) {
        if !hasStarted {
            hasStarted = true
            for number in copies.indices {
                copies[number].start(at: now)
                share(number)
            }
        }
        while let (at, event) = next, at - Instant.zero < end {
            now = max(now, at)
            switch event {
            case .copy(let number):
                copies[number].step()
                share(number)
            case .grants(let side): grant(side)
            }
        }
    }

    private enum Event {
        case copy(Int)
        case grants(FlowSide)
    }

    private var next: (at: Instant, Event)? {
        var next: (at: Instant, Event)?
        func consider(_ at: Instant?, _ event: Event) {
            guard let at, at < next?.at ?? Instant(nanoseconds: .max) else { return }
            next = (at, event)
        }
        for (side, bucket) in buckets { consider(bucket.readyAt(now), .grants(side)) }
        for number in copies.indices where copies[number].outcome == nil {
            consider(copies[number].nextEventAt, .copy(number))
        }
        return next
    }

    private mutating func grant(_ side: FlowSide) {
        while let grant = buckets[side]?.grant(at: now) {
            copies[grant.claimant].grant(grant, on: side, at: now)
            share(grant.claimant)
        }
    }

    private mutating func share(_ number: Int) {
        let (claims, settlements) = copies[number].takeSharing()
        for (side, grant, consumed) in settlements {
            buckets[side]?.settle(grant, consumed: consumed, at: now)
        }
        for (side, units) in claims { buckets[side]?.claim(units, for: number) }
    }

    /// Units that all sources were charged.
    package var read: UnitSeries { Self.sum(copies.map(\.world.source.meter)) }

    /// Units that all targets were charged, for their tables and indexes.
    package var written: UnitSeries {
        Self.sum(
            copies.flatMap { copy in
                [copy.world.target.meter] + copy.world.target.indexes.map(\.meter)
            })
    }

    private static func sum(_ meters: [UnitSeries]) -> UnitSeries {
        meters.dropFirst().reduce(into: meters[0]) { $0.add($1) }
    }
}
