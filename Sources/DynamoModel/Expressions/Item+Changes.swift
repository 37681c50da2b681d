/// Changes at a path. The map or list around the place must be there (guide, "Using update
/// expressions").
extension Item {
    /// Puts a value at a path: in the place of what is there, or behind the end of a list.
    mutating func set(_ path: DocumentPath, to value: AttributeValue) throws(UpdateFailure) {
        guard !path.steps.isEmpty else {
            self[path.attribute] = value
            return
        }
        guard var whole = self[path.attribute] else { throw .noSuchPath }
        try whole.change(path.steps[...]) { $0 = value }
        self[path.attribute] = whole
    }

    /// Takes out what is at a path, if anything is.
    mutating func remove(_ path: DocumentPath) throws(UpdateFailure) {
        guard !path.steps.isEmpty else {
            self[path.attribute] = nil
            return
        }
        guard var whole = self[path.attribute] else { throw .noSuchPath }
        try whole.change(path.steps[...]) { $0 = nil }
        self[path.attribute] = whole
    }

    /// Throws unless something could be put at the path.
    func checkParent(of path: DocumentPath) throws(UpdateFailure) {
        guard !path.steps.isEmpty else { return }
        guard var whole = self[path.attribute] else { throw .noSuchPath }
        try whole.change(path.steps[...]) { _ in }
    }
}

extension AttributeValue {
    /// Calls `body` with what is at the end of a way, nil for nothing, to be changed.
    fileprivate mutating func change(
        _ steps: ArraySlice<DocumentPath.Step>, _ body: (inout AttributeValue?) -> Void
    ) throws(UpdateFailure) {
        let rest = steps.dropFirst()
        switch (steps.first, self) {
        case (.name(let name)?, .map(var members)):
            try Self.changeEntry(&members[name], rest, body)
            self = .map(members)
        case (.index(let index)?, .list(var elements)):
            var element = index < elements.count ? elements[index] : nil
            try Self.changeEntry(&element, rest, body)
            if index >= elements.count {
                if let element { elements.append(element) }
            } else if let element {
                elements[index] = element
            } else {
                elements.remove(at: index)
            }
            self = .list(elements)
        default: throw .noSuchPath
        }
    }

    private static func changeEntry(
        _ entry: inout AttributeValue?, _ rest: ArraySlice<DocumentPath.Step>,
        _ body: (inout AttributeValue?) -> Void
    ) throws(UpdateFailure) {
        guard !rest.isEmpty else { return body(&entry) }
        guard var value = entry else { throw .noSuchPath }
        try value.change(rest, body)
        entry = value
    }
}
