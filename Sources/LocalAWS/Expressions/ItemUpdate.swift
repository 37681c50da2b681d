import DynamoModel

/// An update, ready for the items of a table as they are stored.
struct ItemUpdate {
    private let update: Update
    /// The attributes that it looks at or changes: no others are decoded.
    private let attributes: Set<[UInt8]>
    /// The attributes that it changes, in order.
    private let changed: [[UInt8]]
    /// Whether it does nothing but take away: then it makes no item where there is none.
    let onlyRemoves: Bool
    /// What it changes, for replies that show only this.
    let targets: ItemProjection

    init(_ update: Update) {
        self.update = update
        attributes = update.attributes
        onlyRemoves = update.onlyRemoves
        changed = update.changedAttributes
        targets = ItemProjection(Projection(update.targets))
    }

    /// A key does not change: an item with another would be another item.
    func check(against layout: TableLayout) throws(ServiceError) {
        for name in [layout.schema.partition.name] + (layout.schema.sort.map { [$0.name] } ?? []) {
            guard !changed.contains(Array(name.utf8)) else {
                throw .invalid(
                    "Cannot update attribute \(name). This attribute is part of the key")
            }
        }
    }

    /// The updated item in JSON. What is not changed keeps its spelling.
    ///
    /// - Parameters:
    ///   - key: the key in JSON, `{...}`: all that an item has that is not there yet.
    func applied(
        to record: Record?, key: UnsafeRawBufferPointer
    ) throws(ServiceError) -> [UInt8] {
        let json = record?.json ?? key
        let old = record == nil ? [:] : Self.read(json, only: attributes)
        let new: Item
        do throws(UpdateFailure) { new = try update.applied(to: old) } catch {
            throw error.serviceError
        }
        var output = try Self.members(of: json, except: changed)
        for name in changed {
            guard let value = new[name] else { continue }
            let member = Item(dictionaryLiteral: (name, value)).json.bytes
            output += output.count > 1 ? [0x2C] : []
            output += member.dropFirst().dropLast()
        }
        return output + [0x7D]
    }

    private static func read(_ json: UnsafeRawBufferPointer, only names: Set<[UInt8]>) -> Item {
        do { return try Item(json, only: names) } catch {
            preconditionFailure("a stored item can't be read: \(error)")
        }
    }

    /// The members of an object but for some, without its last brace.
    private static func members(
        of json: UnsafeRawBufferPointer, except names: [[UInt8]]
    ) throws(ServiceError) -> [UInt8] {
        var output: [UInt8] = [0x7B]
        var reader = WireReader(json)
        try reader.members { (reader, name) throws(ServiceError) in
            let value = try reader.skipValue()
            guard !names.contains(name.bytes) else { return }
            output += output.count > 1 ? [0x2C, 0x22] : [0x22]
            output += name.raw
            output += [0x22, 0x3A]
            output += value
        }
        return output
    }
}

extension UpdateFailure {
    fileprivate var serviceError: ServiceError {
        switch self {
        case .noSuchPath:
            .validation(
                "The document path provided in the update expression is invalid for update")
        case .noSuchAttribute:
            .validation(
                "The provided expression refers to an attribute that does not exist in the item")
        case .wrongType:
            .validation("An operand in the update expression has an incorrect data type")
        case .number(let refusal):
            NumberText.refusal(refusal, UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }
}
