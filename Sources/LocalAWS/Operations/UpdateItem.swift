import DynamoModel
import System

/// UpdateItem (API reference): changes to one item, which is made if it is not there.
extension Service {
    func updateItem(
        _ request: Parameters, scratch: RequestScratch, into output: inout ByteStorage
    ) throws(ServiceError) {
        _ = try request.tableName()
        var expressions = try WriteOptions.expressions(of: request, [.update, .condition], scratch)
        let update = try expressions.update().map(ItemUpdate.init)
        let options = try WriteOptions(request, &expressions)
        try expressions.checkAllUsed()
        guard let bytes = request["Key"] else {
            throw .validation("The parameter 'Key' is required but was not present in the request")
        }
        let table = try tables.table(serving: options.name, at: time.now)
        try update?.check(against: table.layout)
        try options.condition?.check(against: table.layout)
        var reader = WireReader(bytes)
        let item = try scratch.encoder.attributes(&reader, layout: table.layout)
        let key = try scratch.encoder.bareKey(of: item, layout: table.layout)
        try admitMutation(of: table, .updateItem)
        let outcome = try table.update(
            key, json: item.json, by: update, if: options.condition, encoder: &scratch.encoder,
            now: time.now)
        try options.check(outcome.write, old: outcome.old)
        options.write(
            attributes: Self.attributes(options.values, update, outcome), outcome.write.used,
            of: table, to: &output)
    }

    /// The attributes that the request wants to see; nil for none.
    private static func attributes(
        _ values: WriteOptions.ReturnValues, _ update: ItemUpdate?, _ outcome: UpdateOutcome
    ) -> [UInt8]? {
        func changed(_ item: [UInt8]?) -> [UInt8]? {
            guard let update, let item else { return nil }
            let part = item.withUnsafeBytes { update.targets.bytes(of: $0) }
            return part.count > 2 ? part : nil
        }
        return switch values {
        case .none: nil
        case .allOld: outcome.old
        case .allNew: outcome.new
        case .updatedOld: changed(outcome.old)
        case .updatedNew: changed(outcome.new)
        }
    }
}
