import DynamoModel
import System

/// GetItem (API reference): an item by its key.
extension Service {
    func getItem(
        _ request: Parameters, scratch: RequestScratch, into output: inout ByteStorage
    ) throws(ServiceError) {
        let name = try request.tableName()
        try request.refuse("AttributesToGet")
        let mode =
            try request.choice("ReturnConsumedCapacity", ReturnConsumedCapacity.self) ?? .none
        let isConsistent = try request.bool("ConsistentRead") ?? false
        guard let bytes = request["Key"] else {
            throw .validation("The parameter 'Key' is required but was not present in the request")
        }
        var expressions = try RequestExpressions(request, [.projection], &scratch.encoder)
        let projection = try expressions.projection()
        try expressions.checkAllUsed()
        let now = time.now
        let table = try tables.table(serving: name, at: now)
        try projection?.check(against: table.layout)
        let key = try scratch.key(bytes, layout: table.layout)
        let found = try table.item(
            key, from: scratch.encoder, isConsistent: isConsistent, projection: projection, now: now
        )
        output.append(0x7B)
        if let json = found?.json {
            output.append("\"Item\":")
            output.append(array: json)
        }
        if mode != .none {
            output.append(found?.json == nil ? "" : ",")
            output.append("\"ConsumedCapacity\":")
            ConsumedCapacity.write(
                UnitsUsed(table: found?.units ?? 0), of: table, name: name, mode: mode, to: &output)
        }
        output.append(0x7D)
    }
}
