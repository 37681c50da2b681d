import DynamoModel
import JSON

private enum ReturnValues: String, CaseIterable {
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

/// PutItem and DeleteItem (API reference): one write, perhaps on a condition.
extension Service {
    func putItem(
        _ request: Parameters, bench: Workbench, into output: inout ByteBuffer
    ) throws(ServiceError) {
        let options = try writeOptions(request, bench)
        guard let bytes = request["Item"] else {
            throw .validation(
                "The parameter 'Item' is required but was not present in the request")
        }
        let table = try tables.table(serving: options.name, at: time.now)
        var reader = WireReader(bytes)
        let item = try bench.encoder.attributes(&reader, layout: table.layout)
        let key = try bench.encoder.key(of: item, layout: table.layout, wording: .detailed)
        try admitMutation(of: table, .putItem)
        try perform(
            PendingWrite(kind: .put, item: item, key: key), on: table, options, bench, &output)
    }

    func deleteItem(
        _ request: Parameters, bench: Workbench, into output: inout ByteBuffer
    ) throws(ServiceError) {
        let options = try writeOptions(request, bench)
        guard let bytes = request["Key"] else {
            throw .validation("The parameter 'Key' is required but was not present in the request")
        }
        let table = try tables.table(serving: options.name, at: time.now)
        var reader = WireReader(bytes)
        let item = try bench.encoder.attributes(&reader, layout: table.layout)
        let key = try bench.encoder.bareKey(of: item, layout: table.layout)
        try admitMutation(of: table, .deleteItem)
        try perform(
            PendingWrite(kind: .delete, item: item, key: key), on: table, options, bench, &output)
    }

    private struct WriteOptions {
        let name: String
        let condition: ItemCondition?
        let wantsOld: Bool
        /// Whether a condition that fails is to show the item that is there.
        let showsOld: Bool
        let mode: ReturnConsumedCapacity
    }

    private func writeOptions(
        _ request: Parameters, _ bench: Workbench
    ) throws(ServiceError) -> WriteOptions {
        let name = try request.tableName()
        try request.refuse("Expected", "ConditionalOperator")
        if try request.string("ReturnItemCollectionMetrics") ?? "NONE" != "NONE" {
            throw .unsupported("ReturnItemCollectionMetrics")
        }
        let values = try request.choice("ReturnValues", ReturnValues.self) ?? .none
        guard values == .none || values == .allOld else {
            throw .validation("Return values set to invalid value")
        }
        let mode = try request.choice("ReturnConsumedCapacity", ReturnConsumedCapacity.self)
        let failureValues = try request.choice(
            "ReturnValuesOnConditionCheckFailure", FailureValues.self)
        var expressions = try RequestExpressions(request, [.condition], &bench.encoder)
        let condition = try expressions.condition(.condition)
        try expressions.checkAllUsed()
        return WriteOptions(
            name: name, condition: condition, wantsOld: values == .allOld,
            showsOld: failureValues == .allOld, mode: mode ?? .none)
    }

    private func perform(
        _ write: PendingWrite, on table: Table, _ options: WriteOptions, _ bench: Workbench,
        _ output: inout ByteBuffer
    ) throws(ServiceError) {
        try options.condition?.check(against: table.layout)
        let (outcome, old) = table.write(
            one: write, if: options.condition, from: bench.encoder, now: time.now)
        guard outcome.refused.isEmpty else { throw .throttled(outcome.reasons) }
        guard !outcome.failedCondition else {
            // What is stored was checked: it is JSON.
            let item = options.showsOld ? old.flatMap { try? JSON(parsing: $0) } : nil
            throw .conditionFailed(item)
        }
        output.append(0x7B)
        if options.wantsOld, let old {
            output.append("\"Attributes\":")
            output.append(array: old)
        }
        if options.mode != .none {
            output.append(options.wantsOld && old != nil ? "," : "")
            output.append("\"ConsumedCapacity\":")
            ConsumedCapacity.write(
                outcome.used, of: table, name: options.name, mode: options.mode, to: &output)
        }
        output.append(0x7D)
    }
}
