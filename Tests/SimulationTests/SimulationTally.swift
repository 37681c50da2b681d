/// How often a job was cut short and went on: a test of rare events is worth something only when
/// there were some.
struct SimulationTally {
    private(set) var kills = 0
    private(set) var powerLosses = 0
    /// Saves that were written and taken back by a power loss.
    var savesLost = 0
    private(set) var stops = 0
    private(set) var savesFailed = 0
    private(set) var itemsWrittenAgain = 0

    /// Takes in a process that has ended.
    mutating func count(_ run: SimulatedRun) {
        if run.cutShort == .kill { kills += 1 }
        if run.cutShort == .powerLoss { powerLosses += 1 }
        if run.outcome == .stopped { stops += 1 }
        if run.hasSaveFailed { savesFailed += 1 }
        itemsWrittenAgain += run.writtenAgain
    }

    static func += (left: inout Self, right: Self) {
        left.kills += right.kills
        left.powerLosses += right.powerLosses
        left.savesLost += right.savesLost
        left.stops += right.stops
        left.savesFailed += right.savesFailed
        left.itemsWrittenAgain += right.itemsWrittenAgain
    }
}
