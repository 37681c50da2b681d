import JSON
import System
import Transfer

extension VerifySummary {
    /// The version of the report's form; it grows when a name or a meaning changes.
    static let formatVersion = 2

    /// The report for programs.
    var json: JSON {
        let units = readUnits
        return [
            "version": JSON(Self.formatVersion),
            "outcome": .string(outcome),
            "exitCode": JSON(Int(exitCode.rawValue)),
            "source": .string(source),
            "target": .string(target),
            "job": job.map { .string($0) } ?? nil,
            "runs": JSON(runs),
            // Of tables that were compared to their end.
            "counts": inconclusive.count < verdicts.count ? counters.reported : nil,
            "tables": .array(verdicts.map(\.json)),
            "differences": .array(shown.map { json($0) }),
            "errors": .array(failures.map { .string($0.message) }),
            "notSeen": .array(limits.map { .string($0) }),
            "deadLettersFiles": .array(deadLettersPaths.map { .string($0) }),
            "outputFile": outputFile.map { .string($0) } ?? nil,
            "seconds": JSON(seconds),
            "sourceReadUnits": JSON(units.source),
            "targetReadUnits": JSON(units.target),
            "writeUnits": JSON(writeUnits),
            "cpuSeconds": JSON(usage.cpuSeconds),
            "peakMemoryBytes": JSON(usage.peakMemoryBytes),
        ]
    }

    private func json(_ item: DifferenceList.Shown) -> JSON {
        [
            "source": .string(item.source), "target": .string(item.target),
            "kind": .string(item.kind.rawValue), "cause": .string(item.cause.rawValue),
            "key": item.key,
            "repair": item.repair.map { .string($0.word) } ?? nil,
            "attributes": .array(
                item.attributes.map { attribute in
                    guard showsValues else { return .string(attribute.name) }
                    return [
                        "name": .string(attribute.name), "source": attribute.source ?? nil,
                        "target": attribute.target ?? nil,
                    ]
                }),
        ]
    }
}

extension VerifyCounters {
    /// With what follows from them.
    fileprivate var reported: JSON {
        var json = json
        let parts = ["differedAtFirstReadInTarget", "changedSinceInTarget", "unknownCauseInTarget"]
        for part in ["oddInSource"] + parts { json[part] = nil }
        json["equal"] = JSON(equal)
        json["left"] = JSON(differencesLeft)
        return json
    }
}

extension TableVerdict {
    fileprivate var json: JSON {
        var json: JSON = [
            "source": .string(source), "target": .string(target), "outcome": .string(outcomeText),
            // What was met of a table that was not compared to its end is not all there is.
            "counts": isConclusive ? counters.reported : nil,
            "differencesMet": JSON(counters.differences),
            "schemaDifferences": .array(schemaDifferences.map { .string($0) }),
            "settingDifferences": .array(settingDifferences.map { .string($0) }),
            "notes": .array(notes.map { .string($0) }),
            "seconds": JSON(progress.elapsed.inSeconds),
            "segments": JSON(progress.segments),
            "segmentsReadAgain": JSON(progress.segmentsReadAgain),
            "itemsReadByKey": JSON(progress.itemsLookedAt),
            "sourceReadUnits": JSON(progress.source.counters.readUnits),
            "targetReadUnits": JSON(progress.target.counters.readUnits),
            "writeUnits": JSON(progress.writeUnits),
        ]
        if let sample {
            json["sample"] = [
                "segmentsRead": JSON(sample.segmentsRead), "segments": JSON(sample.segments),
                "damageSeenAt95Percent": JSON(sample.itemsSeen),
            ]
        }
        return json
    }
}
