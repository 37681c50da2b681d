import JSON

/// Which items are wanted: a condition as a user writes it.
package struct ItemFilter: Equatable, Sendable {
    /// As it was given.
    package let text: String
    private let condition: Condition
    private let named: NamedAttributes

    package static func == (left: Self, right: Self) -> Bool { left.text == right.text }

    package init(
        _ text: String, _ context: ValueContext = ValueContext()
    ) throws(ExpressionError) {
        self.text = text
        condition = try Condition(withLiterals: text, context)
        named = NamedAttributes(condition.paths.map(\.attribute))
    }

    /// What of it the service can judge; nil: nothing.
    package func pushed(keys: KeySchema) -> ServiceFilter? {
        ServiceFilter(condition, keys: keys)
    }

    package func wants(_ item: Item) -> Bool { condition.holds(for: item) }

    /// Whether an item is wanted.
    /// - Parameter bytes: as ``NamedAttributes/decode(_:in:)`` takes them.
    /// - Throws: when the bytes are no item of DynamoDB's.
    package func wants(
        _ slice: ItemSlice, in bytes: UnsafeRawBufferPointer
    ) throws(JSONError) -> Bool {
        condition.holds(for: try named.decode(slice, in: bytes))
    }
}
