import System

/// Which of the places that changes name were met in an item: one that never is was misspelt, or is
/// of another table. Any thread may ask.
package final class PlaceMatches: Sendable {
    /// As they are written.
    private let texts: [String]
    private let met: Locked<Set<Int>>

    /// - Parameter earlier: texts of those that earlier runs of the job have met.
    package init(_ changes: any ItemChanging, earlier: [String] = []) {
        let texts = changes.places
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

    /// Notes those of the places that an item has.
    /// - Returns: those that are left.
    func look(for places: [Int], _ isMet: (Int) -> Bool) -> [Int] {
        let found = places.filter(isMet)
        if found.isEmpty { return places }
        met.withLock { $0.formUnion(found) }
        return places.filter { !found.contains($0) }
    }
}

extension PathPattern {
    /// Whether it leads to anything in an item.
    func isMet(in item: Item) -> Bool { item[attribute]?.has(steps[...]) == true }
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
