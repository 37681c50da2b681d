import Pacing
import Synchronization
import System

/// A clock that stands still until it is told to go on.
final class ManualTime: TimeSource {
    private let nanoseconds: Atomic<Int64>
    private let epoch: Double

    /// - Parameter epoch: seconds since 1970 at the start.
    init(epoch: Double = 1_795_000_000) {
        nanoseconds = Atomic(0)
        self.epoch = epoch
    }

    var now: Instant { Instant(nanoseconds: nanoseconds.load(ordering: .sequentiallyConsistent)) }

    var secondsSinceEpoch: Double { epoch + Double(now.nanoseconds) / 1e9 }

    func advance(by duration: Duration) {
        nanoseconds.wrappingAdd(duration.inNanoseconds, ordering: .sequentiallyConsistent)
    }
}
