import Flow
import JSON
import System

/// How far a job, or one table of it, has come over all its runs, as of its last save.
///
/// Its figures are those of a flow: counters are summed over all runs, so that an item that was
/// copied again after a crash counts each time, and `elapsed` is the time in which processes ran.
@dynamicMemberLookup
package struct JobProgress: Equatable, Sendable {
    /// Whole numbers above this are none that a job keeps.
    package static let countMax = 1 << 53

    private var figures = FlowProgress()
    /// Items that lie before the segments' cursors or are dead letters.
    package var itemsDone = 0
    /// Runs that ended without a word: what they did after their last save is not counted.
    package var crashes = 0
    /// What a crash now would have copied again: items settled beyond their segments' cursors.
    package var itemsAhead = 0
    /// Items done in the last second.
    package var itemsPerSecond = 0.0
    /// Of a copy: items of the target that its last run has read to verify them, and how many
    /// there may be.
    package var itemsVerified = 0
    package var itemsToVerify: Int?

    /// Of a verification: items read of each side. They are not added up: most are in both.
    package var itemsOfSource = 0
    package var itemsOfTarget = 0

    package init() {}

    package subscript<Value>(dynamicMember path: WritableKeyPath<FlowProgress, Value>) -> Value {
        get { figures[keyPath: path] }
        set { figures[keyPath: path] = newValue }
    }

    /// Where a run stands, after the runs before.
    /// - Parameter itemsDone: those that are safe; nil: all that the run has seen to.
    package mutating func take(
        _ run: FlowProgress, after earlier: JobProgress, itemsDone: Int? = nil
    ) {
        figures = run
        figures.counters = run.counters.after(earlier.counters)
        figures.elapsed = earlier.elapsed + run.elapsed
        self.itemsDone = itemsDone ?? run.itemsDone
    }

    /// How far the verification of a copy has come.
    package mutating func take(verified target: FlowProgress) {
        itemsVerified = target.itemsEarlier + target.counters.itemsRead
        itemsToVerify = target.itemsEstimated
    }

    /// How far a verification has read each side.
    package mutating func take(sidesOf comparison: Comparison) {
        guard comparison.result == nil else {
            itemsOfSource = comparison.counters.itemsInSource
            itemsOfTarget = comparison.counters.itemsInTarget
            return
        }
        let (source, target) = (comparison.source, comparison.target)
        itemsOfSource = source.itemsEarlier.addingClamped(source.counters.itemsRead)
        itemsOfTarget = target.itemsEarlier.addingClamped(target.counters.itemsRead)
    }

    /// Items of the job, each counted once: of a verification those of the side that has more.
    package var itemsOnce: Int {
        let larger = max(itemsOfSource, itemsOfTarget)
        return larger > 0 ? larger : itemsDone
    }

    /// Nothing is under way any more.
    package mutating func rest() {
        figures.rest()
        itemsPerSecond = 0
    }

    /// Nothing moves just now.
    package mutating func stand() {
        (figures.itemsReadPerSecond, figures.readUnitsPerSecond) = (0, 0)
        (figures.readUnitsPerSecondElsewhere, figures.writeUnitsPerSecond) = (0, 0)
        itemsPerSecond = 0
    }

    /// Of a job with these tables.
    package static func sum(_ tables: [JobProgress], within totals: UnitTotals) -> JobProgress {
        var sum = JobProgress()
        sum.figures = .sum(tables.map(\.figures), within: totals)
        for table in tables {
            sum.itemsDone = sum.itemsDone.addingClamped(table.itemsDone)
            sum.itemsAhead += table.itemsAhead
            sum.itemsPerSecond += table.itemsPerSecond
            sum.itemsVerified += table.itemsVerified
            sum.itemsOfSource = sum.itemsOfSource.addingClamped(table.itemsOfSource)
            sum.itemsOfTarget = sum.itemsOfTarget.addingClamped(table.itemsOfTarget)
            // Tables of which nothing has been verified may never be.
            if let more = table.itemsToVerify {
                sum.itemsToVerify = (sum.itemsToVerify ?? 0) + more
            }
        }
        guard tables.count > 1 else { return sum }
        sum.figures.fraction = tables.map(\.figures).fraction(done: sum.itemsDone)
        // What holds only one of them back does not hold the job.
        if !tables.allSatisfy({ $0.hold == tables[0].hold }) { sum.figures.hold = nil }
        return sum
    }

    package var json: JSON {
        var members = figures.members
        members.append(.init("itemsDone", JSON(itemsDone)))
        members.append(.init("crashes", JSON(crashes)))
        members.append(.init("itemsAhead", JSON(itemsAhead)))
        members.append(.init("itemsPerSecond", JSON(itemsPerSecond)))
        members.append(.init("itemsVerified", JSON(itemsVerified)))
        members.append(.init("itemsToVerify", itemsToVerify.map { JSON($0) } ?? .null))
        members.append(.init("itemsOfSource", JSON(itemsOfSource)))
        members.append(.init("itemsOfTarget", JSON(itemsOfTarget)))
        return .object(members)
    }

    /// Reads what ``json`` wrote.
    package init(json: JSON) {
        func count(_ name: String) -> Int? { json[name]?.int(in: 0...JobProgress.countMax) }
        figures = FlowProgress(json: json)
        itemsDone = count("itemsDone") ?? 0
        crashes = count("crashes") ?? 0
        itemsAhead = count("itemsAhead") ?? 0
        itemsPerSecond = json["itemsPerSecond"]?.double(in: 0...1e15) ?? 0
        itemsVerified = count("itemsVerified") ?? 0
        itemsToVerify = count("itemsToVerify")
        itemsOfSource = count("itemsOfSource") ?? 0
        itemsOfTarget = count("itemsOfTarget") ?? 0
    }
}
