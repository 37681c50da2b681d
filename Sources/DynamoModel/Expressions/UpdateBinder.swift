/// Resolves the aliases of an update and checks what its grammar leaves open.
///
/// As with conditions, the service tells findings by kind: reserved words, functions that it does
/// not have, sections that stand twice, aliases, paths, values of ADD and DELETE, then functions.
struct UpdateBinder {
    private enum Kind: Int, CaseIterable {
        case reservedWord, unknownFunction, sections, alias, paths, additions, operandCount
        case misusedFunction, operands
    }

    private var aliases: ExpressionAliases
    /// The first finding of each kind.
    private var findings: [Kind: ExpressionError] = [:]

    static func bind(
        _ text: String, _ aliases: inout ExpressionAliases
    ) throws(ExpressionError) -> Update {
        var parser = try ExpressionParser(text, isUpdate: true)
        let (syntax, sections) = try parser.update()
        var binder = UpdateBinder(aliases: aliases)
        for (place, section) in sections.enumerated() where sections[..<place].contains(section) {
            binder.note(
                .sections,
                ExpressionError(
                    "The \"\(section.rawValue)\" section can only be used once in an update "
                        + "expression;"))
        }
        let targets = syntax.compactMap { binder.path($0.path) }
        do throws(ExpressionError) { try DocumentPath.checkDistinct(targets) } catch {
            binder.note(.paths, error)
        }
        let actions = syntax.compactMap { binder.action($0) }
        for kind in Kind.allCases {
            if let finding = binder.findings[kind] { throw finding }
        }
        aliases = binder.aliases
        return Update(actions)
    }

    private mutating func note(_ kind: Kind, _ error: ExpressionError) {
        if findings[kind] == nil { findings[kind] = error }
    }

    private mutating func path(_ steps: [PathSyntax]) -> DocumentPath? {
        do throws(ExpressionError) { try ReservedWords.check(steps) } catch {
            note(.reservedWord, error)
        }
        do throws(ExpressionError) { return try aliases.path(steps) } catch {
            note(.alias, error)
            return nil
        }
    }

    private mutating func value(_ alias: String) -> AttributeValue? {
        do throws(ExpressionError) { return try aliases.value(alias) } catch {
            note(.alias, error)
            return nil
        }
    }

    /// Nil when something is wrong with it.
    private mutating func action(_ syntax: UpdateActionSyntax) -> UpdateAction? {
        let path = path(syntax.path)
        switch syntax.change {
        case .remove: return path.map(UpdateAction.remove)
        case .set(let written):
            let value = setValue(written)
            guard let path, let value else { return nil }
            return .set(path, value)
        case .add(let alias):
            guard let value = value(alias) else { return nil }
            if !value.isSet, value.typeName != "N" { refuse(value, .add) }
            return path.map { .add($0, value) }
        case .delete(let alias):
            guard let value = value(alias) else { return nil }
            if !value.isSet { refuse(value, .delete) }
            return path.map { .delete($0, value) }
        }
    }

    /// The name of the type set is the service's for both sections.
    private mutating func refuse(_ value: AttributeValue, _ section: UpdateSection) {
        note(
            .additions,
            ExpressionError(
                "Incorrect operand type for operator or function; operator: \(section.rawValue), "
                    + "operand type: \(value.longTypeName), typeSet: ALLOWED_FOR_ADD_OPERAND"))
    }

    // MARK: Values

    private mutating func setValue(_ syntax: SetValueSyntax) -> SetValue? {
        let left = operand(syntax.left, allowsAppending: syntax.sign == nil)
        guard let sign = syntax.sign, let written = syntax.right else { return left }
        let right = operand(written, allowsAppending: false)
        guard let left, let right else { return nil }
        for case .value(let value) in [left, right] where value.typeName != "N" {
            note(.operands, .operandType(value.typeName, of: sign))
        }
        return sign == "+" ? .sum(left, right) : .difference(left, right)
    }

    /// - Parameter allowsAppending: `list_append` stands only where nothing is made of its value.
    private mutating func operand(
        _ syntax: ExpressionSyntax, allowsAppending: Bool
    ) -> SetValue? {
        switch syntax {
        case .path(let steps): return path(steps).map(SetValue.path)
        case .value(let alias): return value(alias).map(SetValue.value)
        case .group(let inner): return operand(inner, allowsAppending: allowsAppending)
        case .call(let name, let arguments):
            if name == "list_append", !allowsAppending { misused(name) }
            return call(name, arguments)
        default: preconditionFailure("the parser takes no \(syntax) for an operand")
        }
    }

    private mutating func misused(_ function: String) {
        note(
            .misusedFunction,
            ExpressionError(
                "The function is not allowed to be used this way in an expression; function: "
                    + function))
    }

    /// Functions of conditions.
    private static let conditionFunctions: Set = [
        "attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains",
        "size",
    ]

    private mutating func call(_ name: String, _ arguments: [ExpressionSyntax]) -> SetValue? {
        let operands = arguments.compactMap { operand($0, allowsAppending: false) }
        guard name == "if_not_exists" || name == "list_append" else {
            let words =
                Self.conditionFunctions.contains(name)
                ? "The function is not allowed in an update expression; function: "
                : "Invalid function name; function: "
            note(.unknownFunction, ExpressionError(words + name))
            return nil
        }
        guard arguments.count == 2 else {
            note(
                .operandCount,
                ExpressionError(
                    "Incorrect number of operands for operator or function; operator or function: "
                        + "\(name), number of operands: \(arguments.count)"))
            return nil
        }
        guard operands.count == 2 else { return nil }
        guard name == "if_not_exists" else {
            for case .value(let value) in operands where value.typeName != "L" {
                note(.operands, .operandType(value.typeName, of: name))
            }
            return .listAppend(operands[0], operands[1])
        }
        guard case .path(let path) = operands[0] else {
            note(
                .operands,
                ExpressionError(
                    "Operator or function requires a document path; operator or function: "
                        + name))
            return nil
        }
        return .ifNotExists(path, operands[1])
    }
}

extension AttributeValue {
    fileprivate var isSet: Bool {
        switch self {
        case .stringSet, .numberSet, .binarySet: true
        default: false
        }
    }

    /// As the service names types when it speaks of ADD and DELETE.
    fileprivate var longTypeName: String {
        switch self {
        case .string: "STRING"
        case .number: "NUMBER"
        case .binary: "BINARY"
        case .bool: "BOOLEAN"
        case .null: "NULL"
        case .stringSet: "STRING SET"
        case .numberSet: "NUMBER SET"
        case .binarySet: "BINARY SET"
        case .list: "LIST"
        case .map: "MAP"
        }
    }
}

extension Update {
    /// Reads an update. Takes note of the aliases that it uses.
    package init(
        parsing text: String, aliases: inout ExpressionAliases
    ) throws(ExpressionError) {
        self = try UpdateBinder.bind(text, &aliases)
    }
}
