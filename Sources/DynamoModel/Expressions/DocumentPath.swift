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

    /// Paths of one expression must lead to different places, and agree on what is a map and what a
    /// list on the way.
    static func checkDistinct(_ paths: [DocumentPath]) throws(ExpressionError) {
        for relation in [Relation.overlap, .conflict] {
            for (place, later) in paths.enumerated() {
                for earlier in paths.prefix(place) where earlier.relation(to: later) == relation {
                    throw ExpressionError(
                        "Two document paths \(relation.rawValue) with each other; must remove or "
                            + "rewrite one of these paths; path one: \(earlier), path two: \(later)"
                    )
                }
            }
        }
    }

    private enum Relation: String {
        case apart
        /// One is the other or leads through it.
        case overlap
        /// At one place, one takes a map's member and the other a list's element.
        case conflict
    }

    private func relation(to other: DocumentPath) -> Relation {
        guard attribute == other.attribute else { return .apart }
        for (own, others) in zip(steps, other.steps) where own != others {
            switch (own, others) {
            case (.name, .name), (.index, .index): return .apart
            default: return .conflict
            }
        }
        return .overlap
    }
}
