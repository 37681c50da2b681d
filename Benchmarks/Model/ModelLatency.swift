import Pacing
import System

/// How long requests take, by seed: on their way to the server, where they are charged, and back.
package struct ModelLatency: Sendable {
    /// A whole round trip, evenly distributed; half of it each way.
    package var roundTrip: ClosedRange<Duration>
    /// This share of replies comes later by some time up to `spike`.
    package var spikeShare = 0.0
    package var spike = Duration.zero
    /// From time to time the server answers nothing for a while; what it was asked meanwhile, it
    /// answers afterwards.
    package var stallEvery: Duration?
    package var stall = Duration.zero

    package init(_ roundTrip: ClosedRange<Duration>) {
        self.roundTrip = roundTrip
    }

    /// When a request sent now is charged, and when its reply is there.
    func times(
        now: Instant, _ generator: inout SeededGenerator
    ) -> (charged: Instant, answered: Instant) {
        let low = roundTrip.lowerBound.inNanoseconds
        let span = Double(roundTrip.upperBound.inNanoseconds - low)
        let whole = low + Int64(clamping: generator.unit() * span)
        let charged = now + .nanoseconds(whole / 2)
        var answered = now + .nanoseconds(whole)
        if spikeShare > 0, generator.unit() < spikeShare {
            let late = generator.unit() * Double(spike.inNanoseconds)
            answered = answered + .nanoseconds(Int64(clamping: late))
        }
        if let stallEvery {
            let period = stallEvery.inNanoseconds
            let into = answered.nanoseconds % period
            if answered.nanoseconds >= period, into < stall.inNanoseconds {
                answered = answered + .nanoseconds(stall.inNanoseconds - into)
            }
        }
        return (charged, answered)
    }
}
