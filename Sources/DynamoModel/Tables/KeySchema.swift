/// The types that a key attribute can have.
package enum ScalarType: String, Hashable, Sendable, CaseIterable {
    case string = "S"
    case number = "N"
    case binary = "B"

    /// The letter that names the type in DynamoDB JSON.
    package var letter: UInt8 { rawValue.utf8.first! }
}

/// One attribute of a key.
package struct KeyAttribute: Hashable, Sendable {
    package var name: String
    package var type: ScalarType

    package init(name: String, type: ScalarType) {
        self.name = name
        self.type = type
    }
}

/// The primary key of a table: a partition key and perhaps a sort key.
package struct KeySchema: Hashable, Sendable {
    package var partition: KeyAttribute
    package var sort: KeyAttribute?

    package init(partition: KeyAttribute, sort: KeyAttribute? = nil) {
        self.partition = partition
        self.sort = sort
    }

    /// The key attributes' names in UTF-8, the partition key's first.
    package var names: [[UInt8]] {
        ([partition] + (sort.map { [$0] } ?? [])).map { Array($0.name.utf8) }
    }
}

extension KeySchema: CustomStringConvertible {
    /// As a person would write it: `pk (S), sk (N)`.
    package var description: String {
        let attributes = [partition] + (sort.map { [$0] } ?? [])
        return attributes.map { "\($0.name) (\($0.type.rawValue))" }.joined(separator: ", ")
    }
}
