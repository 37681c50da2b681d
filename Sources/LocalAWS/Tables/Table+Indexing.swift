extension Table {
    /// Puts every item into those indexes of a layout that it belongs to, and counts it there.
    /// Items that lack part of an index's key, or have it with another type, stay out of that
    /// index. The caller holds `itemLock` for writing, and gives the table the layout.
    package func enterItems(into layout: TableLayout) {
        let none = Array(repeating: 0, count: layout.indexes.count)
        census.indexCounts = none
        census.indexBytes = none
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
}
