import AWS
import Dispatch
import DynamoModel
import JSON
import System

/// What must hold of an item for a write to be done.
package struct WriteCondition: Equatable, Sendable {
    /// `#0=:0 AND attribute_not_exists(#1)`
    package var expression: String
    /// Attributes' names by their placeholders, `#0`.
    package var names: [JSON.Member]
    /// Values by their placeholders, `:0`.
    package var values: [JSON.Member]

    package init(expression: String, names: [JSON.Member], values: [JSON.Member]) {
        self.expression = expression
        self.names = names
        self.values = values
    }
}

extension WriteCondition {
    /// Whether it holds of an item: each name has its value, or has none where there is no value.
    package func holds(of item: JSON) -> Bool {
        guard item.members?.isEmpty == false else { return true }
        return names.allSatisfy { name in
            guard let attribute = name.value.string else { return false }
            if expression == "attribute_exists(\(name.name))" { return item[attribute] != nil }
            let wanted = values.first { $0.name.dropFirst() == name.name.dropFirst() }?.value
            guard let wanted, let found = item[attribute] else {
                return wanted == nil && item[attribute] == nil
            }
            let (one, other) = (try? AttributeValue(wanted), try? AttributeValue(found))
            return one != nil && one == other
        }
    }
}

/// One item's write, done only while its condition holds. (API reference, PutItem, DeleteItem.)
package struct ConditionalWrite: Equatable, Sendable {
    package enum Change: Equatable, Sendable {
        /// The item's JSON.
        case put([UInt8])
        /// The key's JSON.
        case delete([UInt8])
    }

    package var change: Change
    package var condition: WriteCondition

    package init(_ change: Change, if condition: WriteCondition) {
        self.change = change
        self.condition = condition
    }

    /// Writes the request's body.
    /// - Parameter asksOld: the reply is to have the item that was there.
    package func write(table: String, asksOld: Bool, to body: ByteBuffer) {
        var parameters: JSON = [
            "TableName": .string(table), "ReturnConsumedCapacity": "INDEXES",
            "ConditionExpression": .string(condition.expression),
            "ExpressionAttributeNames": .object(condition.names),
        ]
        if !condition.values.isEmpty {
            parameters["ExpressionAttributeValues"] = .object(condition.values)
        }
        if asksOld { parameters["ReturnValues"] = "ALL_OLD" }
        body.removeAll()
        body.append(Array(parameters.bytes.dropLast()))
        switch change {
        case .put(let item):
            body.append(",\"Item\":")
            body.append(item)
        case .delete(let key):
            body.append(",\"Key\":")
            body.append(key)
        }
        body.append("}")
    }
}

extension TargetTable {
    /// The longest reply to a write of one item: what it consumed, and at most the item that was
    /// there.
    package static let replyBytesMax =
        (1 << 16) + ServiceLimits.itemBytesMax * ServiceLimits.replyBytesPerStoredByteMax

    /// How one item is written.
    package enum OneWrite: Sendable {
        case put
        case delete

        fileprivate var operation: Operation { self == .put ? .putItem : .deleteItem }
    }

    /// One attempt; see ``Client/send(_:body:reply:replyBytesMax:on:repeatable:completion:)``.
    ///
    /// It goes over kept connections, on which libcurl may repeat it: what is refused then has an
    /// unknown outcome (``AWSError/isOutcomeUnknown``).
    package func writeOne(
        _ write: OneWrite, body: ByteBuffer, reply: ByteBuffer, replyBytesMax: Int,
        on queue: DispatchQueue, completion: @escaping @Sendable (Result<Reply, AWSError>) -> Void
    ) {
        client.send(
            write.operation, body: body, reply: reply, replyBytesMax: replyBytesMax, on: queue,
            completion: completion)
    }
}

extension Operation {
    package static let deleteItem = Operation(
        writing: "DeleteItem",
        reply: ReplyShape([
            .optional("Attributes", .item),
            .reported("ConsumedCapacity", .consumed(ServiceRanges.writeUnits)),
        ]))
}
