import System

/// Which of the places that changes name were met in an item: one that never is was misspelt, or is
/// of another table. Any thread may ask.
package final class PlaceMatches: Sendable {
    private let changes: ItemChanges
    /// By what is written, `--set a.b` or `--remove c`; in that order.
    private let texts: [String]
    private let met: Locked<Set<Int>>

    /// - Parameter earlier: texts of those that earlier runs of the job have met.
    package init(_ changes: ItemChanges, earlier: [String] = []) {
        self.changes = changes
        let texts =
            changes.assignments.map { "--set \(PathPattern($0.path))" }
            + changes.removals.map { "--remove \($0)" }
        self.texts = texts
        met = Locked(Set(texts.indices.filter { earlier.contains(texts[$0]) }))
    }

    package var found: [String] { met.withLock { $0.sorted() }.map { texts[$0] } }

    package var missing: [String] {
        let met = met.withLock { $0 }
        return texts.indices.filter { !met.contains($0) }.map { texts[$0] }
    }

    /// Places that are to be looked for still.
    var open: [Int] {
        let met = met.withLock { $0 }
        return texts.indices.filter { !met.contains($0) }
    }

    /// Looks for places in an item.
    /// - Parameters:
    ///   - item: those of its attributes that the changes read.
    ///   - names: of all of its attributes that they name.
    /// - Returns: those that are left.
    func look(for places: [Int], in item: Item, named names: Set<[UInt8]>) -> [Int] {
        let found = places.filter { isMet($0, item, names) }
        if found.isEmpty { return places }
        met.withLock { $0.formUnion(found) }
        return places.filter { !found.contains($0) }
    }

    private func isMet(_ place: Int, _ item: Item, _ names: Set<[UInt8]>) -> Bool {
        guard place >= changes.assignments.count else {
            // What is computed of nothing is there with the first item.
            let paths = changes.assignments[place].value.paths
            return paths.isEmpty || paths.contains { $0.value(in: item) != nil }
        }
        let pattern = changes.removals[place - changes.assignments.count]
        guard !pattern.steps.isEmpty else { return names.contains(pattern.attribute) }
        return item[pattern.attribute]?.has(pattern.steps[...]) == true
    }
}

extension AttributeValue {
    /// Whether a way leads to anything.
    fileprivate func has(_ steps: ArraySlice<PathPattern.Step>) -> Bool {
        guard let step = steps.first else { return true }
        let rest = steps.dropFirst()
        switch (step, self) {
        case (.name(let name), .map(let members)): return members[name]?.has(rest) == true
        case (.anyMember, .map(let members)): return members.values.contains { $0.has(rest) }
        case (.index(let index), .list(let elements)):
            return index < elements.count && elements[index].has(rest)
        case (.anyElement, .list(let elements)): return elements.contains { $0.has(rest) }
        default: return false
        }
    }
}
