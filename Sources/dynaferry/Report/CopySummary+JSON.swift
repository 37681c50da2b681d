import JSON
import System
import Transfer

/// One number of a summary, under its name in JSON.
private struct Figure<Value>: Sendable {
    let name: String
    let path: WritableKeyPath<CopySummary, Value> & Sendable

    init(_ name: String, _ path: WritableKeyPath<CopySummary, Value> & Sendable) {
        self.name = name
        self.path = path
    }
}

private let counts: [Figure<Int>] = [
    Figure("itemsRead", \.itemsRead), Figure("itemsWritten", \.itemsWritten),
    Figure("runs", \.runs), Figure("crashes", \.crashes), Figure("itemsInAll", \.itemsInAll),
    Figure("itemsWrittenInAll", \.itemsWrittenInAll), Figure("itemsLeftOut", \.itemsLeftOut),
    Figure("itemsKept", \.itemsKept), Figure("itemsEqual", \.itemsEqual),
    Figure("itemsChanging", \.itemsChanging), Figure("itemsOnlyInTarget", \.itemsOnlyInTarget),
    Figure("deadLetters", \.deadLetters),
    Figure("bytes", \.bytes), Figure("bytesReceived", \.bytesReceived),
    Figure("bytesSent", \.bytesSent), Figure("scanRequests", \.scanRequests),
    Figure("writeRequests", \.writeRequests), Figure("sourceThrottles", \.sourceThrottles),
    Figure("targetThrottles", \.targetThrottles), Figure("itemsRetried", \.itemsRetried),
    Figure("requestsRetried", \.requestsRetried), Figure("segments", \.segments),
    Figure("peakMemoryBytes", \.usage.peakMemoryBytes),
]

private let measures: [Figure<Double>] = [
    Figure("seconds", \.seconds), Figure("readUnits", \.readUnits),
    Figure("writeUnits", \.writeUnits), Figure("cpuSeconds", \.usage.cpuSeconds),
]

extension CopySummary {
    /// The version of the report's form; it grows when a name or a meaning changes.
    package static let formatVersion = 2

    /// The report for programs.
    package var json: JSON {
        var json: JSON = [
            "version": JSON(Self.formatVersion),
            "outcome": .string(outcome.rawValue),
            "exitCode": JSON(Int(outcome.exitCode.rawValue)),
            "source": .string(source),
            "target": .string(target),
            "job": .string(job),
            "error": error.map { .string($0) } ?? nil,
            "hints": .array(hints.map { .string($0) }),
            "deadLettersFile": deadLettersFile.map { .string($0) } ?? nil,
        ]
        if let dollars { json["dollars"] = JSON(dollars) }
        for count in counts { json[count.name] = JSON(self[keyPath: count.path]) }
        for measure in measures { json[measure.name] = JSON(self[keyPath: measure.path]) }
        json["tables"] = .array(tables.map(\.json))
        json["settings"] = settings.json
        json["verification"] = verdict?.json ?? .null
        json["itemsPerSecond"] = JSON(itemsPerSecond)
        json["bytesPerSecond"] = JSON(bytesPerSecond)
        return json
    }

    /// Reads what ``json`` wrote; nil when it is something else.
    package init?(json: JSON) {
        guard json["version"]?.int(in: 0...1_000) == Self.formatVersion,
            let source = json["source"]?.string, let target = json["target"]?.string,
            let outcome = json["outcome"]?.string.flatMap(Outcome.init(rawValue:)),
            let hints = json["hints"]?.array
        else { return nil }
        self.init(source: source, target: target, outcome: outcome)
        error = json["error"]?.string
        job = json["job"]?.string ?? ""
        self.hints = hints.compactMap(\.string)
        settings = SettingsReport(json: json["settings"])
        verdict = CopyVerdict(json: json["verification"])
        deadLettersFile = json["deadLettersFile"]?.string
        for count in counts {
            guard let value = json[count.name]?.int(in: 0 ... .max) else { return nil }
            self[keyPath: count.path] = value
        }
        for measure in measures {
            guard let value = json[measure.name]?.double(in: 0...1e300) else { return nil }
            self[keyPath: measure.path] = value
        }
    }
}
