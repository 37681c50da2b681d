import System

/// PutItem and DeleteItem (API reference): one write, perhaps on a condition.
extension Service {
    func putItem(
        _ request: Parameters, scratch: RequestScratch, into output: inout ByteStorage
    ) throws(ServiceError) {
        let options = try writeOptions(request, scratch)
        guard let bytes = request["Item"] else {
            throw .validation(
                "The parameter 'Item' is required but was not present in the request")
        }
        let table = try tables.table(serving: options.name, at: time.now)
        var reader = WireReader(bytes)
        let layout = table.layout
        let item = try scratch.encoder.attributes(&reader, layout: layout)
        let key = try scratch.encoder.key(of: item, layout: layout, wording: .detailed)
        try admitMutation(of: table, .putItem)
        try perform(
            PendingWrite(kind: .put, item: item, key: key), on: table, options, scratch, &output)
    }

    func deleteItem(
        _ request: Parameters, scratch: RequestScratch, into output: inout ByteStorage
    ) throws(ServiceError) {
        let options = try writeOptions(request, scratch)
        guard let bytes = request["Key"] else {
            throw .validation("The parameter 'Key' is required but was not present in the request")
        }
        let table = try tables.table(serving: options.name, at: time.now)
        var reader = WireReader(bytes)
        let layout = table.layout
        let item = try scratch.encoder.attributes(&reader, layout: layout)
        let key = try scratch.encoder.bareKey(of: item, layout: layout)
        try admitMutation(of: table, .deleteItem)
        try perform(
            PendingWrite(kind: .delete, item: item, key: key), on: table, options, scratch, &output)
    }

    private func writeOptions(
        _ request: Parameters, _ scratch: RequestScratch
    ) throws(ServiceError) -> WriteOptions {
        var expressions = try WriteOptions.expressions(of: request, [.condition], scratch)
        let options = try WriteOptions(request, &expressions)
        try expressions.checkAllUsed()
        guard options.values == .none || options.values == .allOld else {
            throw .validation("Return values set to invalid value")
        }
        return options
    }

    private func perform(
        _ write: PendingWrite, on table: Table, _ options: WriteOptions, _ scratch: RequestScratch,
        _ output: inout ByteStorage
    ) throws(ServiceError) {
        try options.condition?.check(against: table.layout)
        let (outcome, old) = table.write(
            one: write, if: options.condition, from: scratch.encoder, now: time.now)
        try options.check(outcome, old: old)
        options.write(
            attributes: options.values == .allOld ? old : nil, outcome.used, of: table, to: &output)
    }
}
