import Flow
import JSON

/// How far a job has come over all its runs, as of its last save.
package struct JobProgress: Equatable, Sendable {
    /// Summed over all runs: an item that was copied again after a crash counts each time.
    package var counters = FlowCounters()
    /// Time in which its processes ran, in seconds.
    package var seconds = 0.0
    /// Items that lie before the segments' cursors or are dead letters, and how many there may be.
    package var itemsDone = 0
    package var itemsEstimated: Int?
    /// 0...1.
    package var fraction = 0.0
    /// Runs that ended without a word: what they did after their last save is not counted.
    package var crashes = 0
    /// What a crash now would have copied again: items settled beyond their segments' cursors, and
    /// batches in flight.
    package var itemsAhead = 0
    package var writesInFlight = 0
    /// Of the last seconds.
    package var itemsPerSecond = 0.0
    package var readUnitsPerSecond = 0.0
    package var writeUnitsPerSecond = 0.0
    /// The limits that hold now; nil for none.
    package var readLimit: Double?
    package var writeLimit: Double?
    /// Of a copy: items of the target that its last run has read to verify them, and how many
    /// there may be.
    package var itemsVerified = 0
    package var itemsToVerify: Int?
    /// What holds it back now, in words.
    package var hold: String?

    package init() {}
}

extension JobProgress {
    /// Of a job with these tables. Time is not summed: tables are copied side by side.
    static func sum(_ tables: [JobProgress]) -> JobProgress {
        guard var sum = tables.first else { return JobProgress() }
        for table in tables.dropFirst() { sum.add(table) }
        let total = sum.itemsEstimated ?? 0
        if tables.count > 1 {
            sum.fraction = total > 0 ? min(1, Double(sum.itemsDone) / Double(total)) : 0
        }
        return sum
    }

    private mutating func add(_ table: JobProgress) {
        let segmentsFinished = counters.segmentsFinished + table.counters.segmentsFinished
        counters = counters.after(table.counters)
        counters.segmentsFinished = segmentsFinished
        itemsDone += table.itemsDone
        itemsEstimated = Self.sum(itemsEstimated, table.itemsEstimated)
        itemsVerified += table.itemsVerified
        // Tables of which nothing has been verified may never be.
        if let more = table.itemsToVerify { itemsToVerify = (itemsToVerify ?? 0) + more }
        itemsAhead += table.itemsAhead
        writesInFlight += table.writesInFlight
        itemsPerSecond += table.itemsPerSecond
        readUnitsPerSecond += table.readUnitsPerSecond
        writeUnitsPerSecond += table.writeUnitsPerSecond
        readLimit = Self.sum(readLimit, table.readLimit)
        writeLimit = Self.sum(writeLimit, table.writeLimit)
        hold = hold == table.hold ? hold : nil
    }

    /// Nothing is under way any more.
    mutating func rest() {
        (itemsPerSecond, readUnitsPerSecond, writeUnitsPerSecond) = (0, 0, 0)
        hold = nil
    }

    /// Its limits are no higher than those over all tables.
    mutating func hold(within totals: UnitTotals) {
        if let read = totals.read { readLimit = min(readLimit ?? read, read) }
        if let write = totals.write { writeLimit = min(writeLimit ?? write, write) }
    }

    /// One that is not known, or not limited, is so for all.
    private static func sum<Number: AdditiveArithmetic>(
        _ one: Number?, _ other: Number?
    ) -> Number? {
        guard let one, let other else { return nil }
        return one + other
    }
}

/// One number of a progress, under its name in JSON.
private struct Figure<Value>: Sendable {
    let name: String
    let path: WritableKeyPath<JobProgress, Value> & Sendable

    init(_ name: String, _ path: WritableKeyPath<JobProgress, Value> & Sendable) {
        self.name = name
        self.path = path
    }
}

private let counts: [Figure<Int>] = [
    Figure("itemsDone", \.itemsDone), Figure("crashes", \.crashes),
    Figure("itemsAhead", \.itemsAhead), Figure("itemsVerified", \.itemsVerified),
    Figure("writesInFlight", \.writesInFlight), Figure("itemsRead", \.counters.itemsRead),
    Figure("itemsWritten", \.counters.itemsWritten),
    Figure("deadLetters", \.counters.deadLetters),
    Figure("itemsLeftOut", \.counters.itemsLeftOut), Figure("itemsKept", \.counters.itemsKept),
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
    Figure("segmentsFinished", \.counters.segmentsFinished),
]

private let measures: [Figure<Double>] = [
    Figure("seconds", \.seconds), Figure("fraction", \.fraction),
    Figure("readUnits", \.counters.readUnits), Figure("writeUnits", \.counters.writeUnits),
    Figure("itemsPerSecond", \.itemsPerSecond),
    Figure("readUnitsPerSecond", \.readUnitsPerSecond),
    Figure("writeUnitsPerSecond", \.writeUnitsPerSecond),
]

private let absentable: [Figure<Double?>] = [
    Figure("readLimit", \.readLimit), Figure("writeLimit", \.writeLimit),
]

extension JobProgress {
    package var json: JSON {
        var json: JSON = [:]
        for count in counts { json[count.name] = JSON(self[keyPath: count.path]) }
        for measure in measures { json[measure.name] = JSON(self[keyPath: measure.path]) }
        for limit in absentable {
            json[limit.name] = self[keyPath: limit.path].map { JSON($0) } ?? .null
        }
        json["itemsEstimated"] = itemsEstimated.map { JSON($0) } ?? .null
        json["itemsToVerify"] = itemsToVerify.map { JSON($0) } ?? .null
        json["hold"] = hold.map { .string($0) } ?? .null
        return json
    }

    /// Reads what ``json`` wrote; a figure that is not there stays 0, as in a job of an older
    /// version.
    package init(json: JSON) {
        for count in counts {
            self[keyPath: count.path] = json[count.name]?.int(in: 0...JobFile.countMax) ?? 0
        }
        for measure in measures {
            self[keyPath: measure.path] = json[measure.name]?.double(in: 0...1e300) ?? 0
        }
        for limit in absentable {
            self[keyPath: limit.path] = json[limit.name]?.double(in: 0...1e300)
        }
        itemsEstimated = json["itemsEstimated"]?.int(in: 0...JobFile.countMax)
        itemsToVerify = json["itemsToVerify"]?.int(in: 0...JobFile.countMax)
        hold = json["hold"]?.string
    }
}
