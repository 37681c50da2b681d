import System

/// Where values lie in an item, any of a list's elements or a map's members among them:
/// `cards[*].cvv`, `contacts.*.phone`.
package struct PathPattern: Hashable, Sendable, CustomStringConvertible {
    package enum Step: Hashable, Sendable {
        case name([UInt8])
        case index(Int)
        /// `[*]`
        case anyElement
        /// `.*`
        case anyMember
    }

    /// The name of the attribute of the item.
    package let attribute: [UInt8]
    /// The way on from there.
    package let steps: [Step]

    /// As it is written.
    package var description: String {
        steps.reduce(Self.quoted(attribute)) { text, step in
            switch step {
            case .name(let name): "\(text).\(Self.quoted(name))"
            case .index(let index): "\(text)[\(index)]"
            case .anyElement: "\(text)[*]"
            case .anyMember: "\(text).*"
            }
        }
    }

    private static func quoted(_ name: [UInt8]) -> String {
        let isPlain =
            !name.isEmpty
            && name.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
                default: false
                }
            }
        let text = String(decoding: name, as: UTF8.self)
        return isPlain ? text : "\"\(text.replacing("\"", with: "\"\""))\""
    }

    /// Whether there is a place that both lead to, and the other one on from there.
    package func leads(to other: PathPattern) -> Bool {
        steps.count < other.steps.count && mayOverlap(other)
    }

    /// Whether there is a place that both lead to, or through.
    func mayOverlap(_ other: PathPattern) -> Bool {
        attribute == other.attribute
            && zip(steps, other.steps).allSatisfy { Self.mayBeSame($0, $1) }
    }

    private static func mayBeSame(_ left: Step, _ right: Step) -> Bool {
        switch (left, right) {
        case (.anyElement, .index), (.index, .anyElement), (.anyMember, .name), (.name, .anyMember):
            true
        default: left == right
        }
    }
}

extension PathPattern {
    init(_ path: DocumentPath) {
        attribute = path.attribute
        steps = path.steps.map { step in
            switch step {
            case .name(let name): .name(name)
            case .index(let index): .index(index)
            }
        }
    }
}

extension ExpressionParser {
    /// `name.name[0][*].*`
    mutating func pattern() throws(ExpressionError) -> PathPattern {
        guard case .name(let attribute) = try name() else { throw syntaxError }
        var steps: [PathPattern.Step] = []
        while true {
            if take(".") {
                if take("*") {
                    steps.append(.anyMember)
                } else if case .name(let name) = try name() {
                    steps.append(.name(Array(name.utf8)))
                }
            } else if take("[") {
                if take("*") {
                    steps.append(.anyElement)
                } else {
                    guard kind == .integer, let index = Int(takeWord()) else { throw syntaxError }
                    steps.append(.index(index))
                }
                try expect("]")
            } else {
                return PathPattern(attribute: Array(attribute.utf8), steps: steps)
            }
        }
    }
}

extension AttributeValue {
    /// Takes out what a way leads to, if anything is there.
    /// - Returns: whether anything was.
    mutating func remove(_ steps: ArraySlice<PathPattern.Step>) -> Bool {
        guard let step = steps.first else { return false }
        let rest = steps.dropFirst()
        switch (step, self) {
        case (.name(let name), .map(var members)):
            guard let found = Self.remove(&members[name], rest) else { return false }
            self = .map(members)
            return found
        case (.anyMember, .map(var members)):
            let found = members.keys.map { Self.remove(&members[$0], rest) ?? false }
            self = .map(members)
            return found.contains(true)
        case (.index(let index), .list(var elements)) where index < elements.count:
            var element: AttributeValue? = elements[index]
            let found = Self.remove(&element, rest) ?? false
            if let element { elements[index] = element } else { elements.remove(at: index) }
            self = .list(elements)
            return found
        case (.anyElement, .list(let elements)):
            var kept: [AttributeValue] = []
            var found = false
            for old in elements {
                var element: AttributeValue? = old
                found = Self.remove(&element, rest) ?? false || found
                if let element { kept.append(element) }
            }
            self = .list(kept)
            return found
        default: return false
        }
    }

    /// Nil: there is nothing.
    private static func remove(
        _ entry: inout AttributeValue?, _ rest: ArraySlice<PathPattern.Step>
    ) -> Bool? {
        guard var value = entry else { return nil }
        guard !rest.isEmpty else {
            entry = nil
            return true
        }
        let found = value.remove(rest)
        entry = value
        return found
    }
}
