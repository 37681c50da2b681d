/// A value that a SET computes.
package indirect enum SetValue: Hashable, Sendable {
    case path(DocumentPath)
    case value(AttributeValue)
    case ifNotExists(DocumentPath, SetValue)
    case listAppend(SetValue, SetValue)
    case sum(SetValue, SetValue)
    case difference(SetValue, SetValue)

    var paths: [DocumentPath] {
        switch self {
        case .path(let path): [path]
        case .value: []
        case .ifNotExists(let path, let value): [path] + value.paths
        case .listAppend(let left, let right), .sum(let left, let right),
            .difference(let left, let right):
            left.paths + right.paths
        }
    }
}

/// One change that an update makes.
package enum UpdateAction: Hashable, Sendable {
    case set(DocumentPath, SetValue)
    case remove(DocumentPath)
    case add(DocumentPath, AttributeValue)
    case delete(DocumentPath, AttributeValue)

    var path: DocumentPath {
        switch self {
        case .set(let path, _), .remove(let path), .add(let path, _), .delete(let path, _): path
        }
    }
}

/// Why an update that is well formed can't be made of an item, in the service's words.
package enum UpdateFailure: Error, Equatable, Sendable {
    case noSuchPath
    case noSuchAttribute
    case wrongType
    case number(DynamoNumber.Refusal)
}

/// The changes of an update expression, checked and with its aliases resolved.
package struct Update: Hashable, Sendable {
    package let actions: [UpdateAction]

    init(_ actions: [UpdateAction]) { self.actions = actions }

    /// What it changes.
    package var targets: [DocumentPath] { actions.map(\.path) }

    /// The attributes that it changes, in order.
    package var changedAttributes: [[UInt8]] {
        Set(targets.map(\.attribute)).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// What it looks at or changes.
    package var paths: [DocumentPath] {
        actions.flatMap { action in
            if case .set(let path, let value) = action { return [path] + value.paths }
            return [action.path]
        }
    }

    /// The attributes that it looks at or changes.
    package var attributes: Set<[UInt8]> { Set(paths.map(\.attribute)) }

    /// Whether it does nothing but take away.
    package var onlyRemoves: Bool {
        actions.allSatisfy {
            switch $0 {
            case .remove, .delete: true
            case .set, .add: false
            }
        }
    }

    /// The item after the update. All values are computed of the item as it was before.
    /// - Throws: ``UpdateFailure`` when an operand does not fit the item, as the service refuses
    ///   it.
    package func applied(to old: Item) throws(UpdateFailure) -> Item {
        var new = old
        var changed: [(path: DocumentPath, value: AttributeValue)] = []
        var removed: [DocumentPath] = []
        for action in actions {
            switch action {
            case .set(let path, let value):
                changed.append((path, try Self.compute(value, of: old)))
            case .remove(let path): removed.append(path)
            case .add(let path, let value):
                changed.append((path, try Self.add(value, to: path.value(in: old))))
            case .delete(let path, let value):
                guard let whole = path.value(in: old) else {
                    try new.checkParent(of: path)
                    continue
                }
                if let rest = try Self.subtract(value, from: whole) {
                    changed.append((path, rest))
                } else {
                    removed.append(path)
                }
            }
        }
        // Elements behind the end of a list are appended by their numbers, as they would be
        // removed the other way around.
        for (path, value) in PathPattern.inOrderOfRemoval(changed, { PathPattern($0.path) })
            .reversed()
        {
            try new.set(path, to: value)
        }
        // From the end of each list on, since what follows an element moves up.
        for path in PathPattern.inOrderOfRemoval(removed, { PathPattern($0) }) {
            try new.remove(path)
        }
        return new
    }

    private static func compute(
        _ value: SetValue, of item: Item
    ) throws(UpdateFailure) -> AttributeValue {
        switch value {
        case .value(let value): return value
        case .path(let path):
            guard let value = path.value(in: item) else { throw .noSuchAttribute }
            return value
        case .ifNotExists(let path, let value):
            if let present = path.value(in: item) { return present }
            return try compute(value, of: item)
        case .listAppend(let left, let right):
            guard case .list(let first) = try compute(left, of: item),
                case .list(let second) = try compute(right, of: item)
            else { throw .wrongType }
            return .list(first + second)
        case .sum(let left, let right):
            return .number(try sum(compute(left, of: item), compute(right, of: item)))
        case .difference(let left, let right):
            guard case .number(let subtrahend) = try compute(right, of: item) else {
                throw .wrongType
            }
            return .number(try sum(compute(left, of: item), .number(subtrahend.negated)))
        }
    }

    private static func sum(
        _ left: AttributeValue, _ right: AttributeValue
    ) throws(UpdateFailure) -> DynamoNumber {
        guard case .number(let left) = left, case .number(let right) = right else {
            throw .wrongType
        }
        do throws(DynamoNumber.Refusal) { return try left.adding(right) } catch {
            throw .number(error)
        }
    }

    private static func add(
        _ value: AttributeValue, to old: AttributeValue?
    ) throws(UpdateFailure) -> AttributeValue {
        guard let old else { return value }
        switch (old, value) {
        case (.number, .number): return .number(try sum(old, value))
        case (.stringSet(let old), .stringSet(let more)): return .stringSet(old.union(more))
        case (.numberSet(let old), .numberSet(let more)): return .numberSet(old.union(more))
        case (.binarySet(let old), .binarySet(let more)): return .binarySet(old.union(more))
        default: throw .wrongType
        }
    }

    /// Nil when nothing is left of the set: there are no empty ones.
    private static func subtract(
        _ value: AttributeValue, from old: AttributeValue
    ) throws(UpdateFailure) -> AttributeValue? {
        switch (old, value) {
        case (.stringSet(let old), .stringSet(let gone)):
            let rest = old.subtracting(gone)
            return rest.isEmpty ? nil : .stringSet(rest)
        case (.numberSet(let old), .numberSet(let gone)):
            let rest = old.subtracting(gone)
            return rest.isEmpty ? nil : .numberSet(rest)
        case (.binarySet(let old), .binarySet(let gone)):
            let rest = old.subtracting(gone)
            return rest.isEmpty ? nil : .binarySet(rest)
        default: throw .wrongType
        }
    }
}
