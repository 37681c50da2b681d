extension Table {
    /// Puts every item into those indexes of a layout that it belongs to, and counts it there.
    /// Items that lack part of an index's key, or have it with another type, stay out of that
    /// index. The caller holds `itemLock` for writing, and gives the table the layout.
    package func enterItems(into layout: TableLayout) {
        let none = Array(repeating: 0, count: layout.indexes.count)
        census.indexCounts = none
        census.indexBytes = none
        indexStores = []
        var encoder = ItemEncoder(keepsNumbers: true)
        store.forEach(from: store.position(from: 0)) { _, record in
            let sizes = IndexChanges.entrySizes(of: record, layout: layout, encoder: &encoder)
            var membership: UInt32 = 0
            for (position, size) in sizes.enumerated() {
                guard let size else { continue }
                membership |= 1 << UInt32(position)
                census.indexCounts[position] += 1
                census.indexBytes[position] += size
            }
            record.header.pointee.indexes = membership
            return true
        }
    }

    // MARK: Stores

    /// The entries of an index; nil when nobody has read it yet. The caller holds `itemLock`.
    func indexStore(of target: ReadTarget) -> IndexStore? {
        guard let position = target.position, indexStores.indices.contains(position) else {
            return nil
        }
        return indexStores[position]
    }

    /// Makes the entries of an index that is read for the first time; from then on writes keep
    /// them. Tables whose indexes nobody reads do not pay for them. The caller holds `itemLock`
    /// for writing.
    ///
    /// Costs a pass over the items.
    func makeIndexStore(of target: ReadTarget) {
        guard let position = target.position, let index = target.index,
            indexStore(of: target) == nil
        else { return }
        if indexStores.isEmpty {
            indexStores = Array(repeating: nil, count: target.layout.indexes.count)
        }
        let entries = IndexStore()
        var encoder = ItemEncoder(keepsNumbers: true)
        store.forEach(from: store.position(from: 0)) { _, record in
            // An item that belongs to the index is marked as such.
            guard record.header.pointee.indexes & 1 << UInt32(position) != 0 else { return true }
            encoder.removeAll()
            var reader = WireReader(record.json)
            guard let item = try? encoder.attributes(&reader, layout: target.layout) else {
                return true
            }
            let key = IndexKey.entry(
                encoder.watched, in: index, target.layout, tableKey: Array(record.key))
            let size = target.layout.entrySize(encoder.watched, whole: item.size, in: index)
            entries.replace(nil, by: key, tableKeyCount: record.key.count, size: size)
            return true
        }
        indexStores[position] = entries
    }
}
