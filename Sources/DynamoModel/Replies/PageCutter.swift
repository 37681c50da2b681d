import JSON
import System

/// A Scan reply cut into items: ranges of its bytes, never copies of them.
package struct CutPage: Equatable, Sendable {
    package var items: [ItemSlice] = []
    /// Sum of the items' sizes as the service counts them.
    package var storedBytes = 0
    /// Items that were read for it, those that a filter has left out included; nil where a server
    /// does not say.
    package var scanned: Int?
    /// Where `LastEvaluatedKey` lies: the segment goes on after it. Absent on the last page.
    package var lastKey: Range<Int>?
    /// Read units that the service charged; nil where a server reports none.
    package var readUnits: Double?

    package init() {}
}

/// Cuts Scan replies into items in one validating pass.
///
/// The bytes are checked as JSON and as DynamoDB's (types, numbers, keys) while they are walked,
/// so a damaged page is an error and never a wrong slice. The walk also sums each item's size.
/// A page without `Items`, or whose `Count` is absent or another, is an error too.
package struct PageCutter: Sendable {
    private let keys: KeyNames

    package init(schema: KeySchema) {
        keys = KeyNames(schema)
    }

    /// Zero bytes that must be readable behind the bytes that ``cut(_:)`` is given.
    package static let padding = ByteWalk.padding

    /// Cuts a whole reply body, which must be followed by ``padding`` readable zero bytes.
    /// - Throws: for what is no page, with the place and what was expected there.
    package func cut(_ reply: UnsafeRawBufferPointer) throws(JSONError) -> CutPage {
        guard reply.count > 0 else { throw JSONError(offset: 0, reason: "empty reply") }
        return try ByteWalk.overItems(reply) { (walk) throws(JSONError) in try cut(&walk) }
    }

    private func cut(_ walk: inout ByteWalk) throws(JSONError) -> CutPage {
        var page = CutPage()
        var count: Double?
        var hasItems = false
        try walk.walkReply { (walk, name) throws(JSONError) in
            if walk.equals(name, "Items") {
                guard !hasItems else { throw walk.failure("stands twice") }
                hasItems = true
                try cutItems(&walk, into: &page)
            } else {
                try cutOther(name, &walk, into: &page, &count)
            }
        }
        guard hasItems else { throw walk.failure("Items is missing") }
        guard count == Double(page.items.count) else {
            throw walk.failure("Count is not that of Items, \(page.items.count)")
        }
        return page
    }

    /// Reads the reply to a Scan that asked for the number of its items only.
    /// - Throws: for what is no page of counts.
    package func cutCount(
        _ reply: UnsafeRawBufferPointer
    ) throws(JSONError) -> (page: CutPage, items: Int) {
        guard reply.count > 0 else { throw JSONError(offset: 0, reason: "empty reply") }
        return try ByteWalk.overItems(reply) { (walk) throws(JSONError) in try cutCount(&walk) }
    }

    private func cutCount(
        _ walk: inout ByteWalk
    ) throws(JSONError) -> (page: CutPage, items: Int) {
        var page = CutPage()
        var count: Double?
        try walk.walkReply { (walk, name) throws(JSONError) in
            try cutOther(name, &walk, into: &page, &count)
        }
        guard let items = count.flatMap(Int.init(exactly:)) else {
            throw walk.failure("Count is missing, or no number of items")
        }
        return (page, items)
    }

    /// What a page says besides its items. A `LastEvaluatedKey` without members, or null, is none:
    /// the segment has ended.
    private func cutOther(
        _ name: ByteWalk.Text, _ walk: inout ByteWalk, into page: inout CutPage,
        _ count: inout Double?
    ) throws(JSONError) {
        if walk.equals(name, "Count") {
            count = try walk.readNumber(in: Self.counts)
        } else if walk.equals(name, "ScannedCount") {
            page.scanned = try walk.readNumber(in: Self.counts).map { Int(clamping: $0) }
        } else if walk.equals(name, "LastEvaluatedKey") {
            guard page.lastKey == nil else { throw walk.failure("stands twice") }
            page.lastKey = try walk.walkKey(keys)
        } else if walk.equals(name, "ConsumedCapacity") {
            page.readUnits = try ConsumedUnits(&walk, in: ServiceRanges.scanUnits)?.total
        } else {
            try walk.walkValue()
        }
    }

    private static let counts =
        Double(ServiceRanges.pageItems.lowerBound)...Double(ServiceRanges.pageItems.upperBound)

    private func cutItems(_ walk: inout ByteWalk, into page: inout CutPage) throws(JSONError) {
        try walk.expect(0x5B)
        if walk.take(0x5D) { return }
        var size = 0
        repeat {
            let item = try walk.walkItem(keys)
            size += Int(item.size)
            page.items.append(item)
        } while walk.take(0x2C)
        try walk.expect(0x5D)
        page.storedBytes = size
    }
}

extension ByteWalk {
    /// Walks over a key, which must be an object that holds the key attributes; nil for null, and
    /// for an object without members.
    fileprivate mutating func walkKey(_ keys: KeyNames) throws(JSONError) -> Range<Int>? {
        _ = peek()
        let start = offset
        if try takeNothing() { return nil }
        let slice = try walkItem(keys)
        return start..<(start + Int(slice.length))
    }

    /// Walks over an item; nil for null, and for an object without members.
    mutating func walkAttributes() throws(JSONError) -> Range<Int>? {
        _ = peek()
        let start = offset
        if try takeNothing() { return nil }
        try walkObject { (walk, _) throws(JSONError) in try walk.walkValue() }
        return start..<offset
    }

    /// Walks over null, or an object without members, if that comes next.
    private mutating func takeNothing() throws(JSONError) -> Bool {
        if takeWord("null") { return true }
        let start = position
        if take(0x7B), take(0x7D) { return true }
        position = start
        return false
    }

    /// Walks over a whole reply, an object: calls `body` with each member's name; it must walk over
    /// the value. What it throws is said of that member.
    mutating func walkReply(
        _ body: (inout ByteWalk, Text) throws(JSONError) -> Void
    ) throws(JSONError) {
        try walkObject { (walk, name) throws(JSONError) in
            do throws(JSONError) {
                try body(&walk, name)
            } catch {
                let field = String(decoding: walk.bytes(name.range).prefix(60), as: UTF8.self)
                throw JSONError(offset: error.offset, reason: "\(field): \(error.reason)")
            }
        }
        try expectEnd()
    }
}
