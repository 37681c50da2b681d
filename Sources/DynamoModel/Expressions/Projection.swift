import JSON

/// The parts of items that a request wants to see (guide, "Projection expressions").
package struct Projection: Sendable {
    /// What is wanted of a value: all of it, or some of its members or elements.
    private struct Part: Sendable {
        var members: [[UInt8]: Part] = [:]
        var elements: [Int: Part] = [:]

        var isWhole: Bool { members.isEmpty && elements.isEmpty }

        mutating func add(_ steps: ArraySlice<DocumentPath.Step>) {
            switch steps.first {
            case .name(let name)?: members[name, default: Part()].add(steps.dropFirst())
            case .index(let index)?: elements[index, default: Part()].add(steps.dropFirst())
            case nil: break
            }
        }

        /// The wanted part of a value in DynamoDB JSON; nil when it has none. Elements of a list
        /// keep their order and close up.
        func of(_ value: JSON) -> JSON? {
            if isWhole { return value }
            if let all = value["M"]?.members {
                let kept = all.compactMap { member in
                    members[Array(member.name.utf8)]?.of(member.value)
                        .map { JSON.Member(member.name, $0) }
                }
                return kept.isEmpty ? nil : ["M": .object(kept)]
            }
            if let all = value["L"]?.array {
                let kept = all.enumerated().compactMap { elements[$0]?.of($1) }
                return kept.isEmpty ? nil : ["L": .array(kept)]
            }
            return nil
        }
    }

    package let paths: [DocumentPath]
    private let attributes: [[UInt8]: Part]

    /// Reads `path, path`. Takes note of the aliases that it uses.
    package init(
        parsing text: String, aliases: inout ExpressionAliases
    ) throws(ExpressionError) {
        var parser = try ExpressionParser(text)
        var written = [try parser.path()]
        while parser.take(",") { written.append(try parser.path()) }
        try parser.expectEnd()
        for steps in written { try ReservedWords.check(steps) }
        var paths: [DocumentPath] = []
        for steps in written { paths.append(try aliases.path(steps)) }
        try DocumentPath.checkDistinct(paths)
        self.init(paths)
    }

    /// What distinct paths lead to.
    package init(_ paths: [DocumentPath]) {
        self.paths = paths
        attributes = paths.reduce(into: [:]) { attributes, path in
            attributes[path.attribute, default: Part()].add(path.steps[...])
        }
    }

    /// The wanted part of an item in DynamoDB JSON, as JSON too; `{}` when it has none. What is
    /// wanted whole keeps its spelling.
    /// - Throws: when the bytes are no item.
    package func bytes(of item: UnsafeRawBufferPointer) throws -> [UInt8] {
        var output: [UInt8] = [0x7B]
        var reader = JSONReader(item)
        try reader.expect(0x7B)
        if reader.take(0x7D) { return [0x7B, 0x7D] }
        repeat {
            let name = try reader.skipString()
            try reader.expect(0x3A)
            let value = item[try reader.skipValue()]
            let raw = UnsafeRawBufferPointer(rebasing: item[name.range])
            let text = name.escaped ? JSONText.unescaped(raw) : Array(raw)
            guard let part = attributes[text] else { continue }
            var kept = Array(value)
            if !part.isWhole {
                let json = try JSON(parsing: UnsafeRawBufferPointer(rebasing: value))
                guard let some = part.of(json) else { continue }
                kept = some.bytes
            }
            if output.count > 1 { output.append(0x2C) }
            output.append(0x22)
            output += raw
            output += [0x22, 0x3A]
            output += kept
        } while reader.take(0x2C)
        try reader.expect(0x7D)
        output.append(0x7D)
        return output
    }
}
