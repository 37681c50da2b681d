import Flow
import JSON
import Pacing

/// One figure of a progress, under the name that it has in a job's file and in every output for
/// programs. Units and bytes are those of ``FlowCounters``.
private struct Figure<Value>: Sendable {
    package let name: String
    package let path: WritableKeyPath<FlowProgress, Value> & Sendable

    package init(_ name: String, _ path: WritableKeyPath<FlowProgress, Value> & Sendable) {
        self.name = name
        self.path = path
    }
}

private let counts: [Figure<Int>] = [
    Figure("itemsRead", \.counters.itemsRead), Figure("itemsWritten", \.counters.itemsWritten),
    Figure("itemsDeleted", \.counters.itemsDeleted),
    Figure("deadLetters", \.counters.deadLetters),
    Figure("itemsLeftOut", \.counters.itemsLeftOut),
    Figure("itemsMissing", \.counters.itemsMissing),
    Figure("itemsRewritten", \.counters.itemsRewritten), Figure("itemsKept", \.counters.itemsKept),
    Figure("itemsEqual", \.counters.itemsEqual),
    Figure("itemsChanging", \.counters.itemsChanging),
    Figure("itemsOnlyInTarget", \.counters.itemsOnlyInTarget),
    Figure("bytes", \.counters.storedBytesWritten),
    Figure("jsonBytes", \.counters.jsonBytesWritten), Figure("scanRequests", \.counters.scans),
    Figure("writeRequests", \.counters.writes), Figure("bytesReceived", \.counters.bytesRead),
    Figure("bytesSent", \.counters.bytesSent),
    Figure("sourceThrottles", \.counters.scansThrottled),
    Figure("targetThrottles", \.counters.writesThrottled),
    Figure("itemsUnprocessed", \.counters.itemsUnprocessed),
    Figure("itemsRetried", \.counters.itemsRetried),
    Figure("requestsRetried", \.counters.requestsFailed),
    Figure("segmentsFinished", \.counters.segmentsFinished), Figure("segments", \.segments),
    Figure("scansInFlight", \.scansInFlight), Figure("writesInFlight", \.writesInFlight),
]

private let measures: [Figure<Double>] = [
    Figure("seconds", \.seconds), Figure("fraction", \.fraction),
    Figure("readUnits", \.counters.readUnits),
    Figure("targetReadUnits", \.counters.readUnitsElsewhere),
    Figure("writeUnits", \.counters.writeUnits),
    Figure("readUnitsPerSecond", \.readUnitsPerSecond),
    Figure("targetReadUnitsPerSecond", \.readUnitsPerSecondElsewhere),
    Figure("writeUnitsPerSecond", \.writeUnitsPerSecond),
]

private let limits: [Figure<Double?>] = [
    Figure("readLimit", \.readLimit), Figure("targetReadLimit", \.readLimitElsewhere),
    Figure("writeLimit", \.writeLimit),
]

extension FlowProgress {
    /// How long it has taken.
    package var seconds: Double {
        get { elapsed.inSeconds }
        set { elapsed = .seconds(newValue) }
    }

    /// For programs, and for a job's file.
    package var json: JSON { .object(members) }

    /// Put together at once: each save writes them, and to set a member looks for it first.
    package var members: [JSON.Member] {
        var members: [JSON.Member] = []
        members.reserveCapacity(counts.count + measures.count + limits.count + 8)
        for count in counts { members.append(.init(count.name, JSON(self[keyPath: count.path]))) }
        for measure in measures {
            members.append(.init(measure.name, JSON(self[keyPath: measure.path])))
        }
        for limit in limits {
            members.append(.init(limit.name, self[keyPath: limit.path].map { JSON($0) } ?? .null))
        }
        members.append(.init("itemsEstimated", itemsEstimated.map { JSON($0) } ?? .null))
        members.append(.init("hold", hold.map { .string($0.rawValue) } ?? .null))
        return members
    }

    /// Reads what ``json`` wrote; a figure that is not there stays 0, as in a job of an older
    /// version.
    package init(json: JSON) {
        self.init()
        for count in counts {
            self[keyPath: count.path] = json[count.name]?.int(in: 0...JobProgress.countMax) ?? 0
        }
        for measure in measures {
            self[keyPath: measure.path] = json[measure.name]?.double(in: 0...1e15) ?? 0
        }
        for limit in limits {
            self[keyPath: limit.path] = json[limit.name]?.double(in: 0...1e300)
        }
        itemsEstimated = json["itemsEstimated"]?.int(in: 0...JobProgress.countMax)
        hold = json["hold"]?.string.flatMap(WaitReason.init(rawValue:))
    }
}
