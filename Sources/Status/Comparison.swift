import DynamoModel
import Flow
import JSON

/// The result of comparing a table with its target.
package struct Comparison: Equatable, Sendable {
    package enum Result: String, Sendable {
        case equal
        /// There were differences; a repair has ended all of them.
        case repaired
        case different
    }

    /// nil while it is not known, and where the comparison was not completed.
    package var result: Result?
    package var counters = VerifyCounters()
    /// What was read of each side: the first pass, and the second as far as there is one.
    package var source = FlowProgress()
    package var target = FlowProgress()
    /// Items that were read by their keys on both sides, and repaired.
    package var looks = FlowProgress()
    package var segments = 0
    /// Segments that hold items, and those that were read again.
    package var segmentsHeld = 0
    package var segmentsReadAgain = 0
    /// Files of keys that memory did not hold.
    package var runsSpilled = 0
    /// Where the definitions of both tables differ, and their settings, in words.
    package var schemaDifferences: [String] = []
    package var settingDifferences: [String] = []
    /// What else its user should know, in words.
    package var notes: [String] = []
    /// nil unless a sample was asked for.
    package var sample: SampleConfidence?
    /// Of a copy: when the source was read that the target is compared with, from its first page to
    /// its last, in seconds since 1970; nil in files of older versions.
    package var sourceRead: ClosedRange<Double>?

    package init() {}

    /// The tables themselves differ, whatever their items do.
    package var isUnlike: Bool { !schemaDifferences.isEmpty || !settingDifferences.isEmpty }

    /// Judges a copy: nothing may differ but what has changed since it was read, and what a merge
    /// has left.
    /// - Parameter isMerged: items that only the target has were there before.
    package mutating func judgeCopy(isMerged: Bool, sourceRead: ClosedRange<Double>) {
        self.sourceRead = sourceRead
        if isMerged { counters.leaveOutCausesInTarget() }
        let excused = (isMerged ? counters.onlyInTarget : 0) + counters.changedSinceLeft
        result = counters.differencesLeft == excused ? .equal : .different
    }

    // MARK: As the progress of a table

    /// Of both sides together: units of the target are those elsewhere.
    package var progress: FlowProgress {
        var sum = source
        sum.add(target)
        sum.counters = FlowCounters()
        for side in [source.counters, target.counters] {
            sum.counters.itemsRead += side.itemsRead
            sum.counters.scans += side.scans
            sum.counters.bytesRead += side.bytesRead
            sum.counters.requestsFailed += side.requestsFailed
            sum.counters.segmentsFinished += side.segmentsFinished
        }
        sum.counters.itemsPassed = sum.counters.itemsRead
        take(into: &sum)
        sum.fraction = (source.fraction + target.fraction) / 2
        return sum
    }

    /// As a copy counts: an item that was read has been written, is a dead letter, was left out,
    /// was equal, or kept changing.
    /// - Parameters:
    ///   - reported: items that the source reports.
    ///   - earlier: what earlier runs have written.
    package func progress(asCopyOf reported: Int, after earlier: VerifyCounters) -> FlowProgress {
        var copy = FlowProgress(segments: segments)
        let written = counters.repaired - earlier.repaired
        copy.counters.itemsWritten = written
        copy.counters.deadLetters = counters.deadLetters + counters.unchangeable
        copy.counters.itemsLeftOut = counters.pastTTLInSource
        copy.counters.itemsChanging = counters.changing
        copy.counters.itemsOnlyInTarget =
            counters.onlyInTarget + counters.pastTTL - counters.pastTTLInSource
        take(into: &copy)
        copy.counters.scans = source.counters.scans + target.counters.scans
        copy.counters.bytesRead = source.counters.bytesRead + target.counters.bytesRead
        copy.counters.requestsFailed =
            source.counters.requestsFailed + target.counters.requestsFailed
        copy.counters.segmentsFinished =
            result != nil ? segments : min(source.counters.segmentsFinished, segments)
        copy.itemsEarlier = earlier.repaired
        // What was put since the source was read has been read by its key.
        let unequal = copy.counters.itemsSettled + counters.changing
        let found =
            counters.itemsInSource > 0
            ? counters.itemsInSource + counters.unchangeable : source.counters.itemsRead
        copy.counters.itemsRead = max(found - earlier.repaired, unequal)
        if result != nil { copy.counters.itemsEqual = copy.counters.itemsRead - unequal }
        copy.itemsEstimated = max(reported, copy.itemsEarlier + copy.counters.itemsRead)
        copy.scansInFlight = source.scansInFlight + target.scansInFlight
        copy.isComparing = result == nil
        copy.hold = looks.hold ?? source.hold ?? target.hold
        copy.fraction = result != nil ? 1 : (source.fraction + target.fraction) / 2
        return copy
    }

    /// Units, throttles and rates of both sides, and what was written.
    private func take(into sum: inout FlowProgress) {
        let (looked, from, to) = (looks.counters, source.counters, target.counters)
        sum.counters.readUnits = from.readUnits + looked.readUnits
        sum.counters.readUnitsElsewhere = to.readUnits + looked.readUnitsElsewhere
        sum.counters.scansThrottled = from.scansThrottled + looked.scansThrottled
        sum.counters.writesThrottled = to.scansThrottled + looked.writesThrottled
        sum.counters.writes = looked.itemsWritten
        sum.counters.storedBytesWritten = looked.storedBytesWritten
        sum.counters.jsonBytesWritten = looked.jsonBytesWritten
        sum.counters.bytesSent = looked.jsonBytesWritten
        sum.counters.writeUnits = looked.writeUnits
        let isLooking = looks.segments > 0 && !looks.hasEnded
        sum.readUnitsPerSecond =
            isLooking ? looks.readUnitsPerSecond : source.readUnitsPerSecond
        sum.readLimit = isLooking ? looks.readLimit : source.readLimit
        sum.readUnitsPerSecondElsewhere =
            isLooking ? looks.readUnitsPerSecondElsewhere : target.readUnitsPerSecond
        sum.readLimitElsewhere = isLooking ? looks.readLimitElsewhere : target.readLimit
        sum.writeUnitsPerSecond = looks.writeUnitsPerSecond
        sum.writeLimit = looks.writeLimit
        sum.writesInFlight = looks.writesInFlight
        if isLooking { sum.hold = looks.hold }
    }

    // MARK: For programs

    /// For reports: what was found of a table that was not compared to its end is not all there is.
    package var json: JSON {
        var json: JSON = [
            "outcome": result.map { .string($0.rawValue) } ?? nil,
            "counts": result != nil ? counters.reported : nil,
            "differencesMet": JSON(counters.differences),
            "schemaDifferences": .array(schemaDifferences.map { .string($0) }),
            "settingDifferences": .array(settingDifferences.map { .string($0) }),
            "segmentsReadAgain": JSON(segmentsReadAgain),
            "itemsReadByKey": JSON(looks.counters.itemsRead),
        ]
        if let sample {
            json["sample"] = [
                "segmentsRead": JSON(sample.segmentsRead), "segments": JSON(sample.segments),
                "damageSeenAt95Percent": JSON(sample.itemsSeen),
            ]
        }
        addRemarks(to: &json)
        return json
    }

    /// For a job's file, what came of a copy's.
    package var record: JSON {
        var json: JSON = [
            "outcome": result.map { .string($0.rawValue) } ?? nil, "counts": counters.json,
        ]
        addRemarks(to: &json)
        return json
    }

    private func addRemarks(to json: inout JSON) {
        json["notes"] = .array(notes.map { .string($0) })
        guard let sourceRead else { return }
        json["sourceReadFrom"] = JSON(sourceRead.lowerBound)
        json["sourceReadTo"] = JSON(sourceRead.upperBound)
    }

    /// Reads what ``record`` wrote; nil where there is nothing.
    package init?(record json: JSON?) {
        guard let json, let counts = json["counts"], let outcome = json["outcome"]?.string else {
            return nil
        }
        result = Result(rawValue: outcome)
        counters = VerifyCounters(json: counts)
        notes = json["notes"]?.array?.compactMap(\.string) ?? []
        if let start = json["sourceReadFrom"]?.double(in: ServiceRanges.timestamps),
            let end = json["sourceReadTo"]?.double(in: ServiceRanges.timestamps), start <= end
        {
            sourceRead = start...end
        }
    }
}
