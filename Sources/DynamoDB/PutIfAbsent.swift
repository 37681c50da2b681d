import AWS
import Dispatch
import JSON
import System

/// Writes the bodies of one table's PutItem requests that never replace an item: the condition is
/// that there is none of the same key. (API reference, PutItem; guide, "Condition expressions".)
package struct PutIfAbsentRequest: Sendable {
    private let prefix: [UInt8]

    /// - Parameter partitionKey: its name; an item has the attribute whatever its sort key is, and
    ///   the condition is asked of the item of the very key that is put.
    /// - Parameter asksOld: the reply is to have the item that was replaced: there is none unless
    ///   the server does not heed the condition.
    package init(table: String, partitionKey: String, asksOld: Bool) {
        let body = Self.request(table: table, partitionKey: partitionKey, asksOld: asksOld)
        prefix = body.bytes.dropLast() + Array(",\"Item\":".utf8)
    }

    fileprivate static func request(table: String, partitionKey: String, asksOld: Bool) -> JSON {
        var request: JSON = [
            "TableName": .string(table), "ReturnConsumedCapacity": "INDEXES",
            "ConditionExpression": "attribute_not_exists(#key)",
            "ExpressionAttributeNames": ["#key": .string(partitionKey)],
        ]
        if asksOld { request["ReturnValues"] = "ALL_OLD" }
        return request
    }

    /// - Parameter item: its JSON.
    package func write(_ item: UnsafeRawBufferPointer, to body: ByteBuffer) {
        body.removeAll()
        body.append(room: prefix.count + item.count + 1) { room in
            room.copyBytes(from: prefix)
            UnsafeMutableRawBufferPointer(rebasing: room[prefix.count...]).copyMemory(from: item)
            room[prefix.count + item.count] = UInt8(ascii: "}")
            return prefix.count + item.count + 1
        }
    }
}

extension TargetTable {
    /// Servers other than AWS's may do a write whatever its condition says.
    package var mayIgnoreConditions: Bool { client.endpoint.isCustom }

    /// Puts back an item that a write has replaced or deleted although its condition did not hold.
    /// - Returns: what is to be said of it.
    package func putBack(_ old: JSON) async -> AWSError {
        do throws(AWSError) {
            try await put(old)
            return AWSError(ignoredCondition: .putItem, "the item that was there was put back")
        } catch {
            return AWSError(
                ignoredCondition: .putItem,
                "the item that was there could not be put back: \(error.headline)")
        }
    }

    /// Puts one item unless there is one of its key; a repetition of its own may find that there
    /// is. Throws ``AWSError/isConditionFailure`` then.
    package func putIfAbsent(_ item: JSON, partitionKey: String) async throws(AWSError) {
        var body = PutIfAbsentRequest.request(
            table: name, partitionKey: partitionKey, asksOld: mayIgnoreConditions)
        body["Item"] = item
        let reply = try await client.call(.putItem, body, repeatable: true)
        guard let old = reply["Attributes"], old.members?.isEmpty == false else { return }
        throw await putBack(old)
    }
}
