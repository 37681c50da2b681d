/// What becomes of an item: values that are set, and places that are taken out. Every value is
/// computed of the item as it was read.
package struct ItemChanges: ItemChanging, Equatable, Sendable {
    struct Assignment: Equatable, Sendable {
        let path: DocumentPath
        let value: ValueExpression
    }

    let assignments: [Assignment]
    let removals: [PathPattern]
    /// The attributes that it looks at or changes, and of each what it does.
    package let names: [NamedAttribute]?

    package static func == (left: Self, right: Self) -> Bool {
        left.assignments == right.assignments && left.removals == right.removals
    }

    /// None.
    package init() { self.init([], removing: []) }

    init(_ assignments: [Assignment], removing removals: [PathPattern]) {
        // Elements behind the end of a list are added in the order of their numbers.
        self.assignments = PathPattern.inOrderOfRemoval(assignments) { PathPattern($0.path) }
            .reversed()
        self.removals = PathPattern.inOrderOfRemoval(removals) { $0 }
        let changed = Set(assignments.map(\.path.attribute) + removals.map(\.attribute))
        let looked = Set(assignments.flatMap(\.value.paths).map(\.attribute))
        // What lies around a place stays.
        let around = Set(
            assignments.lazy.filter { !$0.path.steps.isEmpty }.map(\.path.attribute)
                + removals.lazy.filter { !$0.steps.isEmpty }.map(\.attribute))
        names = changed.union(looked).sorted { $0.lexicographicallyPrecedes($1) }
            .map {
                NamedAttribute(
                    name: $0, isChanged: changed.contains($0),
                    isRead: looked.contains($0) || around.contains($0))
            }
    }

    /// Whether it hides what an item holds: its values must not be shown anywhere then.
    package var hidesValues: Bool { assignments.contains(where: \.value.hidesValues) }

    package var changedAttributes: [[UInt8]] {
        Array(Set(assignments.map(\.path.attribute) + removals.map(\.attribute)))
    }
    package var hiddenAttributes: [[UInt8]]? { hidesValues ? changedAttributes : [] }

    package var places: [String] {
        assignments.map { "--set \(PathPattern($0.path))" } + removals.map { "--remove \($0)" }
    }

    package func isMet(_ place: Int, in item: Item, named names: Set<[UInt8]>) -> Bool {
        guard place >= assignments.count else {
            // What is computed of nothing is there with the first item.
            let paths = assignments[place].value.paths
            return paths.isEmpty || paths.contains { $0.value(in: item) != nil }
        }
        let pattern = removals[place - assignments.count]
        guard !pattern.steps.isEmpty else { return names.contains(pattern.attribute) }
        return pattern.isMet(in: item)
    }

    package func ofKeys(_ names: [[UInt8]]) -> any ItemChanging {
        ItemChanges(
            assignments.filter { names.contains($0.path.attribute) },
            removing: removals.filter { names.contains($0.attribute) })
    }

    package func attributeRead(settingKeys names: [[UInt8]]) -> [UInt8]? {
        assignments.lazy.filter { names.contains($0.path.attribute) }.flatMap(\.value.paths)
            .map(\.attribute).first { !names.contains($0) }
    }

    /// What the changed attributes become.
    /// - Parameter item: those attributes of ``names`` that are read, as far as it has them.
    package func applied(to item: Item, keys: [[UInt8]]) throws(ValueFailure) -> Item {
        var new = item
        // What has no value is removed with all else, so that elements keep their numbers.
        var removals = self.removals
        for assignment in assignments {
            let path = assignment.path
            do throws(ValueFailure) {
                guard let value = try assignment.value.value(in: item) else {
                    removals.append(PathPattern(path))
                    continue
                }
                do throws(UpdateFailure) {
                    try new.set(path, to: value)
                } catch {
                    throw ValueFailure("the map or list around it does not exist")
                }
            } catch {
                throw ValueFailure("\(PathPattern(path)): \(error)")
            }
        }
        if removals.count != self.removals.count {
            removals = PathPattern.inOrderOfRemoval(removals) { $0 }
        }
        for pattern in removals { _ = new.remove(pattern) }
        return new
    }
}

extension Item {
    /// Takes out what a pattern leads to.
    /// - Returns: whether anything was there.
    mutating func remove(_ pattern: PathPattern) -> Bool {
        guard var value = self[pattern.attribute] else { return false }
        guard !pattern.steps.isEmpty else {
            self[pattern.attribute] = nil
            return true
        }
        guard value.remove(pattern.steps[...]) else { return false }
        self[pattern.attribute] = value
        return true
    }
}

extension PathPattern {
    /// From the end of each list on, since what follows an element moves up.
    static func inOrderOfRemoval<Path>(
        _ paths: [Path], _ pattern: (Path) -> PathPattern
    ) -> [Path] {
        paths.sorted { pattern($0).comesBefore(pattern($1)) }
    }

    /// An order in which of two elements of one list the later comes first.
    private func comesBefore(_ other: PathPattern) -> Bool {
        guard attribute == other.attribute else {
            return attribute.lexicographicallyPrecedes(other.attribute)
        }
        for (own, others) in zip(steps, other.steps) where own != others {
            switch (own, others) {
            case (.index(let own), .index(let others)): return own > others
            case (.name(let own), .name(let others)): return own.lexicographicallyPrecedes(others)
            default: return own.rank < others.rank
            }
        }
        return steps.count < other.steps.count
    }
}

extension PathPattern.Step {
    fileprivate var rank: Int {
        switch self {
        case .name: 0
        case .anyMember: 1
        case .index: 2
        case .anyElement: 3
        }
    }
}
