import JSON

/// A BatchWriteItem reply, read: what was left unwritten, and what the rest cost.
package struct CutBatchReply: Equatable, Sendable {
    /// The unprocessed puts, and the keys of unprocessed deletes, as slices of the reply's bytes.
    /// They identify items by their keys and serve for nothing else: what is sent again is the item
    /// as the source sent it.
    package var unprocessed: [ItemSlice] = []
    /// nil where a server reports none.
    package var consumed: ConsumedUnits?

    package init() {}
}

/// Reads BatchWriteItem replies in one validating pass.
///
/// An item counts as written only when the reply is a whole, well-formed object that has
/// `UnprocessedItems` and the item is not in it; so everything else is an error here.
package struct BatchReplyCutter: Sendable {
    private let keys: KeyNames

    package init(schema: KeySchema) {
        keys = KeyNames(schema)
    }

    /// Reads a whole reply body, which must be followed by ``PageCutter/padding`` zero bytes.
    /// - Throws: for what is no reply to BatchWriteItem.
    package func cut(_ reply: UnsafeRawBufferPointer) throws(JSONError) -> CutBatchReply {
        guard reply.count > 0 else { throw JSONError(offset: 0, reason: "empty reply") }
        return try ByteWalk.overItems(reply) { (walk) throws(JSONError) in try cut(&walk) }
    }

    private func cut(_ walk: inout ByteWalk) throws(JSONError) -> CutBatchReply {
        var result = CutBatchReply()
        var hasUnprocessed = false
        try walk.walkReply { (walk, name) throws(JSONError) in
            if walk.equals(name, "UnprocessedItems") {
                guard !hasUnprocessed else { throw walk.failure("stands twice") }
                hasUnprocessed = true
                try cutUnprocessed(&walk, into: &result)
            } else if walk.equals(name, "ConsumedCapacity"), walk.peek() == 0x5B {
                result.consumed = nil
                try walk.walkArray { (walk) throws(JSONError) in
                    guard let units = try ConsumedUnits(&walk, in: ServiceRanges.writeUnits) else {
                        return
                    }
                    if result.consumed == nil {
                        result.consumed = units
                    } else {
                        result.consumed?.add(units)
                    }
                }
            } else {
                try walk.walkValue()
            }
        }
        guard hasUnprocessed else { throw walk.failure("UnprocessedItems is missing") }
        return result
    }

    /// `{"table": [{"PutRequest": {"Item": {...}}}, {"DeleteRequest": {"Key": {...}}}, ...]}`; this
    /// copier writes into one table.
    private func cutUnprocessed(
        _ walk: inout ByteWalk, into result: inout CutBatchReply
    ) throws(JSONError) {
        try walk.walkObject { (walk, _) throws(JSONError) in
            try walk.walkArray { (walk) throws(JSONError) in
                if let item = try walkUsualEntry(&walk) {
                    result.unprocessed.append(item)
                } else {
                    result.unprocessed.append(try walkEntry(&walk))
                }
            }
        }
    }

    /// An entry as the service spells it; nil, and nothing is walked over, for others.
    private func walkUsualEntry(_ walk: inout ByteWalk) throws(JSONError) -> ItemSlice? {
        let start = walk.position
        if walk.takeWord("{\"PutRequest\":{\"Item\":") {
            let item = try walk.walkItem(keys)
            if walk.takeWord("}}") { return item }
        } else if walk.takeWord("{\"DeleteRequest\":{\"Key\":") {
            let key = try walk.walkItem(keys)
            if walk.takeWord("}}") { return key }
        }
        walk.position = start
        return nil
    }

    /// An entry in any spelling.
    private func walkEntry(_ walk: inout ByteWalk) throws(JSONError) -> ItemSlice {
        var items: [ItemSlice] = []
        try walk.walkObject { (walk, request) throws(JSONError) in
            let isDelete = walk.equals(request, "DeleteRequest")
            guard isDelete || walk.equals(request, "PutRequest") else {
                throw walk.failure("an unprocessed entry is neither PutRequest nor DeleteRequest")
            }
            try walk.walkObject { (walk, member) throws(JSONError) in
                guard walk.equals(member, isDelete ? "Key" : "Item") else {
                    return try walk.walkValue()
                }
                items.append(try walk.walkItem(keys))
            }
        }
        guard items.count == 1 else {
            throw walk.failure("an unprocessed entry does not hold one item")
        }
        return items[0]
    }
}
