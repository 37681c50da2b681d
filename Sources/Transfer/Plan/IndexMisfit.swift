import DynamoModel

/// Why a table with an index refuses an item: an attribute of the index's key can't be one.
///
/// (Guide, "Global secondary indexes": an item without the attribute is left out of the index; one
/// whose attribute has another type, is empty or is too long is refused. "Managing global secondary
/// indexes": an index that is added later leaves such items out.)
struct IndexMisfit: Hashable, Sendable {
    enum Flaw: Hashable, Sendable {
        /// The index has this type.
        case type(ScalarType)
        case empty
        /// More than so many bytes.
        case tooLong(Int)
    }

    var index: String
    var isLocal: Bool
    var attribute: String
    var flaw: Flaw

    /// `3 of 200 sampled items have a status that is no string, which index by-status refuses`
    /// - Parameters:
    ///   - count: items that have this flaw.
    ///   - all: items that were looked at.
    func text(_ count: Int, of all: Int) -> String {
        let what =
            switch flaw {
            case .type(let type): "a \(attribute) that is no \(type.word)"
            case .empty: "an empty \(attribute)"
            case .tooLong(let most): "a \(attribute) of more than \(most.counted("byte"))"
            }
        return "\(count.grouped) of \(all.counted("sampled item")) \(count == 1 ? "has" : "have")"
            + " \(what), which index \(index) refuses"
    }
}

extension ScalarType {
    fileprivate var word: String {
        switch self {
        case .string: "string"
        case .number: "number"
        case .binary: "binary"
        }
    }
}

extension IndexDefinition {
    /// What becomes of an item in an index.
    enum Fit: Equatable {
        case indexed
        /// It lacks an attribute of the index's key.
        case absent
        case misfit(IndexMisfit)
    }

    func fit(_ item: Item, _ table: TableDefinition, isLocal: Bool) -> Fit {
        var fit = Fit.indexed
        for key in keys {
            guard let value = item[Array(key.attribute.utf8)] else {
                // Another attribute of the key is looked at all the same.
                fit = .absent
                continue
            }
            guard let type = table.attributes.first(where: { $0.name == key.attribute })?.type,
                let flaw = Self.flaw(of: value, type, key.role)
            else { continue }
            return .misfit(
                IndexMisfit(
                    index: name, isLocal: isLocal, attribute: key.attribute, flaw: flaw))
        }
        return fit
    }

    private static func flaw(
        of value: AttributeValue, _ type: ScalarType, _ role: KeyElement.Role
    ) -> IndexMisfit.Flaw? {
        guard value.scalarType == type else { return .type(type) }
        guard type != .number else { return nil }
        let most =
            role == .partition
            ? ServiceLimits.partitionKeyBytesMax : ServiceLimits.sortKeyBytesMax
        switch ItemSize.of(value) {
        case 0: return .empty
        case let size where size > most: return .tooLong(most)
        default: return nil
        }
    }
}

extension AttributeValue {
    /// The type that it has as a key; nil when no key can have it.
    fileprivate var scalarType: ScalarType? {
        switch self {
        case .string: .string
        case .number: .number
        case .binary: .binary
        default: nil
        }
    }
}
