/// What a driver keeps of a sink's units: where each has brought its partition, and what the sink
/// wants kept of it.
struct UnitEnds {
    /// By partition.
    private var closed: [Partition: Int] = [:]
    private var ends: [UnitNumber: PartitionRecord] = [:]
    private var records: [UnitNumber: [UInt8]] = [:]

    /// The unit with which a partition's cursor will pass what is settled now.
    func behind(_ partition: Partition) -> UnitID {
        UnitID(partition: partition, ordinal: closed[partition, default: 0])
    }

    /// Nothing more goes into a unit, and its partition stands so behind it.
    mutating func close(_ unit: UnitNumber, at record: PartitionRecord) {
        ends[unit] = record
        closed[record.partition] = unit.ordinal + 1
    }

    mutating func sealed(_ unit: UnitNumber, _ record: [UInt8]) { records[unit] = record }

    /// What a save is to list of these units: those of a partition are in order. One that no item
    /// went into has nothing to be kept.
    mutating func pass(
        _ units: [UnitNumber]
    ) -> (partitions: [PartitionRecord], units: [UnitRecord], ids: [UnitID]) {
        var last: [Partition: PartitionRecord] = [:]
        var listed: [UnitRecord] = []
        var ids: [UnitID] = []
        for unit in units {
            guard let end = ends.removeValue(forKey: unit) else {
                preconditionFailure("\(unit) was never closed")
            }
            last[end.partition] = end
            let id = UnitID(partition: end.partition, ordinal: unit.ordinal)
            ids.append(id)
            if let bytes = records.removeValue(forKey: unit) {
                listed.append(UnitRecord(unit: id, bytes: bytes))
            }
        }
        return (last.values.sorted { $0.partition.name < $1.partition.name }, listed, ids)
    }
}
