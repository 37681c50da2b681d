import DynamoModel

/// Turns the conditions of a Query into a range of keys, with the service's checks.
///
/// Each attribute of the partition key must equal something. Those of the sort key may be tested
/// from left to right without a gap, all but the last one tested for equality.
struct KeySelection {
    let range: KeyRange
    private let testsSortKey: Bool

    init(_ conditions: [KeyCondition], of target: ReadTarget) throws(ServiceError) {
        let all = target.partitionKeys + target.sortKeys
        guard conditions.count <= all.count else {
            throw .validation(
                "The number of query conditions (\(conditions.count)) exceeds the number of key "
                    + "attributes defined in the schema (\(all.count))")
        }
        let tests = all.map { position in
            conditions.first { $0.attribute == target.layout.watched[position].name }
        }
        let partition = Array(tests.prefix(target.partitionKeys.count))
        let sort = Array(tests.dropFirst(target.partitionKeys.count))
        try Self.checkNames(partition, sort, count: conditions.count, of: target)
        for (position, condition) in zip(all, tests) {
            guard let condition else { continue }
            try Self.checkValues(condition, at: position, of: target)
        }
        let values = try Self.partitionValues(partition.compactMap { $0?.test })
        try Self.checkSortOrder(sort, of: target)
        let sortTests = sort.compactMap { $0?.test }
        testsSortKey = !sortTests.isEmpty
        range = Self.range(values, sortTests, target)
    }

    /// Every attribute that is tested belongs to the key, and all of the partition key is tested.
    private static func checkNames(
        _ partition: [KeyCondition?], _ sort: [KeyCondition?], count: Int, of target: ReadTarget
    ) throws(ServiceError) {
        let found = (partition + sort).filter { $0 != nil }.count
        let missing =
            partition.firstIndex { $0 == nil }
            ?? (found < count ? sort.firstIndex { $0 == nil }.map { $0 + partition.count } : nil)
        guard let missing else { return }
        let name = target.name((target.partitionKeys + target.sortKeys)[missing])
        throw .validation("Query condition missed key schema element: \(name)")
    }

    private static func checkValues(
        _ condition: KeyCondition, at position: Int, of target: ReadTarget
    ) throws(ServiceError) {
        guard let type = target.layout.watched[position].type else { return }
        for value in condition.values {
            guard AttributeType(of: value) == type else {
                throw .invalid("Condition parameter type does not match schema type")
            }
            try ItemEncoder.checkKeySize(
                value.byteCount, type: type,
                isPartition: target.partitionKeys.contains(position),
                name: target.name(position))
        }
    }

    private static func partitionValues(
        _ tests: [KeyCondition.Test]
    ) throws(ServiceError) -> [AttributeValue] {
        var values: [AttributeValue] = []
        for test in tests {
            guard case .comparison(.equal, let value) = test else {
                throw .validation("Query key condition not supported")
            }
            values.append(value)
        }
        return values
    }

    private static func checkSortOrder(
        _ sort: [KeyCondition?], of target: ReadTarget
    ) throws(ServiceError) {
        guard let last = sort.lastIndex(where: { $0 != nil }) else { return }
        let lacking = (0..<last).filter { place in
            if case .comparison(.equal, _)? = sort[place]?.test { false } else { true }
        }
        guard !lacking.isEmpty else { return }
        let names = lacking.map { target.name(target.sortKeys[$0]) }.joined(separator: ", ")
        throw .validation(
            "RANGE key attributes \(names) must have equality conditions specified in the query "
                + "because a condition is present on key attribute "
                + target.name(target.sortKeys[last]))
    }

    private static func range(
        _ values: [AttributeValue], _ sort: [KeyCondition.Test], _ target: ReadTarget
    ) -> KeyRange {
        let partition = IndexKey.partition(
            values.map { StoreKey.bytes(of: $0) }, values.map { AttributeType(of: $0) })
        guard let last = sort.last else { return KeyRange(partition: partition) }
        var beginning: [UInt8] = []
        for case .comparison(_, let value) in sort.dropLast() {
            beginning += target.spelling.value(value)
        }
        let bounds = SortBounds(last, target.spelling).behind(beginning)
        return KeyRange(partition: partition, lower: bounds.lower, upper: bounds.upper)
    }

    /// A read can only go on within what it reads.
    func check(start key: UnsafeRawBufferPointer) throws(ServiceError) {
        guard !range.contains(key) else { return }
        throw .validation(
            testsSortKey && range.isOfPartition(key)
                ? "The provided starting key does not match the range key predicate"
                : "The provided starting key is outside query boundaries based on provided "
                    + "conditions")
    }
}

extension AttributeValue {
    /// Bytes of a value that a key may have; numbers have no limit of their own.
    fileprivate var byteCount: Int {
        switch self {
        case .string(let bytes), .binary(let bytes): bytes.count
        default: 1
        }
    }
}
