import DynamoModel
import System

/// Query (API reference): one page of the items of one partition key, of a table or an index, in
/// the order of their sort keys.
extension Service {
    /// Returns where in `output` the body begins: before the items, whose number is known last.
    func query(
        _ request: Parameters, scratch: RequestScratch, into output: inout ByteStorage
    ) throws(ServiceError) -> Int {
        try request.refuse(
            "KeyConditions", "QueryFilter", "AttributesToGet", "ConditionalOperator")
        var page = try PageRequest(request)
        page.query.isForward = try request.bool("ScanIndexForward") ?? true
        guard request["KeyConditionExpression"] != nil else {
            throw .validation(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified "
                    + "in the request.")
        }
        var expressions = try RequestExpressions(
            request, [.filter, .keyCondition, .projection], &scratch.encoder)
        let condition = try expressions.keyCondition()
        try page.read(&expressions)
        try expressions.checkAllUsed()
        let conditions = try keyConditions(condition)
        let now = time.now
        let table = try tables.table(serving: page.name, at: now)
        let target = try page.target(in: table, at: now)
        let selection = try KeySelection(conditions, of: target)
        try page.query.filter?.checkLeavesKey(of: target)
        page.query.extent = .keys(selection.range)
        if let bytes = request["ExclusiveStartKey"] {
            let start = try scratch.startKey(bytes, of: target, isExplained: false)
            try start.key.withUnsafeBytes { key in
                Result { () throws(ServiceError) in try selection.check(start: key) }
            }.get()
            page.query.start = start
        }
        return try page.answer(from: table, at: now, into: &output)
    }

    private func keyConditions(
        _ condition: Condition?
    ) throws(ServiceError) -> [KeyCondition] {
        do throws(ExpressionError) { return try condition?.keyConditions() ?? [] } catch {
            throw .validation(error.description)
        }
    }
}

extension RequestScratch {
    /// Reads the key behind which a page goes on: the key of an item in its table, and of its entry
    /// in the index that is read.
    ///
    /// - Parameter isExplained: whether the error for a key of other attributes says what is wrong.
    func startKey(
        _ bytes: UnsafeRawBufferPointer, of target: ReadTarget, isExplained: Bool
    ) throws(ServiceError) -> (hash: UInt64, key: [UInt8]) {
        let words = "The provided starting key is invalid"
        do throws(ServiceError) {
            var reader = WireReader(bytes)
            let item = try encoder.attributes(&reader, layout: target.layout)
            let values = encoder.watched[item.firstWatched...]
            let isComplete = target.cursorKeys.allSatisfy {
                values[item.firstWatched + $0].type != nil
            }
            guard isComplete, item.count == target.cursorKeys.count else {
                throw isExplained ? .keyMismatch : .validation("")
            }
            let key = try encoder.tableKey(of: item, layout: target.layout, wording: .terse)
            let tableKey = Array(encoder.keys.bytes[key.bytes])
            guard let index = target.index else { return (key.hash, tableKey) }
            let entry = IndexKey.entry(
                Array(values), in: index, target.layout, tableKey: tableKey)
            guard let entry else { throw .keyMismatch }
            return (entry.withUnsafeBytes(StoreKey.hash), entry)
        } catch {
            guard error.namespace == .validation, let message = error.message else { throw error }
            throw .validation(message.isEmpty ? words : "\(words): \(message)")
        }
    }
}
