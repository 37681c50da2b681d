/// Where a value lies in an item: an attribute's name, and steps into maps and lists.
package struct DocumentPath: Hashable, Sendable, CustomStringConvertible {
    package enum Step: Hashable, Sendable {
        case name([UInt8])
        case index(Int)
    }

    /// The name of the attribute of the item.
    package let attribute: [UInt8]
    /// The way on from there.
    package let steps: [Step]

    package init(attribute: [UInt8], steps: [Step] = []) {
        self.attribute = attribute
        self.steps = steps
    }

    /// The value there; nil when the way does not lead to one.
    package func value(in item: Item) -> AttributeValue? {
        guard var value = item[attribute] else { return nil }
        for step in steps {
            switch (step, value) {
            case (.name(let name), .map(let members)):
                guard let next = members[name] else { return nil }
                value = next
            case (.index(let index), .list(let elements)):
                guard index < elements.count else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }

    /// Whether one is the other or leads through it.
    package func overlaps(_ other: DocumentPath) -> Bool {
        attribute == other.attribute && zip(steps, other.steps).allSatisfy { $0 == $1 }
    }

    /// `[name, [0], name]`, as the service writes paths.
    package var description: String {
        let words = steps.map { step in
            switch step {
            case .name(let name): String(decoding: name, as: UTF8.self)
            case .index(let index): "[\(index)]"
            }
        }
        let whole = [String(decoding: attribute, as: UTF8.self)] + words
        return "[\(whole.joined(separator: ", "))]"
    }
}
