import DynamoDB
import DynamoModel
import JSON

extension WriteCondition {
    /// There is no item of this key.
    package static func absent(_ schema: KeySchema) -> WriteCondition {
        WriteCondition(
            expression: "attribute_not_exists(#0)",
            names: [JSON.Member("#0", .string(schema.partition.name))], values: [])
    }

    /// The item still has these values; where it has none, it still lacks the attribute. Of more
    /// attributes than the service's limits allow, the last are left out.
    /// - Parameter schema: the keys, for an item of which nothing else is known.
    package init(unchanged attributes: [(name: String, value: JSON?)], schema: KeySchema) {
        self.init(expression: "", names: [], values: [])
        var bytes = 0
        for (number, attribute) in attributes.enumerated() {
            let (name, place) = (JSON.string(attribute.name), "\(number)")
            let term =
                attribute.value == nil
                ? "attribute_not_exists(#\(place))" : "#\(place)=:\(place)"
            let text = expression.isEmpty ? term : "\(expression) AND \(term)"
            bytes += name.bytes.count + (attribute.value?.bytes.count ?? 0)
            // A term has one operator or function, and an AND before it.
            guard 2 * (names.count + 1) <= ServiceLimits.expressionOperatorsMax,
                text.utf8.count <= ServiceLimits.expressionBytesMax,
                bytes <= ServiceLimits.expressionValuesBytesMax
            else { break }
            expression = text
            names.append(JSON.Member("#\(place)", name))
            if let value = attribute.value { values.append(JSON.Member(":\(place)", value)) }
        }
        guard expression.isEmpty else { return }
        expression = "attribute_exists(#0)"
        names = [JSON.Member("#0", .string(schema.partition.name))]
    }
}
