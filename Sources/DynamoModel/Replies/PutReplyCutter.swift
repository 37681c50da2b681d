import JSON

/// A reply to a PutItem, read.
package struct CutPut: Equatable, Sendable {
    /// nil where a server reports none that makes sense.
    package var consumed: ConsumedUnits?
    /// Where the item lies that the put has replaced; nil where it has replaced none, or was not
    /// asked for it.
    package var replaced: Range<Int>?

    package init() {}
}

/// Reads replies to a PutItem that asks for its consumed capacity.
///
/// The item counts as written only when the reply is a whole, well-formed object. AWS's always have
/// `ConsumedCapacity`: without any member one would be no different from what a proxy may make up.
package enum PutReplyCutter {
    /// - Parameters:
    ///   - reply: a whole body, with the ``PageCutter/padding`` behind it.
    ///   - mayBeEmpty: it comes from a server that may not report what it consumed.
    /// - Throws: for what is no reply to PutItem.
    package static func cut(
        _ reply: UnsafeRawBufferPointer, mayBeEmpty: Bool
    ) throws(JSONError) -> CutPut {
        guard reply.count > 0 else { throw JSONError(offset: 0, reason: "empty reply") }
        var walk = ByteWalk(reply)
        var put = CutPut()
        var hasConsumed = false
        try walk.walkReply { (walk, name) throws(JSONError) in
            if walk.equals(name, "ConsumedCapacity") {
                hasConsumed = true
                put.consumed = try ConsumedUnits(&walk, in: ServiceRanges.writeUnits)
            } else if walk.equals(name, "Attributes") {
                put.replaced = try walk.walkAttributes()
            } else {
                try walk.walkValue()
            }
        }
        guard hasConsumed || mayBeEmpty else {
            throw walk.failure("ConsumedCapacity is missing")
        }
        return put
    }
}
