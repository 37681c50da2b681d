import Pacing
import System

/// BatchWriteItem (API reference, BatchWriteItem).
extension Service {
    /// - Parameter fault: of the request: it may leave a share of the writes unprocessed.
    func batchWriteItem(
        _ body: UnsafeRawBufferPointer, _ fault: Fault?, scratch: RequestScratch,
        into output: inout ByteStorage
    ) throws(ServiceError) {
        let now = time.now
        let (tables, requests) = (tables, requests)
        scratch.batch.removeAll()
        // A table that is deleted must not be kept by the last batch that wrote to it.
        defer { scratch.batch.forgetTables() }
        try scratch.batch.read(body, encoder: &scratch.encoder) { name in
            requests.count(.batchWriteItem, table: tables.bareName(name))
            guard let table = tables.table(named: name, at: now), table.servesItems(at: now) else {
                return nil
            }
            return table
        }
        let batch = scratch.batch
        for group in batch.groups { try admitMutation(of: group.table!, .batchWriteItem) }
        let isSized = batch.wantsMetrics
        guard
            !isSized || batch.groups.allSatisfy({ $0.table!.layout.indexes.allSatisfy(\.isGlobal) })
        else { throw .unsupported("ReturnItemCollectionMetrics=SIZE") }

        var unprocessed: [(group: Int, positions: [Int])] = []
        var used: [(group: Int, units: UnitsUsed)] = []
        var reasons: [ServiceError.Reason] = []
        var refusedCount = 0
        for (index, group) in batch.groups.enumerated() {
            let withheld = faults.withhold(fault?.withheldShare ?? 0, of: group.positions)
            let positions =
                withheld.isEmpty
                ? Array(group.positions) : group.positions.filter { !withheld.contains($0) }
            let outcome = group.table!.write(
                batch.writes, at: positions, from: scratch.encoder, now: now)
            refusedCount += outcome.refused.count
            reasons += outcome.reasons
            used.append((index, outcome.used))
            if fault?.spoilsReply == true {
                group.table!.countUnanswered(positions.count - outcome.refused.count)
            }
            let refused = outcome.refused
            guard !withheld.isEmpty || !refused.isEmpty else { continue }
            let left = group.positions.filter { withheld.contains($0) || refused.contains($0) }
            unprocessed.append((index, left))
        }
        if refusedCount == batch.writes.count { throw .throttled(reasons) }
        output.append("{\"UnprocessedItems\":{")
        for (place, left) in unprocessed.enumerated() {
            if place > 0 { output.append(0x2C) }
            write(left.positions, of: batch.groups[left.group], scratch: scratch, to: &output)
        }
        output.append(0x7D)
        if isSized { output.append(",\"ItemCollectionMetrics\":{}") }
        if batch.mode != .none {
            output.append(",\"ConsumedCapacity\":[")
            for (place, entry) in used.enumerated() {
                if place > 0 { output.append(0x2C) }
                let group = batch.groups[entry.group]
                ConsumedCapacity.write(
                    entry.units, of: group.table!, name: group.name, mode: batch.mode, to: &output)
            }
            output.append(0x5D)
        }
        output.append(0x7D)
    }

    /// Writes unprocessed entries, which the service need not spell as they were sent.
    private func write(
        _ positions: [Int], of group: BatchWrites.Group, scratch: RequestScratch,
        to output: inout ByteStorage
    ) {
        output.append(0x22)
        output.append(text: group.name)
        output.append("\":[")
        for (place, position) in positions.enumerated() {
            if place > 0 { output.append(0x2C) }
            let write = scratch.batch.writes[position]
            output.append(
                write.kind == .put ? "{\"PutRequest\":{\"Item\":" : "{\"DeleteRequest\":{\"Key\":")
            let stored = Array(scratch.encoder.output.bytes[write.item.json])
            output.append(array: faults.respelled(stored))
            output.append("}}")
        }
        output.append(0x5D)
    }
}
