import JSON
import System

/// Writes items anew as ``ItemChanges`` say: attributes that they don't name go as the bytes that
/// they came in, and are not decoded.
///
/// Not thread-safe: it keeps memory from one item to the next.
package final class ItemRewriter {
    private let changes: any ItemChanging
    private let keys: KeyNames
    private let keyAttributes: [KeyAttribute]
    /// nil: all are read and written.
    private let names: [NamedAttribute]?
    /// The names of those that are written anew.
    private let written: [[UInt8]]?
    private let keyNames: [[UInt8]]
    /// Which of the key's attributes are among what is read.
    private let namedKeys: [Int]
    private let hasOtherKey: Bool
    /// Members that are changed, as they lie in the item.
    private var changed: [Range<Int>] = []
    private var output: [UInt8] = []
    /// Stored bytes of these; nil: not known without another walk.
    private var changedSize: Int? = 0
    /// Where the key's values lie in `output`; 0: nowhere.
    private var keyPlaces = (partition: 0, sort: 0)
    private let matches: PlaceMatches?
    /// Places that no item has had yet, and the names of the item at hand.
    private var unmet: [Int]
    private var met: Set<[UInt8]> = []

    /// - Parameters:
    ///   - keys: of what the items become.
    ///   - source: theirs as they come.
    ///   - matches: nil: they are not counted.
    package init(
        _ changes: any ItemChanging, keys: KeySchema, from source: KeySchema,
        matches: PlaceMatches? = nil
    ) {
        self.changes = changes
        self.matches = matches
        unmet = matches?.open ?? []
        self.keys = KeyNames(keys)
        keyAttributes = [keys.partition] + (keys.sort.map { [$0] } ?? [])
        hasOtherKey = keys != source
        let keyNames = keyAttributes.map { Array($0.name.utf8) }
        self.keyNames = keyNames
        written = changes.names?.filter(\.isChanged).map(\.name)
        let names = changes.names.map { names in
            let others = keys == source ? [] : keyNames
            return names
                + others.filter { name in !names.contains { $0.name == name } }
                .map { NamedAttribute(name: $0, isChanged: false, isRead: true) }
        }
        self.names = names
        namedKeys = keyNames.indices.filter { key in
            names?.contains { $0.name == keyNames[key] } ?? true
        }
    }

    /// Writes one item behind the last byte of the buffer that it lies in.
    /// - Returns: where it lies now; nil: it stays as it is.
    package func rewrite(
        _ slice: ItemSlice, in buffer: ByteBuffer
    ) throws(RewriteFailure) -> ItemSlice? {
        let item: Item
        do throws(JSONError) {
            item = try ByteWalk.overItems(buffer.bytes) { (walk) throws(JSONError) in
                try read(slice, in: buffer.bytes, &walk)
            }
        } catch {
            throw .malformed(error)
        }
        do throws(ItemRefusal) {
            return try rewrite(item, slice, in: buffer)
        } catch {
            throw .refused(error)
        }
    }

    /// - Parameter item: what was read of it.
    private func rewrite(
        _ item: Item, _ slice: ItemSlice, in buffer: ByteBuffer
    ) throws(ItemRefusal) -> ItemSlice? {
        if !unmet.isEmpty, let matches {
            unmet = matches.look(for: unmet) { changes.isMet($0, in: item, named: met) }
        }
        let new: Item
        do throws(ValueFailure) {
            new = try changes.applied(to: item, keys: keyNames)
        } catch {
            throw ItemRefusal("\(error)")
        }
        try checkKey(new)
        guard isChanged(item, to: new) else {
            return hasOtherKey ? try cut(from: Int(slice.offset), in: buffer) : nil
        }
        let size = try write(new, slice, in: buffer.bytes)
        let start = buffer.count
        buffer.append(output)
        do throws(ItemRefusal) {
            guard let size else { return try cut(from: start, in: buffer) }
            return try self.slice(of: size, at: start)
        } catch {
            buffer.truncate(to: start)
            throw error
        }
    }

    private func isChanged(_ item: Item, to new: Item) -> Bool {
        guard let names else { return new != item }
        return !changed.isEmpty || names.contains { $0.isChanged && new[$0.name] != nil }
    }

    /// Decodes what the changes name, and notes where it lies.
    private func read(
        _ slice: ItemSlice, in bytes: UnsafeRawBufferPointer, _ walk: inout ByteWalk
    ) throws(JSONError) -> Item {
        changed.removeAll(keepingCapacity: true)
        changedSize = 0
        met.removeAll(keepingCapacity: true)
        var item: Item = [:]
        walk.position = walk.base + Int(slice.offset)
        try walk.expect(0x7B)
        if walk.take(0x7D) { return item }
        repeat {
            _ = walk.peek()
            let start = walk.offset
            let name = try walk.walkString()
            try walk.expect(0x3A)
            guard let names else {
                item[walk.unescaped(name)] = try NamedAttributes.value(&walk, in: bytes)
                changed.append(start..<walk.offset)
                changedSize = nil
                continue
            }
            guard let known = names.first(where: { walk.equals(name, $0.name) }) else {
                try walk.walkValue()
                continue
            }
            if !unmet.isEmpty { met.insert(known.name) }
            var size = known.name.count
            if known.isRead {
                let value = try NamedAttributes.value(&walk, in: bytes)
                item[known.name] = value
                size += ItemSize.of(value)
            } else {
                size += try walk.walkAttribute()
            }
            guard known.isChanged else { continue }
            changed.append(start..<walk.offset)
            changedSize = changedSize.map { $0 + size }
        } while walk.take(0x2C)
        return item
    }

    /// Puts the item together: runs of members that stay, and behind them those that were changed.
    /// - Returns: its stored bytes; nil: not known without another walk.
    private func write(
        _ new: Item, _ slice: ItemSlice, in bytes: UnsafeRawBufferPointer
    ) throws(ItemRefusal) -> Int? {
        keyPlaces = (0, 0)
        var size = hasOtherKey ? nil : changedSize.map { Int(slice.size) - $0 }
        output.removeAll(keepingCapacity: true)
        output.append(0x7B)
        var place = Int(slice.offset) + 1
        for member in changed {
            append(bytes, place, member.lowerBound, slice)
            place = member.upperBound
        }
        append(bytes, place, Int(slice.offset + slice.length) - 1, slice)
        for name in written ?? new.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard let value = new[name] else { continue }
            if output.count > 1 { output.append(0x2C) }
            JSON.write(utf8: name, to: &output)
            output.append(0x3A)
            if name == keyNames[0] { keyPlaces.partition = output.count }
            if keyNames.count > 1, name == keyNames[1] { keyPlaces.sort = output.count }
            value.write(to: &output)
            // What lists and maps hold is looked at once more, above all how deep they are.
            size = value.isScalar ? size.map { $0 + name.count + ItemSize.of(value) } : nil
            guard output.count <= Self.bytesMax else {
                throw ItemRefusal("the item would be larger than an item can be")
            }
        }
        output.append(0x7D)
        return size
    }

    private func slice(of size: Int, at start: Int) throws(ItemRefusal) -> ItemSlice {
        try Self.check(size)
        return ItemSlice(
            offset: UInt32(start), length: UInt32(output.count), size: UInt32(clamping: size),
            partitionKey: UInt32(start + keyPlaces.partition),
            sortKey: keyPlaces.sort == 0 ? 0 : UInt32(start + keyPlaces.sort))
    }

    private static func check(_ size: Int) throws(ItemRefusal) {
        guard size <= ServiceLimits.itemBytesMax else {
            throw ItemRefusal("the item would have \(size.counted("byte")), which is too large")
        }
    }

    /// No item is as long as JSON.
    private static let bytesMax = 16 * ServiceLimits.itemBytesMax

    /// Adds members without the commas and the white space around them.
    private func append(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ slice: ItemSlice
    ) {
        func isBetween(_ byte: UInt8) -> Bool {
            byte == 0x2C || byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
        }
        var (start, end) = (start, end)
        while start < end, isBetween(bytes[start]) { start += 1 }
        while end > start, isBetween(bytes[end - 1]) { end -= 1 }
        if start == end { return }
        if output.count > 1 { output.append(0x2C) }
        let (partition, sort) = (Int(slice.partitionKey), Int(slice.sortKey))
        if start <= partition, partition < end {
            keyPlaces.partition = output.count + partition - start
        }
        if start <= sort, sort < end { keyPlaces.sort = output.count + sort - start }
        output.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
    }

    // MARK: The key

    private func checkKey(_ new: Item) throws(ItemRefusal) {
        for place in namedKeys {
            let attribute = keyAttributes[place]
            guard let value = new[keyNames[place]] else {
                throw ItemRefusal("the key attribute \(attribute.name) is missing")
            }
            guard value.typeName == attribute.type.rawValue else {
                throw ItemRefusal(
                    "the key attribute \(attribute.name) is \(value.typeInWords), where the table"
                        + " has \(attribute.type.rawValue)")
            }
            if value.isEmpty {
                throw ItemRefusal("the key attribute \(attribute.name) is empty")
            }
            let most =
                place == 0
                ? ServiceLimits.partitionKeyBytesMax : ServiceLimits.sortKeyBytesMax
            guard ItemSize.of(value) <= most else {
                throw ItemRefusal(
                    "the key attribute \(attribute.name) has more than"
                        + " the \(most.counted("byte")) that a key"
                        + " may have")
            }
        }
    }

    private func cut(
        from start: Int, in buffer: ByteBuffer
    ) throws(ItemRefusal) -> ItemSlice {
        let slice: ItemSlice
        do throws(JSONError) {
            slice = try ByteWalk.overItems(buffer.bytes) { walk throws(JSONError) in
                walk.position = walk.base + start
                return try walk.walkItem(keys)
            }
        } catch {
            throw ItemRefusal(error.reason)
        }
        try Self.check(Int(slice.size))
        return slice
    }
}

/// Why an item was not written anew.
package enum RewriteFailure: Error, Equatable, Sendable {
    case refused(ItemRefusal)
    /// The bytes are no item of DynamoDB's.
    case malformed(JSONError)
}

/// Why an item can't be changed. It never shows what the item holds.
package struct ItemRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }

    /// Of one that holds what is no value of DynamoDB's.
    package static let unreadable = ItemRefusal(
        "it holds what is no value of DynamoDB's: a number out of range, or a set with one value"
            + " twice")
}

extension AttributeValue {
    fileprivate var isScalar: Bool {
        switch self {
        case .string, .number, .binary, .bool, .null: true
        case .stringSet, .numberSet, .binarySet, .list, .map: false
        }
    }

    fileprivate var isEmpty: Bool {
        switch self {
        case .string(let bytes), .binary(let bytes): bytes.isEmpty
        default: false
        }
    }

    private static let textStart = Array("{\"S\":".utf8)

    /// Writes DynamoDB JSON.
    fileprivate func write(to output: inout [UInt8]) {
        switch self {
        case .string(let bytes):
            output.append(contentsOf: Self.textStart)
            JSON.write(utf8: bytes, to: &output)
            output.append(0x7D)
        default: output += json.bytes
        }
    }
}
