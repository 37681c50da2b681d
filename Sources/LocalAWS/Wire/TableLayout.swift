import DynamoModel
import Glibc
import System

/// What the encoder of items must know about a table: which attributes matter, and why.
///
/// Never changes: a table that gets or loses an index gets another.
package final class TableLayout: @unchecked Sendable {
    // @unchecked: the memory behind the pointers is written by `init` alone.

    /// An attribute that the table's or an index's key or projection names.
    package struct Watched: Sendable {
        package let name: [UInt8]
        /// The type that it must have, when it belongs to a key.
        package var type: AttributeType?
        /// 0 for the table's partition key, 1 for its sort key.
        package var keyPosition: Int?
        /// The indexes whose key it belongs to, and in which role.
        package var indexRoles: [(index: String, role: KeyElement.Role)] = []

        package init(name: [UInt8], type: AttributeType? = nil, keyPosition: Int? = nil) {
            self.name = name
            self.type = type
            self.keyPosition = keyPosition
        }

        /// Whether a value can be part of an index's key: of its type, and of a length that keys
        /// may have.
        func fits(_ value: ItemEncoder.WatchedValue, isPartition: Bool) -> Bool {
            guard let type, value.type == type else { return false }
            guard type != .number else { return true }
            let limit =
                isPartition ? ServiceLimits.partitionKeyBytesMax : ServiceLimits.sortKeyBytesMax
            return (1...limit).contains(value.size - name.count)
        }
    }

    /// A secondary index, in terms of `watched`.
    package struct Index: Sendable {
        package let name: String
        package let isGlobal: Bool
        /// Positions in `watched` of its key's attributes, partition keys first.
        let keys: [Int]
        let partitionKeys: [Int]
        /// Positions in `watched` of all that it projects; nil for everything.
        let projected: [Int]?

        var sortKeys: [Int] { Array(keys.dropFirst(partitionKeys.count)) }

        package init(
            name: String, isGlobal: Bool, keys: [Int], partitionKeys: [Int], projected: [Int]?
        ) {
            self.name = name
            self.isGlobal = isGlobal
            self.keys = keys
            self.partitionKeys = partitionKeys
            self.projected = projected
        }
    }

    /// Of no table: for items whose table does not exist and that are checked all the same.
    static let unknown = TableLayout(
        schema: KeySchema(partition: KeyAttribute(name: "", type: .string)), version: 0,
        watched: [Watched(name: [], type: .string, keyPosition: 0)], indexes: [])

    package let schema: KeySchema
    /// Which of a table's layouts this is.
    package let version: Int
    let watched: [Watched]
    package let indexes: [Index]
    /// Bit n is set when some watched name is n bytes long (modulo 64).
    private let lengths: UInt64
    /// The watched names once more, one after the other, where no reference is counted.
    private let names: UnsafeMutablePointer<UInt8>
    private let nameEnds: UnsafeMutablePointer<Int>
    private let count: Int

    package init(schema: KeySchema, version: Int, watched: [Watched], indexes: [Index]) {
        self.schema = schema
        self.version = version
        self.watched = watched
        self.indexes = indexes
        lengths = watched.reduce(0) { $0 | 1 << UInt64($1.name.count & 63) }
        count = watched.count
        let bytes = watched.flatMap(\.name)
        names = .allocate(capacity: max(1, bytes.count))
        for (offset, byte) in bytes.enumerated() { names[offset] = byte }
        nameEnds = .allocate(capacity: watched.count + 1)
        nameEnds[0] = 0
        for (place, attribute) in watched.enumerated() {
            nameEnds[place + 1] = nameEnds[place] + attribute.name.count
        }
    }

    deinit {
        names.deallocate()
        nameEnds.deallocate()
    }

    /// The position in `watched` of the attribute of this name; nil when it does not matter.
    @inline(__always)
    func position(of name: WireString) -> Int? {
        guard !name.isEscaped else {
            let name = name.bytes
            return watched.firstIndex { $0.name == name }
        }
        guard lengths & 1 << UInt64(name.count & 63) != 0 else { return nil }
        for place in 0..<count {
            let start = nameEnds[place]
            if nameEnds[place + 1] - start == name.count,
                memcmp(names + start, name.start, name.count) == 0
            {
                return place
            }
        }
        return nil
    }

    /// The attributes of the table's primary key: one or two.
    var keyCount: Int { schema.sort == nil ? 1 : 2 }
}

extension AttributeType {
    package init(_ type: ScalarType) {
        switch type {
        case .string: self = .string
        case .number: self = .number
        case .binary: self = .binary
        }
    }
}
