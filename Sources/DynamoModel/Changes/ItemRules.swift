import System

/// What happens to each place of an item, where nothing may pass without a rule.
///
/// Of several paths that lead to a place the longest counts, and of these the one that names more
/// of its steps. A value that is hashed, masked or removed is also searched for in all that is
/// kept: what holds it still is refused.
package struct ItemRules: ItemChanging, Equatable, Sendable {
    package enum Action: Hashable, Sendable {
        case keep
        case remove
        /// A code under the secret, of so many characters.
        case hash(SecretKey, length: Int)
        /// All but so many of the last characters.
        case mask(Int)
        /// Computed of the item as it was read, as it is written. Nothing is added where nothing
        /// was.
        case set(String, ValueExpression)

        /// What lies below such a place goes with it.
        package var isWhole: Bool {
            switch self {
            case .keep, .remove: false
            case .hash, .mask, .set: true
            }
        }

        /// As it is called in a file of rules.
        package var word: String {
            switch self {
            case .keep: "keep"
            case .remove: "remove"
            case .hash: "hash"
            case .mask: "mask"
            case .set: "set"
            }
        }

        /// What stood there must not stand anywhere else.
        package var hides: Bool {
            switch self {
            case .keep: false
            case .set(_, let expression): expression.hidesValues
            case .remove, .hash, .mask: true
            }
        }
    }

    /// What becomes of what no path leads to.
    package enum Otherwise: String, CaseIterable, Sendable {
        /// The whole item is refused.
        case refuse
        case remove
        case keep
    }

    package struct Rule: Equatable, Sendable {
        package let path: PathPattern
        package let action: Action
        /// What it hides may stand elsewhere: it is not searched for.
        package let isSearched: Bool

        package init(_ path: PathPattern, _ action: Action, isSearched: Bool = true) {
            (self.path, self.action, self.isSearched) = (path, action, isSearched)
        }
    }

    /// Those that name more before those that name less.
    package let rules: [Rule]
    package let otherwise: Otherwise
    /// By attribute.
    private let starts: [[UInt8]: [Int]]

    package init(_ rules: [Rule], otherwise: Otherwise) {
        self.rules = rules.enumerated()
            .sorted { left, right in
                let (first, second) = (left.element.path.wildness, right.element.path.wildness)
                return first == second
                    ? left.offset < right.offset : first.lexicographicallyPrecedes(second)
            }
            .map(\.element)
        self.otherwise = otherwise
        starts = Dictionary(grouping: self.rules.indices) { [rules = self.rules] in
            rules[$0].path.attribute
        }
    }

    /// The same, with other values for what expressions ask for.
    package func bound(to context: ValueContext) throws(ExpressionError) -> ItemRules {
        var bound: [Rule] = []
        for rule in rules {
            var action = rule.action
            if case .set(let text, _) = action {
                action = .set(text, try ValueExpression(text, context))
            }
            bound.append(Rule(rule.path, action, isSearched: rule.isSearched))
        }
        return ItemRules(bound, otherwise: otherwise)
    }

    /// 32 hexadecimal digits, the same for the same rules.
    package var fingerprint: String {
        let lines = rules.map { rule in
            let detail =
                switch rule.action {
                case .keep, .remove: ""
                case .hash(_, let length): "\(length)"
                case .mask(let count): "\(count)"
                case .set(let text, _): text
                }
            return "\(rule.action.word) \(rule.path) \(detail) \(rule.isSearched)\n"
        }
        return Hex.text(
            Array(SHA256().hash(Array((lines.joined() + otherwise.rawValue).utf8)).prefix(16)))
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.rules == right.rules && left.otherwise == right.otherwise
    }

    package var names: [NamedAttribute]? { nil }
    package var hidesValues: Bool { true }
    /// What a key attribute holds may be found to be what is hidden.
    package var hiddenAttributes: [[UInt8]]? { nil }
    package var changedAttributes: [[UInt8]] {
        Array(Set(rules.lazy.filter { $0.action != .keep }.map(\.path.attribute)))
    }
    package var places: [String] { rules.map { "\($0.action.word) \($0.path)" } }

    /// The same: nothing is added where nothing was.
    package func ofKeys(_ names: [[UInt8]]) -> any ItemChanging { self }

    package func attributeRead(settingKeys names: [[UInt8]]) -> [UInt8]? {
        for rule in rules where names.contains(rule.path.attribute) {
            guard case .set(_, let expression) = rule.action else { continue }
            let other = expression.paths.map(\.attribute).first { !names.contains($0) }
            if let other { return other }
        }
        return nil
    }

    package func isMet(_ place: Int, in item: Item, named names: Set<[UInt8]>) -> Bool {
        rules[place].path.isMet(in: item)
    }

    /// What is to be done with a place of an item; nil: the item is refused for it.
    package typealias Place = (path: PathPattern, action: Action?)

    /// - Parameter keys: attributes that are searched before all others.
    /// - Throws: ``ValueFailure`` when the item is refused. Its text holds no value.
    package func applied(to item: Item, keys: [[UInt8]]) throws(ValueFailure) -> Item {
        var walk = Walk(item)
        var new: Item = [:]
        for name in item.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let step = Step(PathPattern(attribute: name, steps: []), starts[name] ?? [])
            new[name] = try outcome(item[name]!, step, &walk)
            // A name that no rule has may be data.
            if new[name] != nil, step.open.isEmpty { walk.keptName(name) }
        }
        try walk.search(first: keys)
        return new
    }

    /// The places of an item, and what is to be done with each; what lies in a list or a map that
    /// is kept is listed place by place.
    package func places(of item: Item) -> [Place] {
        var places: [Place] = []
        for name in item.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            list(
                item[name]!, Step(PathPattern(attribute: name, steps: []), starts[name] ?? []),
                &places)
        }
        return places
    }

    // MARK: The way through an item

    /// A place on the way, as messages show it: elements without their numbers, members that a path
    /// leads to by `.*` without their names, which are data.
    private struct Step {
        let place: PathPattern
        /// Rules whose paths lead to it, or through it.
        let open: [Int]
        /// What is said of all that lies around it.
        var around: Rule?

        init(_ place: PathPattern, _ open: [Int], around: Rule? = nil) {
            (self.place, self.open, self.around) = (place, open, around)
        }
    }

    /// What is said of a place, or of what lies around it.
    private func rule(_ step: Step) -> Rule? {
        step.open.first { rules[$0].path.steps.count == step.place.steps.count }
            .map { rules[$0] } ?? step.around
    }

    private func leadsOn(_ step: Step) -> Bool {
        step.open.contains { rules[$0].path.steps.count > step.place.steps.count }
    }

    private func member(_ name: [UInt8], of step: Step, _ around: Rule?) -> Step {
        // Any other name may be data, and is not shown.
        next(of: step, around, shown: name.isPlainName ? .name(name) : .anyMember) {
            $0 == .name(name) || $0 == .anyMember
        }
    }

    private func element(_ index: Int, of step: Step, _ around: Rule?) -> Step {
        next(of: step, around, shown: .anyElement) { $0 == .index(index) || $0 == .anyElement }
    }

    private func next(
        of step: Step, _ around: Rule?, shown: PathPattern.Step,
        _ isOnWay: (PathPattern.Step) -> Bool
    ) -> Step {
        let depth = step.place.steps.count
        let open = step.open.filter {
            rules[$0].path.steps.count > depth && isOnWay(rules[$0].path.steps[depth])
        }
        // A name that a rule has is no data.
        let named: PathPattern.Step =
            switch open.first.map({ rules[$0].path.steps[depth] }) {
            case .name(let name)?: .name(name)
            case .anyMember?: .anyMember
            case .index?, .anyElement?, nil: shown
            }
        let place = PathPattern(
            attribute: step.place.attribute, steps: step.place.steps + [named])
        return Step(place, open, around: around)
    }

    // MARK: What becomes of a value

    private func outcome(
        _ value: AttributeValue, _ step: Step, _ walk: inout Walk
    ) throws(ValueFailure) -> AttributeValue? {
        let rule = rule(step)
        let action = rule?.action
        if action?.isWhole != true, leadsOn(step) {
            switch value {
            case .map(let members): return try outcome(members, step, rule, &walk)
            case .list(let elements): return try outcome(elements, step, rule, &walk)
            default: break
            }
        }
        guard let action else {
            switch otherwise {
            case .refuse: throw ValueFailure("no rule says what becomes of \(step.place)")
            case .remove: return nil
            case .keep: return walk.kept(value, at: step.place)
            }
        }
        if action.hides, rule?.isSearched != false { walk.hide(value, at: step.place) }
        do throws(ValueFailure) {
            switch action {
            case .keep: return walk.kept(value, at: step.place)
            case .remove: return nil
            case .hash(let key, let length):
                return value == .null ? value : .string(try key.code(of: value, length: length))
            case .mask(let count):
                if value == .null { return value }
                return walk.kept(
                    try ValueFunction.mask.value([value, .number(DynamoNumber(count))]),
                    at: step.place)
            case .set(_, let expression):
                return try expression.value(in: walk.item).map { walk.kept($0, at: step.place) }
            }
        } catch {
            throw ValueFailure("\(step.place): \(error)")
        }
    }

    private func outcome(
        _ members: [[UInt8]: AttributeValue], _ step: Step, _ around: Rule?,
        _ walk: inout Walk
    ) throws(ValueFailure) -> AttributeValue? {
        var new: [[UInt8]: AttributeValue] = [:]
        for name in members.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let next = member(name, of: step, around)
            let value = try outcome(members[name]!, next, &walk)
            new[name] = value
            if value != nil {
                // A name may be data, too.
                _ = walk.kept(.string(name), at: step.place)
            } else if next.place.steps.last == .anyMember, rule(next)?.isSearched != false {
                walk.hide(.string(name), at: next.place)
            }
        }
        return new.isEmpty && !members.isEmpty && isRemoved(around?.action) ? nil : .map(new)
    }

    private func outcome(
        _ elements: [AttributeValue], _ step: Step, _ around: Rule?, _ walk: inout Walk
    ) throws(ValueFailure) -> AttributeValue? {
        var new: [AttributeValue] = []
        for (index, value) in elements.enumerated() {
            if let value = try outcome(value, element(index, of: step, around), &walk) {
                new.append(value)
            }
        }
        return new.isEmpty && !elements.isEmpty && isRemoved(around?.action) ? nil : .list(new)
    }

    /// A list or a map of which nothing is left goes with what it held.
    private func isRemoved(_ around: Action?) -> Bool {
        around == .remove || (around == nil && otherwise == .remove)
    }

    private func list(_ value: AttributeValue, _ step: Step, _ places: inout [Place]) {
        let rule = rule(step)
        let action = rule?.action
        // Names in a place that is removed as a whole must not be shown.
        if action?.isWhole != true, leadsOn(step) || action == .keep {
            switch value {
            case .map(let members) where !members.isEmpty:
                for name in members.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                    list(members[name]!, member(name, of: step, rule), &places)
                }
                return
            case .list(let elements) where !elements.isEmpty:
                for (index, value) in elements.enumerated() {
                    list(value, element(index, of: step, rule), &places)
                }
                return
            default: break
            }
        }
        let left: Action? =
            switch otherwise {
            case .refuse: nil
            case .remove: .remove
            case .keep: .keep
            }
        places.append((step.place, action ?? left))
    }
}

extension [UInt8] {
    /// Letters, underscores and hyphens, and not many, as those who design tables name things.
    fileprivate var isPlainName: Bool {
        count <= 40
            && allSatisfy {
                switch $0 {
                case 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D: true
                default: false
                }
            }
    }
}

extension PathPattern {
    /// One number a step, higher where it leads to any.
    fileprivate var wildness: [Int] {
        steps.map { step in
            switch step {
            case .name, .index: 0
            case .anyMember, .anyElement: 1
            }
        }
    }
}
