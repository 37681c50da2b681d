import DynamoModel
import LocalAWS
import Pacing
import System

/// The source's side: what a page costs, and whether the table has it.
package struct ModelSource: Sendable {
    package var throughput: ThroughputModel?
    package private(set) var meter: UnitSeries
    package private(set) var throttled = 0

    package init(
        throughput: ThroughputModel? = nil, slot: Duration = .milliseconds(10),
        lasting: Duration = .zero
    ) {
        self.throughput = throughput
        meter = UnitSeries(slot: slot, lasting: lasting)
    }

    /// - Returns: the units charged; nil when the Scan is throttled.
    mutating func scan(bytes: Int, place: Double, at now: Instant) -> Double? {
        let units = CapacityUnits.scan(bytes: bytes, consistent: false)
        if throughput != nil {
            let partition = Int(clamping: place * Double(throughput!.partitionCount))
            guard
                throughput!.refusal(of: nil, partition: partition, second: now.second) == nil
            else {
                throttled += 1
                return nil
            }
            throughput!.spend(units, partition: partition, second: now.second)
        }
        meter.add(units, at: now)
        return units
    }
}

/// The target's side: what each item costs the table and its indexes, and who refuses it.
package struct ModelTarget: Sendable {
    package struct Index: Sendable {
        package let name: String
        /// Stored bytes of one entry; nil: of the item.
        package var entryBytes: Int?
        /// Share of the items that have an entry.
        package var share = 1.0
        package private(set) var meter: UnitSeries

        package init(_ name: String, entryBytes: Int? = nil, share: Double = 1) {
            self.name = name
            self.entryBytes = entryBytes
            self.share = share
            meter = UnitSeries(slot: .milliseconds(10))
        }

        mutating func charge(_ units: Double, at now: Instant) { meter.add(units, at: now) }
    }

    /// What a batch came to: positions refused, and what the rest consumed.
    struct Answer {
        var refused: [Int] = []
        /// The table's and each index's.
        var consumed: [Double] = [0]
    }

    package var throughput: ThroughputModel?
    package var indexes: [Index]
    /// Share of items refused whatever the rate, always or in bursts of `burst` each `burstEvery`.
    package var refusedShare = 0.0
    package var burstEvery: Duration?
    package var burst = Duration.zero
    package private(set) var meter: UnitSeries
    /// By partition, in slots of a second.
    package private(set) var partitionMeters: [UnitSeries]
    package private(set) var items = 0
    /// Items refused.
    package private(set) var refusedMeter: UnitSeries
    package private(set) var refusedItems = 0

    package init(
        throughput: ThroughputModel? = nil, indexes: [Index] = [],
        slot: Duration = .milliseconds(10), lasting: Duration = .zero
    ) {
        self.throughput = throughput
        self.indexes = indexes
        meter = UnitSeries(slot: slot, lasting: lasting)
        refusedMeter = UnitSeries(slot: .milliseconds(100))
        partitionMeters = (0..<(throughput?.partitionCount ?? 0)).map { _ in
            UnitSeries(slot: .seconds(1))
        }
    }

    /// A batch of items that lie at these places of the hash space.
    mutating func write(
        _ places: [Double], of table: ModelTable, at now: Instant,
        _ generator: inout SeededGenerator
    ) -> Answer {
        var answer = Answer()
        if throughput == nil, refusedShare == 0, indexes.isEmpty {
            answer.consumed = [Double(places.count) * table.writeUnits]
            items += places.count
            meter.add(answer.consumed[0], at: now)
            return answer
        }
        let share = refusedShare(at: now)
        var entries = [Double](repeating: 0, count: indexes.count)
        var units = 0.0
        for (position, place) in places.enumerated() {
            let isByChance = share > 0 && generator.unit() < share
            guard !isByChance, admits(table.writeUnits, at: place, now) else {
                answer.refused.append(position)
                continue
            }
            units += table.writeUnits
            for index in indexes.indices {
                if indexes[index].share < 1, generator.unit() >= indexes[index].share { continue }
                let bytes = indexes[index].entryBytes ?? table.itemBytes
                entries[index] += Double(CapacityUnits.write(bytes: bytes))
            }
        }
        items += places.count
        refusedItems += answer.refused.count
        meter.add(units, at: now)
        if !answer.refused.isEmpty { refusedMeter.add(Double(answer.refused.count), at: now) }
        for index in indexes.indices { indexes[index].charge(entries[index], at: now) }
        answer.consumed = [units] + entries
        return answer
    }

    private func refusedShare(at now: Instant) -> Double {
        guard refusedShare > 0, let burstEvery else { return refusedShare }
        let into = now.nanoseconds % burstEvery.inNanoseconds
        return now.nanoseconds >= burstEvery.inNanoseconds && into < burst.inNanoseconds
            ? refusedShare : 0
    }

    private mutating func admits(_ units: Double, at place: Double, _ now: Instant) -> Bool {
        guard throughput != nil else { return true }
        let partition = min(
            Int(clamping: place * Double(throughput!.partitionCount)),
            throughput!.partitionCount - 1)
        let refusal = throughput!.refusal(of: units, partition: partition, second: now.second)
        guard refusal == nil else { return false }
        throughput!.spend(units, partition: partition, second: now.second)
        partitionMeters[partition].add(units, at: now)
        return true
    }
}

extension Instant {
    /// The running second, by which capacity is given out.
    var second: Int64 { nanoseconds / 1_000_000_000 }
}
