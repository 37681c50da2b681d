import JSON
import System

/// What a request for one write wants to know of it (API reference, PutItem, UpdateItem).
struct WriteOptions {
    enum ReturnValues: String, CaseIterable {
        case allNew = "ALL_NEW"
        case updatedOld = "UPDATED_OLD"
        case allOld = "ALL_OLD"
        case none = "NONE"
        case updatedNew = "UPDATED_NEW"
    }

    private enum FailureValues: String, CaseIterable {
        case allOld = "ALL_OLD"
        case none = "NONE"
    }

    /// The table as the request spelled it.
    let name: String
    let condition: ItemCondition?
    let values: ReturnValues
    /// Whether a condition that fails is to show the item that is there.
    let showsOld: Bool
    let mode: ReturnConsumedCapacity

    /// The expressions of a write, of these kinds; what the server lacks is refused.
    static func expressions(
        of request: Parameters, _ kinds: [RequestExpressions.Kind], _ scratch: RequestScratch
    ) throws(ServiceError) -> RequestExpressions {
        try request.refuse("Expected", "ConditionalOperator", "AttributeUpdates")
        if try request.string("ReturnItemCollectionMetrics") ?? "NONE" != "NONE" {
            throw .unsupported("ReturnItemCollectionMetrics")
        }
        return try RequestExpressions(request, kinds, &scratch.encoder)
    }

    init(_ request: Parameters, _ expressions: inout RequestExpressions) throws(ServiceError) {
        name = try request.tableName()
        values = try request.choice("ReturnValues", ReturnValues.self) ?? .none
        mode = try request.choice("ReturnConsumedCapacity", ReturnConsumedCapacity.self) ?? .none
        showsOld =
            try request.choice("ReturnValuesOnConditionCheckFailure", FailureValues.self) == .allOld
        condition = try expressions.condition(.condition)
    }

    /// Throws when the write was not made.
    ///
    /// - Parameter old: the item that was there, as it is stored.
    func check(_ outcome: WriteOutcome, old: [UInt8]?) throws(ServiceError) {
        guard outcome.refused.isEmpty else { throw .throttled(outcome.reasons) }
        guard !outcome.failedCondition else {
            // What is stored was checked: it is JSON.
            throw .conditionFailed(showsOld ? old.flatMap { try? JSON(parsing: $0) } : nil)
        }
    }

    /// Writes the reply.
    ///
    /// - Parameter attributes: those that the request wants to see, in JSON.
    func write(
        attributes: [UInt8]?, _ used: UnitsUsed, of table: Table, to output: inout ByteStorage
    ) {
        output.append(0x7B)
        if let attributes {
            output.append("\"Attributes\":")
            output.append(array: attributes)
        }
        if mode != .none {
            output.append(attributes != nil ? "," : "")
            output.append("\"ConsumedCapacity\":")
            ConsumedCapacity.write(used, of: table, name: name, mode: mode, to: &output)
        }
        output.append(0x7D)
    }
}
