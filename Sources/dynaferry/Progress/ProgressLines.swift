import JSON

extension ProgressSnapshot {
    /// One line for a log or a pipe.
    package func plainLine(_ rates: ProgressRates) -> String {
        let facts = ProgressFacts(self, rates)
        let parts: [String?] = [
            tableCounts, facts.items, facts.itemRate, facts.byteRate, facts.read, facts.write,
            sourceThrottles + targetThrottles > 0 ? facts.throttles : nil,
            facts.retried, facts.deadLetters, facts.leftOut, facts.kept, facts.remaining, waiting,
            facts.verified.isEmpty ? nil : facts.verified.joined(separator: ", "),
            phase == .copying ? nil : phase.rawValue,
        ]
        return "\(percent) %: " + parts.compactMap(\.self).joined(separator: ", ")
    }

    /// One JSON object without line breaks; rates are a second, absent ones null.
    package func json(_ rates: ProgressRates) -> JSON {
        guard work == .verifying else { return copyJSON(rates) }
        return [
            "phase": .string(phase == .copying ? "verifying" : phase.rawValue),
            "source": .string(source),
            "target": .string(target),
            "elapsedSeconds": JSON(elapsed / .seconds(1)),
            "fraction": JSON(min(max(fraction, 0), 1)),
            "items": JSON(items),
            "itemsEstimate": itemsTotal.map { JSON($0) } ?? nil,
            "itemsPerSecond": Self.number(rates.items),
            "bytes": JSON(bytes),
            "sourceReadUnits": JSON(readUnits),
            "targetReadUnits": JSON(writeUnits),
            "sourceThrottles": JSON(sourceThrottles),
            "targetThrottles": JSON(targetThrottles),
            "segmentsDone": JSON(segmentsDone),
            "segmentsTotal": JSON(segmentsTotal),
            "differences": JSON(differences),
            "tables": tablesJSON,
            "waiting": waiting.map { .string($0) } ?? nil,
            "remainingSeconds": Self.number(rates.remaining.map { $0 / .seconds(1) }),
        ]
    }

    private func copyJSON(_ rates: ProgressRates) -> JSON {
        [
            "phase": .string(phase.rawValue),
            "source": .string(source),
            "target": .string(target),
            "elapsedSeconds": JSON(elapsed / .seconds(1)),
            "fraction": JSON(min(max(fraction, 0), 1)),
            "items": JSON(items),
            "itemsEstimate": itemsTotal.map { JSON($0) } ?? nil,
            "itemsPerSecond": Self.number(rates.items),
            "bytes": JSON(bytes),
            "bytesPerSecond": Self.number(rates.bytes),
            "readUnits": JSON(readUnits),
            "readUnitsPerSecond": Self.number(rates.readUnits),
            "readLimit": Self.number(readLimit),
            "writeUnits": JSON(writeUnits),
            "writeUnitsPerSecond": Self.number(rates.writeUnits),
            "writeLimit": Self.number(writeLimit),
            "scansInFlight": JSON(scansInFlight),
            "writesInFlight": JSON(writesInFlight),
            "segmentsDone": JSON(segmentsDone),
            "segmentsTotal": JSON(segmentsTotal),
            "sourceThrottles": JSON(sourceThrottles),
            "targetThrottles": JSON(targetThrottles),
            "itemsRetried": JSON(itemsRetried),
            "deadLetters": JSON(deadLetters),
            "itemsLeftOut": JSON(itemsLeftOut),
            "itemsKept": JSON(itemsKept),
            "verification": verificationJSON(rates),
            "itemsWritten": itemsWritten.map { JSON($0) } ?? nil,
            "tables": tablesJSON,
            "waiting": waiting.map { .string($0) } ?? nil,
            "remainingSeconds": Self.number(rates.remaining.map { $0 / .seconds(1) }),
        ]
    }

    private func verificationJSON(_ rates: ProgressRates) -> JSON {
        guard let verification else { return nil }
        return [
            "items": JSON(verification.items),
            "itemsEstimate": verification.itemsTotal.map { JSON($0) } ?? nil,
            "itemsPerSecond": Self.number(rates.verified),
            "fraction": JSON(min(max(verification.fraction, 0), 1)),
            "remainingSeconds": Self.number(
                rates.verificationRemaining.map { $0 / .seconds(1) }),
        ]
    }

    private var tablesJSON: JSON {
        .array(
            tables.map {
                [
                    "source": .string($0.name), "state": .string($0.state.rawValue),
                    "items": JSON($0.items), "fraction": JSON($0.fraction),
                ]
            })
    }

    private static func number(_ value: Double?) -> JSON {
        value.map { JSON($0) } ?? nil
    }
}
