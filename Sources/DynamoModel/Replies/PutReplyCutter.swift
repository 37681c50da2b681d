import JSON

/// Reads replies to a PutItem that asks for its consumed capacity.
///
/// The item counts as written only when the reply is a whole, well-formed object that has
/// `ConsumedCapacity`: without any member it would be no different from what a proxy may make up.
package enum PutReplyCutter {
    /// What the put consumed; nil where the server names no units.
    /// - Parameter reply: a whole body, with the ``PageCutter/padding`` behind it.
    package static func cut(_ reply: UnsafeRawBufferPointer) throws(JSONError) -> ConsumedUnits? {
        guard reply.count > 0 else { throw JSONError(offset: 0, reason: "empty reply") }
        var walk = ByteWalk(reply)
        var consumed: ConsumedUnits?
        var hasConsumed = false
        try walk.walkReply { (walk, name) throws(JSONError) in
            guard walk.equals(name, "ConsumedCapacity") else { return try walk.walkValue() }
            hasConsumed = true
            consumed = try ConsumedUnits(&walk, in: ServiceRanges.writeUnits)
        }
        guard hasConsumed else { throw walk.failure("ConsumedCapacity is missing") }
        return consumed
    }
}
