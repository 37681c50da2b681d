import Pacing

/// A clock on which a second passes between any two looks at it, as on a machine that is busy with
/// other things.
struct HastyTime: TimeSource {
    private let time = ManualTime()

    var now: Instant {
        time.advance(by: .seconds(1))
        return time.now
    }

    var secondsSinceEpoch: Double { time.secondsSinceEpoch }
}
