import JSON

/// What makes a table the table it is, as CreateTable takes it.
package struct TableDefinition: Equatable, Sendable {
    package var name: String
    package var attributes: [KeyAttribute]
    package var keys: [KeyElement]
    package var globalIndexes: [IndexDefinition]
    package var localIndexes: [IndexDefinition]
    package var billing: Billing
    /// `STANDARD` or `STANDARD_INFREQUENT_ACCESS`.
    package var tableClass = Self.standardClass
    package var encryption = Encryption.owned
    /// What a stream shows of each change, `NEW_IMAGE` and the like; nil: there is none.
    package var stream: String?
    package var isProtected = false
    /// Write units a second that a new on-demand table is to take from the start, and its indexes;
    /// nil: what the service gives. It is only ever asked for: carried over, it would be bought.
    package var warmWriteUnits: Int?

    /// Write units a second that are paid for when it is made, with its indexes': those beyond what
    /// each of them has for nothing.
    package var warmUnitsBought: Int {
        let more = max(0, (warmWriteUnits ?? 0) - ServiceLimits.onDemandWriteUnits)
        return more * (1 + globalIndexes.count)
    }

    package static let standardClass = "STANDARD"

    package init(
        name: String, attributes: [KeyAttribute], keys: [KeyElement],
        globalIndexes: [IndexDefinition] = [], localIndexes: [IndexDefinition] = [],
        billing: Billing = .onDemand(Throughput())
    ) {
        self.name = name
        self.attributes = attributes
        self.keys = keys
        self.globalIndexes = globalIndexes
        self.localIndexes = localIndexes
        self.billing = billing
    }

    /// A table of just a primary key, on demand.
    package init(name: String, schema: KeySchema) {
        var keys = [KeyElement(attribute: schema.partition.name, role: .partition)]
        if let sort = schema.sort { keys.append(KeyElement(attribute: sort.name, role: .sort)) }
        self.init(
            name: name, attributes: [schema.partition] + (schema.sort.map { [$0] } ?? []),
            keys: keys)
    }
}

extension TableDefinition {
    /// The same with another primary key. Local indexes, which share the partition key, stay where
    /// that stays.
    package func withKeys(_ schema: KeySchema) -> TableDefinition {
        let plain = TableDefinition(name: name, schema: schema)
        var changed = self
        changed.keys = plain.keys
        if keys.first?.attribute != plain.keys.first?.attribute { changed.localIndexes = [] }
        let used = Set(
            (changed.globalIndexes + changed.localIndexes).flatMap(\.keys).map(\.attribute))
        let others = attributes.filter { attribute in
            used.contains(attribute.name)
                && !plain.attributes.contains { $0.name == attribute.name }
        }
        changed.attributes = plain.attributes + others
        return changed
    }
}

/// One element of a key schema. Global indexes may have up to four of each role.
package struct KeyElement: Hashable, Sendable {
    package enum Role: String, Hashable, Sendable {
        case partition = "HASH"
        case sort = "RANGE"
    }

    package var attribute: String
    package var role: Role

    package init(attribute: String, role: Role) {
        self.attribute = attribute
        self.role = role
    }
}

/// Units a second. In provisioned mode what is provisioned; on demand the maxima, where nil means
/// that there is none.
package struct Throughput: Hashable, Sendable {
    package var readUnits: Int?
    package var writeUnits: Int?

    package init(readUnits: Int? = nil, writeUnits: Int? = nil) {
        self.readUnits = readUnits
        self.writeUnits = writeUnits
    }
}

package enum Billing: Hashable, Sendable {
    case provisioned(Throughput)
    case onDemand(Throughput)

    package var isOnDemand: Bool {
        if case .onDemand = self { true } else { false }
    }

    package var throughput: Throughput {
        switch self {
        case .provisioned(let throughput), .onDemand(let throughput): throughput
        }
    }
}

/// Whose key a table's items are encrypted with where they are stored.
package enum Encryption: Hashable, Sendable {
    /// DynamoDB's own, which is not shown.
    case owned
    /// One of KMS's that the account sees. Named by its ARN when one was asked for; nil is the
    /// account's `aws/dynamodb`.
    case kms(key: String?)
}

package struct IndexDefinition: Hashable, Sendable {
    package enum Projection: Hashable, Sendable {
        case all
        case keysOnly
        case include([String])
    }

    package var name: String
    package var keys: [KeyElement]
    package var projection: Projection
    /// Of a global index: its own units, provisioned or maxima as the table's billing says.
    package var throughput: Throughput

    package init(
        name: String, keys: [KeyElement], projection: Projection = .all,
        throughput: Throughput = Throughput()
    ) {
        self.name = name
        self.keys = keys
        self.projection = projection
        self.throughput = throughput
    }
}

extension TableDefinition {
    /// The primary key with its types; nil when the definition has none that makes sense.
    package var schema: KeySchema? {
        func attribute(_ role: KeyElement.Role) -> KeyAttribute? {
            guard let element = keys.first(where: { $0.role == role }) else { return nil }
            return attributes.first { $0.name == element.attribute }
        }
        guard let partition = attribute(.partition) else { return nil }
        return KeySchema(partition: partition, sort: attribute(.sort))
    }
}
