import AWS
import DynamoDB
import DynamoModel
import JSON
import Pacing

/// Whether the service judges a condition as it is judged here: some of a table's first items are
/// read with the filter and without, and judged by both.
struct FilterProof {
    let table: any ReadableTable
    let schema: KeySchema
    let wanted: ItemFilter
    let pushed: ServiceFilter
    let isConsistent: Bool
    /// Units that it has taken, as reported.
    private(set) var units = 0.0
    private(set) var requests = 0

    private static let pages = 3
    /// A few units each: what is found wrong is found in the first items mostly.
    private static let itemsOfPage = 25

    enum Outcome: Equatable {
        case agrees
        /// Why the service is not asked.
        case differs(String)
    }

    init(
        _ table: any ReadableTable, schema: KeySchema, _ wanted: ItemFilter,
        _ pushed: ServiceFilter, isConsistent: Bool
    ) {
        self.table = table
        self.schema = schema
        self.wanted = wanted
        self.pushed = pushed
        self.isConsistent = isConsistent
    }

    mutating func run() async -> Outcome {
        do throws(AWSError) {
            var startKey: JSON?
            for _ in 0..<Self.pages {
                let (all, next) = try await keys(pushed.unfiltered, startKey)
                // An item may change in between: what is so twice is so.
                if try await keys(pushed, startKey).wanted != all,
                    try await keys(pushed, startKey).wanted
                        != keys(pushed.unfiltered, startKey).wanted
                {
                    return .differs("DynamoDB disagrees about which items satisfy it")
                }
                guard let next else { break }
                startKey = next
            }
            return .agrees
        } catch {
            return .differs(error.headline)
        }
    }

    /// The keys of items on a page that satisfy the condition, and where the next one begins.
    private mutating func keys(
        _ filter: ServiceFilter, _ startKey: JSON?
    ) async throws(AWSError) -> (wanted: Set<Item>, next: JSON?) {
        var body: JSON = [
            "TableName": .string(table.name), "Limit": JSON(Self.itemsOfPage),
            "ReturnConsumedCapacity": "TOTAL",
        ]
        if isConsistent { body["ConsistentRead"] = true }
        for member in filter.members { body[member.name] = member.value }
        if let startKey { body["ExclusiveStartKey"] = startKey }
        let operation: ReadOperation = pushed.isQuery ? .query : .scan
        let reply = try await table.reader.call(operation, body)
        requests += 1
        units +=
            reply["ConsumedCapacity"]?["CapacityUnits"]?.double(in: ServiceRanges.scanUnits) ?? 0
        let names = Set(schema.names)
        do {
            let items = try (reply["Items"]?.array ?? []).map { try Item($0) }
            let keys = items.filter(wanted.wants).map { item in
                item.filter { names.contains($0.key) }
            }
            let next = reply["LastEvaluatedKey"]
            return (Set(keys), next?.members?.isEmpty == false ? next : nil)
        } catch {
            throw AWSError(absurd: operation.operation, "Items: \(error)")
        }
    }
}
