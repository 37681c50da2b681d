/// A bug that one of the scheduler's four values has on purpose, so that the simulation can show
/// that it would find it. Nothing but a test can put one in (``FlowScheduler/plant(_:)`` is seen by
/// no other target).
enum SchedulerFlaw: String, CaseIterable, Sendable {
    case readsBeyondMemory = "a read is sent though its reserve does not fit"
    case finishesAtGap = "a partition is finished when all that was read of it is settled"
    case passesUnsettled = "a position passes the first item that is not settled"
    case forgetsFinished = "a finished partition is not saved as one"
    case overfills = "a batch holds one item too many"
    case splitsGroups = "a cursor lies between two items that came of one"
    case takesTwice = "an item that is due again is taken for two batches"
    case ignoresLimit = "a batch is sent before its units are there"
    case overtakes = "a batch of a partition is sent before the one before it is answered"
    case passesUnsealed = "a save lists a unit though one before it is not sealed"
    case entersWaveEarly = "a wave begins though a request of the one before may land yet"
    case forgetsEarlierRuns = "a request of a dead run is not waited for"
    case dropsPending = "a batch that waits for its units is forgotten"

    /// Those that only a sink of units shows.
    static let ofUnits: [SchedulerFlaw] = [.overtakes, .passesUnsealed]
    /// Those that only waves show.
    static let ofWaves: [SchedulerFlaw] = [.entersWaveEarly, .forgetsEarlierRuns]
}
