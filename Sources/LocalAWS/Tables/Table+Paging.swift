import DynamoModel
import Pacing
import System

/// Pages of a Query or Scan.
extension Table {
    /// Appends the items of one page to `output`, with commas between.
    func page(
        _ query: PageQuery, into output: inout ByteStorage, now: Instant
    ) throws(ServiceError) -> PageOutcome {
        try checkReading(hash: query.firstHash, index: query.index, at: now)
        var page = PageBuilder(query, partitions: partitionCount(index: query.index))
        if let index = query.index {
            try read(index: index, query, &page, into: &output, now: now)
        } else {
            itemLock.reading { readTable(query, &page, into: &output) }
        }
        return charge(page, query, at: now)
    }

    private func readTable(
        _ query: PageQuery, _ page: inout PageBuilder, into output: inout ByteStorage
    ) {
        var last: Record?
        store.forEach(of: query) { hash, record in
            if page.add(record.json, size: record.size, hash: hash, to: &output) { return true }
            last = record
            return false
        }
        guard let last else { return }
        let layout = layout
        page.end(
            behind: KeyText.of(last.json, ReadTarget(layout).cursorKeys, layout: layout))
    }

    // MARK: Indexes

    private func read(
        index name: String, _ query: PageQuery, _ page: inout PageBuilder,
        into output: inout ByteStorage, now: Instant
    ) throws(ServiceError) {
        // The layout may change between making the index's store and reading it: then once more.
        while true {
            let isDone = try itemLock.reading { () throws(ServiceError) in
                let target = try readTarget(index: name, at: now)
                guard let index = indexStore(of: target) else { return false }
                readIndex(index, target, query, &page, into: &output)
                return true
            }
            if isDone { return }
            try itemLock.writing { () throws(ServiceError) in
                makeIndexStore(of: try readTarget(index: name, at: now))
            }
        }
    }

    /// What a read of an index, or of the table, is about. The caller holds `itemLock`.
    func readTarget(index name: String?, at now: Instant) throws(ServiceError) -> ReadTarget {
        guard let name else { return ReadTarget(layout) }
        guard let target = ReadTarget(layout, index: name) else {
            throw .validation("The table does not have the specified index: \(name)")
        }
        if case .creating(_, let end)? = indexPhases[name], now < end {
            throw .validation("Cannot read from backfilling global secondary index: \(name)")
        }
        return target
    }

    private func readIndex(
        _ index: IndexStore, _ target: ReadTarget, _ query: PageQuery,
        _ page: inout PageBuilder, into output: inout ByteStorage
    ) {
        let projection = query.fetches ? nil : target.projection
        var last: Record?
        index.store.forEach(of: query) { hash, entry in
            let key = IndexStore.tableKey(of: entry)
            guard let item = store.record(StoreKey.hash(key), key) else { return true }
            if query.fetches { page.countFetch(bytes: item.size) }
            let goesOn: Bool
            if let projection {
                goesOn = projection.bytes(of: item).withUnsafeBytes {
                    page.add($0, size: entry.size, hash: hash, to: &output)
                }
            } else {
                goesOn = page.add(item.json, size: entry.size, hash: hash, to: &output)
            }
            if !goesOn { last = item }
            return goesOn
        }
        guard let last else { return }
        page.end(behind: KeyText.of(last.json, target.cursorKeys, layout: target.layout))
    }

    // MARK: Capacity

    /// What a read of the index is charged to: nil for the table's own account. The caller holds
    /// `accountLock`.
    private func accountPosition(index: String?) -> Int? {
        layout.indexes.firstIndex { $0.name == index && $0.isGlobal }
    }

    func checkReading(
        hash: UInt64, index: String? = nil, at now: Instant
    ) throws(ServiceError) {
        guard rules.isLimited else { return }
        let reason = accountLock.withLock { () -> ServiceError.Reason? in
            guard let index, let position = accountPosition(index: index) else {
                return account.refusalOfReading(hash: hash, at: now).map {
                    .init(reason: "TableRead\($0.rawValue)", resource: arn)
                }
            }
            return indexAccounts[position].refusalOfReading(hash: hash, at: now).map {
                .init(reason: "IndexRead\($0.rawValue)", resource: "\(arn)/index/\(index)")
            }
        }
        if let reason { throw .throttled([reason]) }
    }

    /// How many partitions reads are charged to.
    private func partitionCount(index: String?) -> Int {
        guard hasPartitions else { return 1 }
        return accountLock.withLock {
            accountPosition(index: index).map { indexAccounts[$0].partitionCount }
                ?? account.partitionCount
        }
    }

    /// The page's outcome, with the units that it took.
    private func charge(
        _ page: PageBuilder, _ query: PageQuery, at now: Instant
    ) -> PageOutcome {
        var outcome = page.outcome
        let units = CapacityUnits.scan(bytes: outcome.bytes, consistent: query.isConsistent)
        accountLock.withLock {
            traffic.itemsRead += outcome.scanned
            let position = accountPosition(index: query.index)
            for (hash, share) in page.shares.split(units, first: query.firstHash) {
                if let position {
                    indexAccounts[position].chargeRead(share, hash: hash, at: now)
                } else {
                    account.chargeRead(share, hash: hash, at: now)
                }
            }
            if page.fetchUnits > 0 {
                account.chargeRead(page.fetchUnits, hash: query.firstHash, at: now)
            }
            guard let index = query.index else {
                outcome.used.table = units
                return
            }
            outcome.used.table = page.fetchUnits
            outcome.used.indexes = layout.indexes.map { $0.name == index ? units : 0 }
        }
        return outcome
    }
}
