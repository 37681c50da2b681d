import DynamoDB
import DynamoModel
import JSON
import Testing

@testable import Transfer

/// Goal: a repair's condition sees what differs, as far as the service's limits allow.
@Suite struct WriteConditionTests {
    private let schema = KeySchema(partition: KeyAttribute(name: "id", type: .string))

    @Test func `each attribute keeps its value, or stays away`() {
        let condition = WriteCondition(
            unchanged: [("a", ["N": "1"]), ("b", nil), ("size", ["S": "x"])], schema: schema)
        #expect(condition.expression == "#0=:0 AND attribute_not_exists(#1) AND #2=:2")
        #expect(condition.names == [.init("#0", "a"), .init("#1", "b"), .init("#2", "size")])
        #expect(condition.values == [.init(":0", ["N": "1"]), .init(":2", ["S": "x"])])
    }

    @Test func `an item of nothing but its key has to be there`() {
        let condition = WriteCondition(unchanged: [], schema: schema)
        #expect(condition.expression == "attribute_exists(#0)")
        #expect(condition.names == [.init("#0", "id")])
        #expect(WriteCondition.absent(schema).expression == "attribute_not_exists(#0)")
    }

    @Test func `of a thousand attributes those are taken that the limits allow`() {
        let many = (0..<1_000).map { (name: "a\($0)", value: JSON?.none) }
        let condition = WriteCondition(unchanged: many, schema: schema)
        #expect(condition.names.count > 100)
        #expect(2 * condition.names.count <= ServiceLimits.expressionOperatorsMax)
        #expect(condition.expression.utf8.count <= ServiceLimits.expressionBytesMax)
        let large: JSON = ["S": .string(String(repeating: "x", count: 900_000))]
        let few = WriteCondition(
            unchanged: [("a", large), ("b", large), ("c", large)], schema: schema)
        #expect(few.values.count == 2)
    }
}
