import JSON

/// A BatchGetItem reply, read: the items that are there, and the keys that were not looked for yet.
/// A key that was asked for and is in neither has no item.
package struct CutBatchGet: Equatable, Sendable {
    package var items: [ItemSlice] = []
    /// Slices of the reply that hold keys.
    package var unprocessed: [ItemSlice] = []
    /// nil where a server reports none.
    package var consumed: Double?

    package init() {}
}

/// Reads BatchGetItem replies about one table in one validating pass (API reference,
/// BatchGetItem).
package struct BatchGetCutter: Sendable {
    private let keys: KeyNames

    package init(schema: KeySchema) {
        keys = KeyNames(schema)
    }

    /// Reads a whole reply body, which must be followed by ``PageCutter/padding`` zero bytes.
    /// - Throws: for what is no reply to BatchGetItem.
    package func cut(_ reply: UnsafeRawBufferPointer) throws(JSONError) -> CutBatchGet {
        guard reply.count > 0 else { throw JSONError(offset: 0, reason: "empty reply") }
        return try ByteWalk.overItems(reply) { (walk) throws(JSONError) in try cut(&walk) }
    }

    private func cut(_ walk: inout ByteWalk) throws(JSONError) -> CutBatchGet {
        var result = CutBatchGet()
        var (hasResponses, hasUnprocessed) = (false, false)
        try walk.walkReply { (walk, name) throws(JSONError) in
            if walk.equals(name, "Responses") {
                guard !hasResponses else { throw walk.failure("stands twice") }
                hasResponses = true
                try walk.walkObject { (walk, _) throws(JSONError) in
                    try walk.walkArray { (walk) throws(JSONError) in
                        result.items.append(try walk.walkItem(keys))
                    }
                }
            } else if walk.equals(name, "UnprocessedKeys") {
                guard !hasUnprocessed else { throw walk.failure("stands twice") }
                hasUnprocessed = true
                try cutUnprocessed(&walk, into: &result)
            } else if walk.equals(name, "ConsumedCapacity"), walk.peek() == 0x5B {
                result.consumed = nil
                try walk.walkArray { (walk) throws(JSONError) in
                    guard let units = try ConsumedUnits(&walk, in: ServiceRanges.readUnits) else {
                        return
                    }
                    result.consumed = (result.consumed ?? 0) + units.total
                }
            } else {
                try walk.walkValue()
            }
        }
        // Without either it is not known whether a key that is missing has no item.
        guard hasResponses, hasUnprocessed else {
            throw walk.failure("Responses or UnprocessedKeys is missing")
        }
        return result
    }

    /// `{"table": {"Keys": [{...}], ...}}`.
    private func cutUnprocessed(
        _ walk: inout ByteWalk, into result: inout CutBatchGet
    ) throws(JSONError) {
        try walk.walkObject { (walk, _) throws(JSONError) in
            try walk.walkObject { (walk, name) throws(JSONError) in
                guard walk.equals(name, "Keys") else { return try walk.walkValue() }
                try walk.walkArray { (walk) throws(JSONError) in
                    result.unprocessed.append(try walk.walkItem(keys))
                }
            }
        }
    }
}
