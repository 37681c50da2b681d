import DynamoModel
import JSON

/// What a write costs one index.
struct IndexCharge: Equatable {
    var units = 0.0
    /// Where in the index's own hash space the write falls.
    var hash: UInt64 = 0
}

/// What one write does to each index of its table (guide, "Global secondary indexes", write
/// capacity; local ones go by the same rules and are charged to the table).
///
/// | entry before | after | units |
/// |---|---|---|
/// | none | none | none |
/// | one side only | | that entry |
/// | yes | its key changed | both entries |
/// | yes | other projected attributes changed | the larger entry |
/// | yes | nothing changed | none |
struct IndexChanges {
    private(set) var charges: [IndexCharge] = []
    /// Bit n is set when the item is in index n afterwards.
    private(set) var membership: UInt32 = 0
    private var countChanges: [Int] = []
    private var byteChanges: [Int] = []

    /// What becomes of an item's entry in an index that has a store.
    private struct EntryChange {
        let index: IndexStore
        let old: [UInt8]?
        let new: [UInt8]?
        let size: Int
    }

    private var entryChanges: [EntryChange] = []
    private var tableKeyCount = 0

    /// - Parameter stores: of the table's indexes, as far as there are any.
    init(
        _ write: PendingWrite, old: Record?, layout: TableLayout, stores: [IndexStore?] = [],
        encoder: borrowing ItemEncoder
    ) {
        guard !layout.indexes.isEmpty else { return }
        let new = write.kind == .delete ? nil : Self.side(write.item, layout, encoder)
        let before = old.flatMap { Self.side(of: $0.json, layout) }
        let tableKey = stores.isEmpty ? [] : Array(encoder.keys.bytes[write.key.bytes])
        tableKeyCount = tableKey.count
        for (position, index) in layout.indexes.enumerated() {
            let newSize = new.flatMap { $0.entrySize(in: index, layout) }
            let oldSize = before.flatMap { $0.entrySize(in: index, layout) }
            var charge = IndexCharge()
            switch (oldSize, newSize) {
            case (nil, nil): break
            case (nil, let size?), (let size?, nil): charge.units = Self.units(size)
            case (let oldSize?, let newSize?):
                charge.units = Self.units(
                    from: before!, oldSize, to: new!, newSize, in: index)
            }
            if let side = newSize != nil ? new : before {
                charge.hash = side.hash(in: index)
            }
            if newSize != nil { membership |= 1 << UInt32(position) }
            charges.append(charge)
            countChanges.append((newSize == nil ? 0 : 1) - (oldSize == nil ? 0 : 1))
            byteChanges.append((newSize ?? 0) - (oldSize ?? 0))
            if stores.indices.contains(position), let store = stores[position] {
                func key(_ side: Side?) -> [UInt8]? {
                    side.flatMap {
                        IndexKey.entry($0.values, in: index, layout, tableKey: tableKey)
                    }
                }
                entryChanges.append(
                    EntryChange(
                        index: store, old: key(before), new: key(new), size: newSize ?? 0))
            }
        }
    }

    /// Brings the stores of the indexes up to date, once the item is in its table.
    func makeInStores() {
        for change in entryChanges {
            change.index.replace(
                change.old, by: change.new, tableKeyCount: tableKeyCount, size: change.size)
        }
    }

    /// The size of a stored item's entry in each index; nil where it has none.
    static func entrySizes(
        of record: Record, layout: TableLayout, encoder: inout ItemEncoder
    ) -> [Int?] {
        encoder.removeAll()
        guard let side = side(of: record.json, layout, &encoder) else {
            return layout.indexes.map { _ in nil }
        }
        return layout.indexes.map { side.entrySize(in: $0, layout) }
    }

    /// Units of the local indexes together.
    func localUnits(_ layout: TableLayout) -> Double {
        var units = 0.0
        for (charge, index) in zip(charges, layout.indexes) where !index.isGlobal {
            units += charge.units
        }
        return units
    }

    func count(into census: inout Table.Census) {
        for position in countChanges.indices {
            census.indexCounts[position] += countChanges[position]
            census.indexBytes[position] += byteChanges[position]
        }
    }

    private static func units(_ size: Int) -> Double { Double(CapacityUnits.write(bytes: size)) }

    private static func units(
        from old: Side, _ oldSize: Int, to new: Side, _ newSize: Int, in index: TableLayout.Index
    ) -> Double {
        if index.keys.contains(where: { !old.isEqual(to: new, at: $0) }) {
            return units(oldSize) + units(newSize)
        }
        let isChanged =
            index.projected.map { $0.contains { !old.isEqual(to: new, at: $0) } }
            ?? !old.isEqual(to: new)
        return isChanged ? units(max(oldSize, newSize)) : 0
    }

    /// An item before or after the write: its size, and its watched attributes.
    private struct Side {
        let size: Int
        let whole: [UInt8]
        let values: [ItemEncoder.WatchedValue]
        /// Each watched value's bytes, which no longer need the item.
        let bytes: [[UInt8]]

        /// The size of its entry in an index; nil when it lacks part of the key, or has something
        /// there that no key can be: only an index younger than the item meets that.
        func entrySize(in index: TableLayout.Index, _ layout: TableLayout) -> Int? {
            guard layout.contains(values, in: index) else { return nil }
            return layout.entrySize(values, whole: size, in: index)
        }

        /// The same hash as that of the entry's key.
        func hash(in index: TableLayout.Index) -> UInt64 {
            let positions = index.partitionKeys
            if positions.count == 1, let text = values[positions[0]].text, !text.isEscaped,
                values[positions[0]].type == .string
            {
                return KeyHash.of(text.start, count: text.count)
            }
            return IndexKey.partition(values, of: index).withUnsafeBytes(StoreKey.hash)
        }

        func isEqual(to other: Side, at position: Int) -> Bool {
            if bytes[position] == other.bytes[position] { return true }
            guard let left = try? AttributeValue(JSON(parsing: bytes[position])),
                let right = try? AttributeValue(JSON(parsing: other.bytes[position]))
            else { return false }
            return left == right
        }

        func isEqual(to other: Side) -> Bool {
            if whole == other.whole { return true }
            guard let left = try? Item(JSON(parsing: whole)),
                let right = try? Item(JSON(parsing: other.whole))
            else { return false }
            return left == right
        }
    }

    /// An item that was read for an older layout than the table has by now is read again.
    private static func side(
        _ item: EncodedItem, _ layout: TableLayout, _ encoder: borrowing ItemEncoder
    ) -> Side? {
        guard item.layoutVersion == layout.version else {
            return side(
                of: UnsafeRawBufferPointer(rebasing: encoder.output.bytes[item.json]), layout)
        }
        let last = item.firstWatched + layout.watched.count
        let values = Array(encoder.watched[item.firstWatched..<last])
        return Side(
            size: item.size, whole: Array(encoder.output.bytes[item.json]), values: values,
            bytes: values.map { Array($0.value) })
    }

    /// Reads a stored item again; it was checked when it was stored.
    private static func side(of json: UnsafeRawBufferPointer, _ layout: TableLayout) -> Side? {
        var encoder = ItemEncoder(keepsNumbers: true)
        return side(of: json, layout, &encoder)
    }

    private static func side(
        of json: UnsafeRawBufferPointer, _ layout: TableLayout, _ encoder: inout ItemEncoder
    ) -> Side? {
        var reader = WireReader(json)
        guard let item = try? encoder.attributes(&reader, layout: layout) else { return nil }
        return side(item, layout, encoder)
    }
}
