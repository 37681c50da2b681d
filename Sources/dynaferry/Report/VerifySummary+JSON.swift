import JSON
import Status
import System
import Transfer

extension VerifySummary {
    /// The version of the report's form; it grows when a name or a meaning changes.
    static let formatVersion = 3

    var json: JSON {
        var json = status.progress.json
        json["version"] = JSON(Self.formatVersion)
        json["outcome"] = .string(outcome)
        json["exitCode"] = JSON(Int(exitCode.rawValue))
        json["source"] = .string(arguments.copy.sourceText)
        json["target"] = .string(arguments.copy.targetText)
        ReportSides(status.tables).add(to: &json)
        json["job"] = status.id.map { .string($0) } ?? nil
        json["runs"] = JSON(status.runs)
        // Of tables that were compared to their end.
        json["counts"] = inconclusive.count < tables.count ? found.reported : nil
        json["tables"] = .array(tables.map(\.comparedJSON))
        json["differences"] = .array(shown.map { self.json($0) })
        json["errors"] = .array(errors.map { .string($0.text) })
        json["notSeen"] = .array(limits.map { .string($0) })
        json["deadLettersFiles"] = .array(status.deadLettersPaths.map { .string($0) })
        json["outputFile"] = outputFile.map { .string($0) } ?? nil
        json["seconds"] = JSON(status.elapsed.inSeconds)
        json["itemsWritten"] = JSON(met.repaired)
        json["deadLetters"] = JSON(met.deadLetters)
        json["cpuSeconds"] = JSON(usage.cpuSeconds)
        json["peakMemoryBytes"] = JSON(usage.peakMemoryBytes)
        return json
    }

    private func json(_ item: DifferenceList.Shown) -> JSON {
        [
            "source": .string(item.source), "target": .string(item.target),
            "kind": .string(item.kind.rawValue), "cause": .string(item.cause.rawValue),
            "key": item.key,
            "repair": item.repair.map { .string($0.word) } ?? nil,
            "attributes": .array(
                item.attributes.map { attribute in
                    guard arguments.values else { return .string(attribute.name) }
                    return [
                        "name": .string(attribute.name), "source": attribute.source ?? nil,
                        "target": attribute.target ?? nil,
                    ]
                }),
        ]
    }
}

extension TableStatus {
    /// For the report of a verification.
    fileprivate var comparedJSON: JSON {
        var json = json
        for member in comparison?.json.members ?? [] { json[member.name] = member.value }
        json["outcome"] = .string(outcomeText)
        // Of each side; those that are finished are counted over both.
        json["segments"] = JSON(comparison?.segments ?? 0)
        json["segmentsFinished"] = nil
        json["itemsWritten"] = JSON(comparison?.counters.repaired ?? 0)
        json["deadLetters"] = JSON(comparison?.counters.deadLetters ?? 0)
        return json
    }
}
