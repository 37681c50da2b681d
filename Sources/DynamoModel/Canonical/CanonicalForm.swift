import JSON
import System

/// Writes items in their canonical form: the same bytes for every spelling of the same item.
///
/// Attributes and members of maps stand by name, elements of sets by their bytes, numbers as digits
/// and a power of ten, binary decoded. The guide, "Digest", is the definition.
///
/// Not thread-safe: it writes into memory that it keeps from one item to the next.
package final class CanonicalForm {
    private var memory = CanonicalMemory()
    private let keys: KeyNames

    package init(schema: KeySchema) {
        keys = KeyNames(schema)
    }

    deinit { memory.release() }

    /// Hands `body` the canonical form of an item that a cutter has cut out of `page`, which must
    /// be followed by ``PageCutter/padding`` readable zero bytes.
    /// - Throws: `JSONError` when the bytes are no item.
    package func withItem<Value>(
        _ slice: ItemSlice, in page: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Value
    ) throws(JSONError) -> Value {
        try write(Int(slice.length), page, body) { (writer) throws(JSONError) in
            writer.goto(slice.offset)
            try writer.putMap(depth: 0)
        }
    }

    /// Hands `body` the canonical form of an item that consists of the key attributes alone.
    /// - Throws: `JSONError` when the bytes are no item, or lack the key.
    package func withKey<Value>(
        of slice: ItemSlice, in page: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Value
    ) throws(JSONError) -> Value {
        let names = keys.partition.count + (keys.sort?.count ?? 0)
        return try write(Int(slice.length) + names, page, body) { (writer) throws(JSONError) in
            guard let sort = keys.sort else {
                writer.putHead(0x4D, count: 1)
                return try writer.putMember(keys.partition, at: slice.partitionKey)
            }
            writer.putHead(0x4D, count: 2)
            let isInOrder = keys.partition.lexicographicallyPrecedes(sort)
            if !isInOrder { try writer.putMember(sort, at: slice.sortKey) }
            try writer.putMember(keys.partition, at: slice.partitionKey)
            if isInOrder { try writer.putMember(sort, at: slice.sortKey) }
        }
    }

    @inline(__always)
    private func write<Value>(
        _ length: Int, _ page: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Value,
        _ fill: (inout CanonicalWriter) throws(JSONError) -> Void
    ) throws(JSONError) -> Value {
        memory.reserve(length)
        var writer = CanonicalWriter(page, memory)
        // What has grown meanwhile is kept, whatever comes of the item.
        defer { memory = writer.memory }
        try fill(&writer)
        return body(writer.written)
    }
}

/// The memory that a canonical form is written into.
struct CanonicalMemory {
    private(set) var output = UnsafeMutablePointer<UInt8>.allocate(capacity: 0)
    /// Where pieces lie while they are put in order.
    private(set) var spare = UnsafeMutablePointer<UInt8>.allocate(capacity: 0)
    private var capacity = 0
    /// Members and elements of the maps and sets that are open, those of the innermost last.
    private(set) var pieces = UnsafeMutablePointer<CanonicalPiece>.allocate(capacity: 0)
    private var piecesMax = 0

    /// Bytes that may be written behind the last one, since short texts are copied in blocks.
    static let slack = 64

    /// Makes room for what `length` bytes of JSON become. That is never twice as long: the shortest
    /// spellings are an element `"1",` of a set, four bytes for seven, and an attribute
    /// `"a":{"S":""},`, thirteen for ten.
    mutating func reserve(_ length: Int) {
        let needed = 2 * length + 2 * Self.slack
        guard needed > capacity else { return }
        output.deallocate()
        spare.deallocate()
        capacity = needed + needed / 2
        output = .allocate(capacity: capacity)
        spare = .allocate(capacity: capacity)
    }

    @inline(__always)
    mutating func reserve(pieces count: Int) {
        if count > piecesMax { growPieces(to: count) }
    }

    @inline(never)
    private mutating func growPieces(to count: Int) {
        let grown = UnsafeMutablePointer<CanonicalPiece>.allocate(capacity: max(64, 2 * count))
        grown.moveInitialize(from: pieces, count: piecesMax)
        pieces.deallocate()
        pieces = grown
        piecesMax = max(64, 2 * count)
    }

    func release() {
        output.deallocate()
        spare.deallocate()
        pieces.deallocate()
    }
}
