import Flow
import JSON
import Transfer

extension ProgressSnapshot {
    /// One line for a log or a pipe.
    package func plainLine(_ rates: ProgressRates) -> String {
        let facts = ProgressFacts(self, rates)
        let counters = progress.counters
        let tables = tableCounts.map { counts in
            [counts.done, counts.running, counts.failed].compactMap { $0?.text }
                .joined(separator: ", ")
        }
        guard !worksElsewhere else {
            let parts: [String?] = [
                tables, waiting,
                facts.verified.isEmpty ? nil : facts.verified.joined(separator: ", "),
                isUsual ? nil : phase.rawValue,
            ]
            return parts.compactMap(\.self).joined(separator: ", ")
        }
        let parts: [String?] = [
            tables, facts.items, facts.itemRate, facts.byteRate, facts.read, facts.write,
            counters.scansThrottled + counters.writesThrottled > 0 ? facts.throttles : nil,
            facts.retried, facts.deadLetters, facts.leftOut, facts.kept, facts.remaining, waiting,
            facts.verified.isEmpty ? nil : facts.verified.joined(separator: ", "),
            isUsual ? nil : phase.rawValue,
        ]
        return "\(percent) %: " + parts.compactMap(\.self).joined(separator: ", ")
    }

    /// One JSON object without line breaks; rates are a second, absent ones null.
    package func json(_ rates: ProgressRates) -> JSON {
        var json = progress.json
        json["type"] = "progress"
        json["job"] = status.id.map { .string($0) } ?? nil
        json["phase"] = .string(phase.rawValue)
        json["source"] = .string(source)
        json["target"] = .string(target)
        json["seconds"] = JSON(status.elapsed.inSeconds)
        json["itemsDone"] = JSON(items)
        json["itemsPerSecond"] = Self.number(rates.items)
        json["readUnitsPerSecond"] = Self.number(rates.readUnits)
        json["targetReadUnitsPerSecond"] = Self.number(rates.targetReadUnits)
        json["writeUnitsPerSecond"] = Self.number(rates.writeUnits)
        json["bytesPerSecond"] = Self.number(rates.bytes)
        json["secondsLeft"] = Self.number(rates.remaining.map { $0 / .seconds(1) })
        json["waiting"] = waiting.map { .string($0) } ?? nil
        json["verification"] = verificationJSON(rates)
        json["differences"] = JSON(
            status.tables.lazy.compactMap(\.comparison?.counters.differences).clampedSum)
        json["tables"] = status.tables.count > 1 ? .array(status.tables.map(\.json)) : []
        return json
    }

    private func verificationJSON(_ rates: ProgressRates) -> JSON {
        guard let verifying else { return nil }
        return [
            "itemsRead": JSON(verifying.counters.itemsRead),
            "itemsEstimated": verifying.itemsEstimated.map { JSON($0) } ?? nil,
            "itemsPerSecond": Self.number(rates.verified),
            "fraction": JSON(verifying.fraction),
            "secondsLeft": Self.number(
                rates.verificationRemaining.map { $0 / .seconds(1) }),
        ]
    }

    private static func number(_ value: Double?) -> JSON { value.map { JSON($0) } ?? nil }
}
