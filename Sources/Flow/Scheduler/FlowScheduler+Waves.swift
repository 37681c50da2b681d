import Pacing
import System

/// When the next wave of partitions is read.
extension FlowScheduler {
    /// Enters the next wave if all before it is durable and nothing of that may land any more: a
    /// put of one wave that lands late must not bring back what the next one deletes.
    /// - Returns: whether time alone is what it waits for.
    mutating func waitsForWave(
        at now: Instant, _ actions: inout [FlowAction], _ wake: inout Instant
    ) -> Bool {
        guard reader.isBetweenWaves, writer.writesInFlight == 0, units.isDone else { return false }
        if ledger.hasUnsaved {
            save(at: now, &actions)
            return false
        }
        guard now >= lateUntil || reader.flaw == .entersWaveEarly else {
            wake = min(wake, lateUntil)
            return true
        }
        reader.enterWave()
        stallTimeout.progressed()
        return false
    }

    /// A request has failed that may be executed all the same.
    mutating func mayLand(within duration: Duration?, at now: Instant) {
        guard let duration else { return }
        lateUntil = max(lateUntil, now + min(duration, configuration.landsWithinMax))
    }
}
