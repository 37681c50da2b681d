import JSON

/// A Scan reply cut into items: ranges of its bytes, never copies of them.
package struct CutPage: Equatable, Sendable {
    package var items: [ItemSlice] = []
    /// Sum of the items' sizes as the service counts them.
    package var storedBytes = 0
    /// Where `LastEvaluatedKey` lies: the segment goes on after it. Absent on the last page.
    package var lastKey: Range<Int>?
    /// Read units that the service charged; nil where a server reports none.
    package var readUnits: Double?
    /// Positions of items that have expired, where somebody asked an ``ExpiryRule``.
    package var expired: [Int] = []

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
    package func cut(_ reply: UnsafeRawBufferPointer) throws(JSONError) -> CutPage {
        guard reply.count > 0 else { throw JSONError(offset: 0, reason: "empty reply") }
        var walk = ByteWalk(reply)
        var page = CutPage()
        var count: Double?
        var hasItems = false
        try walk.expect(0x7B)
        if !walk.take(0x7D) {
            repeat {
                let name = try walk.walkString()
                try walk.expect(0x3A)
                if walk.equals(name, "Items") {
                    guard !hasItems else { throw walk.failure("Items stands twice") }
                    hasItems = true
                    try cutItems(&walk, into: &page)
                } else if walk.equals(name, "Count") {
                    count = try walk.readDouble()
                } else if walk.equals(name, "LastEvaluatedKey") {
                    _ = walk.peek()
                    let start = walk.offset
                    page.lastKey = try walk.walkKey(keys, from: start)
                } else if walk.equals(name, "ConsumedCapacity") {
                    page.readUnits = try ConsumedUnits(&walk)?.total
                } else {
                    try walk.walkValue()
                }
            } while walk.take(0x2C)
            try walk.expect(0x7D)
        }
        try walk.expectEnd()
        guard hasItems else { throw walk.failure("the page has no Items") }
        guard count == Double(page.items.count) else {
            throw walk.failure("the page's Count does not agree with its \(page.items.count) items")
        }
        return page
    }

    /// Reads the reply to a Scan that asked for the number of its items only.
    package func cutCount(
        _ reply: UnsafeRawBufferPointer
    ) throws(JSONError) -> (page: CutPage, items: Int) {
        guard reply.count > 0 else { throw JSONError(offset: 0, reason: "empty reply") }
        var walk = ByteWalk(reply)
        var page = CutPage()
        var count: Double?
        try walk.walkObject { (walk, name) throws(JSONError) in
            if walk.equals(name, "Count") {
                count = try walk.readDouble()
            } else if walk.equals(name, "LastEvaluatedKey") {
                _ = walk.peek()
                page.lastKey = try walk.walkKey(keys, from: walk.offset)
            } else if walk.equals(name, "ConsumedCapacity") {
                page.readUnits = try ConsumedUnits(&walk)?.total
            } else {
                try walk.walkValue()
            }
        }
        try walk.expectEnd()
        guard let count, let items = Int(exactly: count), items >= 0 else {
            throw walk.failure("the page has no Count")
        }
        return (page, items)
    }

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
    /// Walks over a key (`LastEvaluatedKey`), which must be an object that holds the key
    /// attributes.
    fileprivate mutating func walkKey(
        _ keys: KeyNames, from start: Int
    ) throws(JSONError) -> Range<Int> {
        let slice = try walkItem(keys)
        return start..<(start + Int(slice.length))
    }
}
