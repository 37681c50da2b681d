import DynamoModel

/// The writes of one BatchWriteItem, checked, in the order sent.
struct BatchWrites {
    /// The writes of one member of `RequestItems`.
    struct Group {
        /// The table as the request spelled it.
        let name: String
        /// Nil when there is no such table.
        let table: Table?
        var positions: Range<Int>
    }

    private(set) var writes: [PendingWrite] = []
    private(set) var groups: [Group] = []
    private(set) var mode = ReturnConsumedCapacity.none
    private(set) var wantsMetrics = false

    mutating func removeAll() {
        writes.removeAll(keepingCapacity: true)
        groups.removeAll(keepingCapacity: true)
        mode = .none
        wantsMetrics = false
    }

    mutating func forgetTables() { groups = [] }

    /// Reads a request's body. Whatever is wrong with one write is wrong with the request.
    mutating func read(
        _ body: UnsafeRawBufferPointer, encoder: inout ItemEncoder,
        table: (String) -> Table?
    ) throws(ServiceError) {
        var reader = WireReader(body)
        try reader.members { (reader, name) throws(ServiceError) in
            if reader.takeNull() { return }
            if name.equals("RequestItems") {
                try reader.members { (reader, name) throws(ServiceError) in
                    try readGroup(
                        &reader, name: name.text, encoder: &encoder, table: table(name.text))
                }
            } else {
                try readOption(name, try reader.skipValue())
            }
        }
        try reader.expectEnd()
        try checkCounts()
        guard groups.allSatisfy({ $0.table != nil }) else { throw .noSuchTable }
        try checkDuplicates(encoder)
    }

    private mutating func readOption(
        _ name: WireString, _ value: UnsafeRawBufferPointer
    ) throws(ServiceError) {
        switch name.text {
        case "ReturnConsumedCapacity":
            var reader = WireReader(value)
            let text = try reader.string().text
            guard let mode = ReturnConsumedCapacity(rawValue: text) else {
                throw .constraint(
                    text, at: "returnConsumedCapacity",
                    "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]")
            }
            self.mode = mode
        case "ReturnItemCollectionMetrics":
            var reader = WireReader(value)
            wantsMetrics = try reader.string().text == "SIZE"
        default: break  // The service ignores members that it does not know.
        }
    }

    private mutating func readGroup(
        _ reader: inout WireReader, name: String, encoder: inout ItemEncoder, table: Table?
    ) throws(ServiceError) {
        try TableName.check(name)
        let first = writes.count
        let layout = table?.layout ?? .unknown
        try reader.elements { (reader) throws(ServiceError) in
            let kinds = try readWrite(
                &reader, layout: layout, isKnown: table != nil, encoder: &encoder)
            guard kinds == 1 else {
                throw .validation(
                    "Supplied AttributeValue has more than one datatypes set, must contain "
                        + "exactly one of the supported datatypes")
            }
        }
        groups.append(Group(name: name, table: table, positions: first..<writes.count))
    }

    /// Reads one element; returns how many writes stood in it, which should be one.
    private mutating func readWrite(
        _ reader: inout WireReader, layout: TableLayout, isKnown: Bool,
        encoder: inout ItemEncoder
    ) throws(ServiceError) -> Int {
        var kinds = 0
        try reader.members(wanted: "WriteRequest") { (reader, name) throws(ServiceError) in
            let isPut = name.equals("PutRequest")
            if reader.takeNull() { return }
            guard isPut || name.equals("DeleteRequest") else {
                _ = try reader.skipValue()
                return
            }
            kinds += 1
            var found: EncodedItem?
            let member: StaticString = isPut ? "Item" : "Key"
            try reader.members { (reader, name) throws(ServiceError) in
                guard name.equals(member) else {
                    _ = try reader.skipValue()
                    return
                }
                found = try encoder.attributes(&reader, layout: layout)
            }
            guard let item = found else {
                throw .constraint(
                    nil, at: isPut ? "putRequest.item" : "deleteRequest.key",
                    "Member must not be null")
            }
            guard isKnown else { return }
            let key =
                isPut
                ? try encoder.key(of: item, layout: layout, wording: .terse)
                : try encoder.bareKey(of: item, layout: layout)
            writes.append(PendingWrite(kind: isPut ? .put : .delete, item: item, key: key))
        }
        return kinds
    }

    private func checkCounts() throws(ServiceError) {
        guard !groups.isEmpty else {
            throw .validation("The requestItems parameter is required for BatchWriteItem")
        }
        let isUneven = groups.contains {
            $0.table != nil && !(1...ServiceLimits.batchItemsMax).contains($0.positions.count)
        }
        guard !isUneven else {
            let value = groups.map { "\($0.name)=[\($0.positions.count) requests]" }
            throw .constraint(
                "{\(value.joined(separator: ", "))}", at: "requestItems",
                "Map value must satisfy constraint: [Member must have length less than or equal "
                    + "to 25, Member must have length greater than or equal to 1]")
        }
        guard writes.count <= ServiceLimits.batchItemsMax else {
            throw .validation("Too many items requested for the BatchWriteItem call")
        }
    }

    /// Keys of one table must differ; they are compared as the store spells them, so by value.
    private func checkDuplicates(_ encoder: borrowing ItemEncoder) throws(ServiceError) {
        for group in groups {
            for position in group.positions {
                for other in writes.indices.prefix(position)
                where writes[other].key.hash == writes[position].key.hash {
                    let left = encoder.keys.bytes[writes[other].key.bytes]
                    let right = encoder.keys.bytes[writes[position].key.bytes]
                    let sharesTable = groups.contains {
                        $0.positions.contains(other) && $0.table === group.table
                    }
                    guard !sharesTable || !left.elementsEqual(right) else {
                        throw .validation("Provided list of item keys contains duplicates")
                    }
                }
            }
        }
    }
}
