import DynamoModel
import Glibc
import Pacing

/// A put or a delete that has been checked and awaits the table. Offsets are into its encoder.
struct PendingWrite {
    enum Kind {
        case put
        case delete
    }

    let kind: Kind
    let item: EncodedItem
    let key: EncodedKey
}

/// Units that a request took: the table's own, and each index's in the order of the layout.
struct UnitsUsed {
    var table = 0.0
    var indexes: [Double] = []

    mutating func addIndexes(_ charges: [IndexCharge]) {
        if indexes.isEmpty { indexes = Array(repeating: 0, count: charges.count) }
        for (index, charge) in charges.enumerated() { indexes[index] += charge.units }
    }
}

/// What became of a table's share of a batch.
struct WriteOutcome {
    var used = UnitsUsed()
    /// Positions in the batch of what capacity refused.
    var refused: [Int] = []
    var reasons: [ServiceError.Reason] = []
    /// Whether a condition kept the write from being made.
    var failedCondition = false
}

extension Table {
    /// Performs the writes at `positions` of a batch, as far as capacity admits each.
    func write(
        _ writes: [PendingWrite], at positions: [Int], from encoder: borrowing ItemEncoder,
        now: Instant
    ) -> WriteOutcome {
        var outcome = WriteOutcome()
        var isPlain = false
        itemLock.writing {
            isPlain = layout.indexes.isEmpty && !rules.isLimited
            for position in positions {
                let write = writes[position]
                if isPlain {
                    let (old, _) = apply(write, from: encoder, indexes: 0)
                    let units = Self.units(write, replacing: old?.size)
                    outcome.used.table += units
                    if let old { heap.release(old) }
                    if hasPartitions { charge(units, write.key.hash, at: now) }
                } else {
                    writeMetered(
                        write, position: position, from: encoder, outcome: &outcome, now: now)
                }
            }
        }
        accountLock.withLock {
            if isPlain, !hasPartitions {
                account.chargeWrite(outcome.used.table, hash: 0, at: now)
            }
            traffic.itemsRefused += outcome.refused.count
            let done = positions.lazy.filter { !outcome.refused.contains($0) }
            let puts = done.filter { writes[$0].kind == .put }.count
            traffic.itemsWritten += puts
            traffic.itemsDeleted += positions.count - outcome.refused.count - puts
        }
        return outcome
    }

    /// Takes note of writes of a batch whose reply the client will not get.
    func countUnanswered(_ count: Int) {
        accountLock.withLock { traffic.itemsUnanswered += count }
    }

    /// Performs one write, if its condition holds for what stands there before, and returns the
    /// bytes of that.
    func write(
        one write: PendingWrite, if condition: ItemCondition? = nil,
        from encoder: borrowing ItemEncoder, now: Instant
    ) -> (outcome: WriteOutcome, old: [UInt8]?) {
        var outcome = WriteOutcome()
        let old = itemLock.writing {
            let key = UnsafeRawBufferPointer(rebasing: encoder.keys.bytes[write.key.bytes])
            let record = store.record(write.key.hash, key)
            let old = record.map { Array($0.json) }
            if condition?.holds(for: record) == false {
                failCondition(hash: write.key.hash, old: record, outcome: &outcome, now: now)
            } else {
                writeMetered(write, position: 0, from: encoder, outcome: &outcome, now: now)
            }
            return old
        }
        accountLock.withLock {
            traffic.itemsRefused += outcome.refused.count
            guard outcome.refused.isEmpty, !outcome.failedCondition else { return }
            if write.kind == .put { traffic.itemsWritten += 1 } else { traffic.itemsDeleted += 1 }
        }
        return (outcome, old)
    }

    /// A write whose condition does not hold is paid by the size of the item that is there, one
    /// unit at least (guide, "Read and write operations"); capacity may refuse it before.
    func failCondition(
        hash: UInt64, old: Record?, outcome: inout WriteOutcome, now: Instant
    ) {
        let units = Double(CapacityUnits.write(bytes: old?.size ?? 0))
        let refusal = accountLock.withLock { () -> ServiceError.Reason? in
            let reason = self.refusal(units, [], layout, hash: hash, at: now)
            if reason == nil { account.chargeWrite(units, hash: hash, at: now) }
            return reason
        }
        if let refusal {
            outcome.refused.append(0)
            outcome.reasons.append(refusal)
        } else {
            outcome.used.table += units
            outcome.failedCondition = true
        }
    }

    /// Puts an item where it belongs, free of charge: for filling tables.
    func place(_ write: PendingWrite, from encoder: borrowing ItemEncoder) {
        itemLock.writing {
            let key = UnsafeRawBufferPointer(rebasing: encoder.keys.bytes[write.key.bytes])
            let changes = IndexChanges(
                write, old: store.record(write.key.hash, key), layout: layout,
                stores: indexStores, encoder: encoder)
            let (old, _) = apply(write, from: encoder, indexes: changes.membership)
            changes.makeInStores()
            changes.count(into: &census)
            if let old { heap.release(old) }
        }
    }

    /// One write with all that may refuse it or that it must pay. The caller holds `itemLock`.
    func writeMetered(
        _ write: PendingWrite, position: Int, from encoder: borrowing ItemEncoder,
        outcome: inout WriteOutcome, now: Instant
    ) {
        let key = UnsafeRawBufferPointer(rebasing: encoder.keys.bytes[write.key.bytes])
        let old = store.record(write.key.hash, key)
        let layout = layout
        let units = Self.units(write, replacing: old?.size)
        let changes = IndexChanges(
            write, old: old, layout: layout, stores: indexStores, encoder: encoder)
        let refusal = accountLock.withLock { () -> ServiceError.Reason? in
            let reason = self.refusal(
                units, changes.charges, layout, hash: write.key.hash, at: now)
            if let reason { return reason }
            account.chargeWrite(
                units + changes.localUnits(layout), hash: write.key.hash, at: now)
            for (index, charge) in changes.charges.enumerated()
            where layout.indexes[index].isGlobal && charge.units > 0 {
                indexAccounts[index].chargeWrite(charge.units, hash: charge.hash, at: now)
            }
            return nil
        }
        if let refusal {
            outcome.refused.append(position)
            if !outcome.reasons.contains(refusal) { outcome.reasons.append(refusal) }
            return
        }
        outcome.used.table += units
        outcome.used.addIndexes(changes.charges)
        let (replaced, _) = apply(write, from: encoder, indexes: changes.membership)
        changes.makeInStores()
        changes.count(into: &census)
        if let replaced { heap.release(replaced) }
    }

    /// Why capacity refuses the write; nil when it does not. The caller holds `accountLock`.
    private func refusal(
        _ units: Double, _ charges: [IndexCharge], _ layout: TableLayout, hash: UInt64,
        at now: Instant
    ) -> ServiceError.Reason? {
        if let refusal = account.refusal(ofWriting: units, hash: hash, at: now) {
            return ServiceError.Reason(reason: "TableWrite\(refusal.rawValue)", resource: arn)
        }
        for (index, charge) in charges.enumerated()
        where layout.indexes[index].isGlobal && charge.units > 0 {
            let refusal = indexAccounts[index].refusal(
                ofWriting: charge.units, hash: charge.hash, at: now)
            guard let refusal else { continue }
            return ServiceError.Reason(
                reason: "IndexWrite\(refusal.rawValue)",
                resource: "\(arn)/index/\(layout.indexes[index].name)")
        }
        return nil
    }

    private func charge(_ units: Double, _ hash: UInt64, at now: Instant) {
        accountLock.withLock { account.chargeWrite(units, hash: hash, at: now) }
    }

    /// Overwriting costs as much as the larger of both, a delete what it deletes (guide, "Read and
    /// write operations").
    private static func units(_ write: PendingWrite, replacing old: Int?) -> Double {
        let new = write.kind == .put ? write.item.size : 0
        return Double(CapacityUnits.write(bytes: max(new, old ?? 0)))
    }

    /// Changes the store; returns the record that went, which the caller releases.
    @inline(__always)
    private func apply(
        _ write: PendingWrite, from encoder: borrowing ItemEncoder, indexes: UInt32
    ) -> (old: Record?, new: Record?) {
        let key = UnsafeRawBufferPointer(rebasing: encoder.keys.bytes[write.key.bytes])
        var new: Record?
        let old: Record?
        switch write.kind {
        case .put:
            let json = UnsafeRawBufferPointer(rebasing: encoder.output.bytes[write.item.json])
            let record = makeRecord(key: key, json: json, size: write.item.size, indexes: indexes)
            old = store.insert(record, hash: write.key.hash)
            census.bytes += write.item.size
            new = record
        case .delete: old = store.remove(write.key.hash, key)
        }
        if let old { census.bytes -= old.size }
        census.count = store.count
        if let history { history.record(write.key.hash, key, old: old, new: new) }
        return (old, new)
    }

    @inline(__always)
    private func makeRecord(
        key: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer, size: Int, indexes: UInt32
    ) -> Record {
        let record = heap.allocate(Record.headerBytes + key.count + json.count)
        record.header.pointee = Record.Header(
            keyCount: UInt32(key.count), jsonCount: UInt32(json.count), size: UInt32(size),
            indexes: indexes)
        let content = record.address + Record.headerBytes
        memcpy(content, key.baseAddress!, key.count)
        memcpy(content + key.count, json.baseAddress!, json.count)
        return record
    }
}
