import DynamoModel
import System

/// A table to be made and filled before the server starts.
package struct Fill: Equatable, Sendable {
    package typealias Shape = ItemShape

    package var name: String
    package var items: Int
    package var shape: Shape

    package init(name: String, items: Int, shape: Shape = .transactions) {
        self.name = name
        self.items = items
        self.shape = shape
    }

    /// What a fill's text says wrong.
    package struct SyntaxError: Error, Equatable, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Reads `NAME=ITEMS[:SHAPE]`.
    package init(parsing text: String) throws(SyntaxError) {
        let pair = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard pair.count == 2 else {
            throw SyntaxError(description: "'\(text)' is not NAME=ITEMS[:SHAPE]")
        }
        name = String(pair[0])
        guard (try? TableName.check(name)) != nil, !name.hasPrefix("arn:") else {
            throw SyntaxError(
                description: "'\(name)' is not a table's name: 3 to 255 of a-z, A-Z, 0-9, _ . -")
        }
        let count = pair[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let items = Int(count[0]), items >= 0, items <= 1_000_000_000 else {
            throw SyntaxError(description: "'\(count[0])' is no number of items")
        }
        self.items = items
        let shapeName = count.count > 1 ? String(count[1]) : Shape.transactions.rawValue
        guard let shape = Shape(rawValue: shapeName) else {
            let known = Shape.allCases.map(\.rawValue).joined(separator: ", ")
            throw SyntaxError(description: "no shape is called '\(shapeName)'; there are \(known)")
        }
        self.shape = shape
    }

    /// The table that the items go into.
    package var definition: TableDefinition {
        switch shape {
        case .transactions, .collection:
            TableDefinition(
                name: name,
                schema: KeySchema(
                    partition: KeyAttribute(name: "accountId", type: .string),
                    sort: KeyAttribute(name: "sequence", type: .number)))
        default:
            TableDefinition(
                name: name,
                schema: KeySchema(partition: KeyAttribute(name: "pk", type: .string)))
        }
    }
}
