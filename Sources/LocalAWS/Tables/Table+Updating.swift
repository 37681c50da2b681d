import DynamoModel
import Pacing

/// What became of an update.
struct UpdateOutcome {
    var write = WriteOutcome()
    /// The item before and after it, as stored; nil for none.
    var old: [UInt8]?
    var new: [UInt8]?
}

extension Table {
    /// Changes the item of a key, or makes it, if its condition holds for what is there.
    ///
    /// - Parameters:
    ///   - key: the key that stands in the encoder, and its JSON there.
    ///   - update: nil for an item with only its key, unless it is there.
    func update(
        _ key: EncodedKey, json keyJSON: Range<Int>, by update: ItemUpdate?,
        if condition: ItemCondition?, encoder: inout ItemEncoder, now: Instant
    ) throws(ServiceError) -> UpdateOutcome {
        var outcome = UpdateOutcome()
        try itemLock.writing { () throws(ServiceError) in
            let bytes = UnsafeRawBufferPointer(rebasing: encoder.keys.bytes[key.bytes])
            let record = store.record(key.hash, bytes)
            outcome.old = record.map { Array($0.json) }
            if condition?.holds(for: record) == false {
                failCondition(hash: key.hash, old: record, outcome: &outcome.write, now: now)
                return
            }
            let keyText = UnsafeRawBufferPointer(rebasing: encoder.output.bytes[keyJSON])
            let new = try update?.applied(to: record, key: keyText) ?? outcome.old ?? Array(keyText)
            if record == nil, update?.onlyRemoves ?? false {
                delete(key, json: keyJSON, encoder, outcome: &outcome.write, now: now)
                return
            }
            outcome.new = try put(new, &encoder, outcome: &outcome.write, now: now)
        }
        accountLock.withLock {
            traffic.itemsRefused += outcome.write.refused.count
            // A refused update leaves nothing new, nor does one that had nothing to remove.
            if outcome.new != nil, outcome.write.refused.isEmpty { traffic.itemsWritten += 1 }
        }
        return outcome
    }

    /// Pays for a change of an item that is not there and stays so. The caller holds `itemLock`.
    private func delete(
        _ key: EncodedKey, json: Range<Int>, _ encoder: borrowing ItemEncoder,
        outcome: inout WriteOutcome, now: Instant
    ) {
        let nothing = EncodedItem(
            source: UnsafeRawBufferPointer(start: nil, count: 0), json: json, size: 0, count: 0,
            firstWatched: 0, layoutVersion: layout.version)
        writeMetered(
            PendingWrite(kind: .delete, item: nothing, key: key), position: 0, from: encoder,
            outcome: &outcome, now: now)
    }

    /// Checks an item and puts it; returns it as it is stored. The caller holds `itemLock`.
    private func put(
        _ json: [UInt8], _ encoder: inout ItemEncoder, outcome: inout WriteOutcome, now: Instant
    ) throws(ServiceError) -> [UInt8] {
        // No closure over the bytes, since the encoder is not copyable.
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: json.count, alignment: 1)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: json)
        var reader = WireReader(UnsafeRawBufferPointer(bytes))
        let item = try encoder.attributes(&reader, layout: layout)
        guard item.size <= ServiceLimits.itemBytesMax else { throw .updateTooLarge }
        let key = try encoder.key(of: item, layout: layout, wording: .detailed)
        writeMetered(
            PendingWrite(kind: .put, item: item, key: key), position: 0, from: encoder,
            outcome: &outcome, now: now)
        return Array(encoder.output.bytes[item.json])
    }
}
