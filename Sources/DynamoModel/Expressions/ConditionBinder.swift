/// Resolves the aliases of a condition and checks what its grammar leaves open.
///
/// All is checked before the first finding is reported, since the service orders them by kind:
/// parentheses first, functions it does not have, functions in the wrong place, reserved words,
/// and then the first comparison or call with something wrong in it, where again kinds have their
/// order.
struct ConditionBinder {
    private enum Kind: Int, CaseIterable {
        case parentheses, unknownFunction, misusedFunction, reservedWord
        // Of one comparison or call:
        case alias, operandCount, sameOperands, operands
    }

    private var aliases: ExpressionAliases
    /// The first finding of each kind.
    private var findings: [Kind: ExpressionError] = [:]
    /// Whether a comparison or call was found wrong: those that follow are not reported.
    private var isSettled = false

    private let form: ExpressionForm
    private let context: ValueContext

    private init(
        _ aliases: ExpressionAliases, _ form: ExpressionForm, _ context: ValueContext
    ) {
        self.aliases = aliases
        self.form = form
        self.context = context
    }

    static func bind(
        _ text: String, _ aliases: inout ExpressionAliases
    ) throws(ExpressionError) -> Condition {
        var parser = try ExpressionParser(text)
        let syntax = try parser.condition()
        var binder = ConditionBinder(aliases, .aliases, ValueContext())
        if parser.hasRedundantParentheses {
            binder.note(
                .parentheses, ExpressionError("The expression has redundant parentheses;"))
        }
        let condition = try binder.bound(syntax)
        aliases = binder.aliases
        return condition
    }

    /// Of a condition that has its values in place.
    static func bind(
        _ syntax: ExpressionSyntax, _ context: ValueContext
    ) throws(ExpressionError) -> Condition {
        var binder = ConditionBinder(ExpressionAliases(), .literal, context)
        return try binder.bound(syntax)
    }

    private mutating func bound(_ syntax: ExpressionSyntax) throws(ExpressionError) -> Condition {
        let condition = condition(syntax)
        for kind in Kind.allCases {
            if let finding = findings[kind] { throw finding }
        }
        guard let condition else { preconditionFailure("nothing is wrong, and nothing was bound") }
        return condition
    }

    private mutating func note(_ kind: Kind, _ error: ExpressionError) {
        guard findings[kind] == nil, !isSettled || kind.rawValue < Kind.alias.rawValue else {
            return
        }
        findings[kind] = error
    }

    // MARK: Conditions

    /// Nil when something is wrong with it.
    private mutating func condition(_ syntax: ExpressionSyntax) -> Condition? {
        switch syntax {
        case .not(let inner): return condition(inner).map(Condition.not)
        case .and(let left, let right):
            let bound = (condition(left), condition(right))
            guard case (let left?, let right?) = bound else { return nil }
            return .and(left, right)
        case .or(let left, let right):
            let bound = (condition(left), condition(right))
            guard case (let left?, let right?) = bound else { return nil }
            return .or(left, right)
        case .group(let inner): return condition(inner)
        default:
            let simple = simpleCondition(syntax)
            isSettled = Kind.allCases.contains {
                $0.rawValue >= Kind.alias.rawValue && findings[$0] != nil
            }
            return simple
        }
    }

    /// One comparison or call.
    private mutating func simpleCondition(_ syntax: ExpressionSyntax) -> Condition? {
        switch syntax {
        case .comparison(let comparator, let left, let right):
            guard let operands = operands([left, right]) else { return nil }
            checkDistinct(operands, comparator.rawValue)
            if comparator.isOrdering { checkOrdered(operands, comparator.rawValue) }
            return .comparison(comparator, operands[0], operands[1])
        case .between(let operand, let lower, let upper):
            guard let operands = operands([operand, lower, upper]) else { return nil }
            checkOrdered(operands, "BETWEEN")
            checkBounds(operands[1], operands[2])
            return .between(operands[0], lower: operands[1], upper: operands[2])
        case .in(let operand, let candidates):
            guard candidates.count <= Self.candidatesMax else {
                note(
                    .operandCount,
                    ExpressionError(
                        "The IN operator is provided with too many operands; number of operands: "
                            + "\(candidates.count)"))
                return nil
            }
            guard let operands = operands([operand] + candidates) else { return nil }
            return .in(operands[0], Array(operands.dropFirst()))
        case .call(let name, let arguments):
            if name == Function.size.rawValue { misused(name) }
            return call(name, arguments)
        default: preconditionFailure("the parser takes no \(syntax) for a condition")
        }
    }

    /// Values in one IN (guide, "Condition and filter expressions").
    private static let candidatesMax = 100

    // MARK: Operands

    /// All of them, or nil when something is wrong with one.
    private mutating func operands(_ syntax: [ExpressionSyntax]) -> [ConditionOperand]? {
        var operands: [ConditionOperand] = []
        for element in syntax {
            if let operand = operand(element) { operands.append(operand) }
        }
        return operands.count == syntax.count ? operands : nil
    }

    private mutating func operand(_ syntax: ExpressionSyntax) -> ConditionOperand? {
        do throws(ExpressionError) {
            switch syntax {
            case .path(let steps):
                if form == .aliases {
                    do { try ReservedWords.check(steps) } catch { note(.reservedWord, error) }
                }
                return .path(try aliases.path(steps))
            case .value(let alias): return .value(try aliases.value(alias))
            case .literal(let value): return .value(value)
            case .group(let inner): return operand(inner)
            case .function(Function.size.rawValue, let arguments): return size(arguments)
            case .operation, .function, .choice, .part:
                return .computed(try ValueBinder(context).value(syntax))
            case .call(let name, let arguments):
                if name == Function.size.rawValue { return size(arguments) }
                if Function(rawValue: name) != nil { misused(name) }
                _ = call(name, arguments)
                return nil
            default: preconditionFailure("the parser takes no \(syntax) for an operand")
            }
        } catch {
            note(.alias, error)
            return nil
        }
    }

    private mutating func misused(_ function: String) {
        note(
            .misusedFunction,
            ExpressionError(
                "The function is not allowed to be used this way in an expression; function: "
                    + function))
    }

    // MARK: Functions

    private enum Function: String {
        case exists = "attribute_exists"
        case existsNot = "attribute_not_exists"
        case hasType = "attribute_type"
        case beginsWith = "begins_with"
        case contains
        case size

        var operandCount: Int {
            switch self {
            case .exists, .existsNot, .size: 1
            case .hasType, .beginsWith, .contains: 2
            }
        }
    }

    /// Functions of update expressions.
    private static let updateFunctions: Set = ["if_not_exists", "list_append"]

    private mutating func call(_ name: String, _ arguments: [ExpressionSyntax]) -> Condition? {
        let operands = operands(arguments)
        guard let function = Function(rawValue: name) else {
            let words =
                Self.updateFunctions.contains(name)
                ? "The function is not allowed in a condition expression; function: "
                : "Invalid function name; function: "
            note(.unknownFunction, ExpressionError(words + name))
            return nil
        }
        guard checkCount(arguments, function), let operands else { return nil }
        if operands.count == 2 { checkDistinct(operands, name) }
        switch function {
        case .exists: return path(operands[0], name).map(Condition.exists)
        case .existsNot: return path(operands[0], name).map { .not(.exists($0)) }
        case .hasType: return typeTest(operands[0], operands[1], name)
        case .beginsWith:
            for case let type? in operands.map(\.knownType) where type != "S" && type != "B" {
                note(.operands, .operandType(type, of: name))
            }
            return .beginsWith(operands[0], operands[1])
        case .contains: return .contains(operands[0], operands[1])
        case .size: return nil  // Reported already: it is no condition.
        }
    }

    private mutating func checkCount(
        _ arguments: [ExpressionSyntax], _ function: Function
    ) -> Bool {
        guard arguments.count != function.operandCount else { return true }
        note(
            .operandCount,
            ExpressionError(
                "Incorrect number of operands for operator or function; operator or function: "
                    + "\(function.rawValue), number of operands: \(arguments.count)"))
        return false
    }

    private mutating func path(_ operand: ConditionOperand, _ function: String) -> DocumentPath? {
        if case .path(let path) = operand { return path }
        note(
            .operands,
            ExpressionError(
                "Operator or function requires a document path; operator or function: "
                    + function))
        return nil
    }

    private mutating func typeTest(
        _ operand: ConditionOperand, _ type: ConditionOperand, _ function: String
    ) -> Condition? {
        guard case .value(.string(let bytes)) = type else {
            let actual = type.knownType ?? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"
            note(.operands, .operandType(actual, of: function))
            return nil
        }
        let name = String(decoding: bytes, as: UTF8.self)
        guard AttributeValue.typeNames.contains(name) else {
            note(
                .operands,
                ExpressionError(
                    "Invalid attribute type name found; type: \(name), valid types: "
                        + "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"))
            return nil
        }
        return .hasType(operand, name)
    }

    private mutating func size(_ arguments: [ExpressionSyntax]) -> ConditionOperand? {
        let operands = operands(arguments)
        guard checkCount(arguments, .size), let operand = operands?.first else { return nil }
        if let type = operand.knownType, ["N", "BOOL", "NULL"].contains(type) {
            note(.operands, .operandType(type, of: Function.size.rawValue))
            return nil
        }
        return .size(operand)
    }

    // MARK: Checks of operands

    private mutating func checkDistinct(_ operands: [ConditionOperand], _ name: String) {
        guard case .path(let left) = operands[0], case .path(let right) = operands[1],
            left == right
        else { return }
        note(
            .sameOperands,
            ExpressionError(
                "The first operand must be distinct from the remaining operands for this operator "
                    + "or function; operator: \(name), first operand: \(left)"))
    }

    /// A constant must have a type that has an order.
    private mutating func checkOrdered(_ operands: [ConditionOperand], _ name: String) {
        for case let type? in operands.map(\.knownType)
        where !AttributeValue.orderedTypeNames.contains(type) {
            note(.operands, .operandType(type, of: name))
        }
    }

    private mutating func checkBounds(_ lower: ConditionOperand, _ upper: ConditionOperand) {
        guard case .value(let lower) = lower, case .value(let upper) = upper else { return }
        let rule: String
        if lower.typeName != upper.typeName {
            rule = "same data type for lower and upper bounds"
        } else if upper.precedes(lower) == true {
            rule = "upper bound to be greater than or equal to lower bound"
        } else {
            return
        }
        note(
            .operands,
            ExpressionError(
                "The BETWEEN operator requires \(rule); lower bound operand: AttributeValue: "
                    + "\(Self.text(lower)), upper bound operand: AttributeValue: "
                    + Self.text(upper)))
    }

    /// `{N:1}`
    private static func text(_ value: AttributeValue) -> String {
        let content = value.json.members?.first?.value.string ?? ""
        return "{\(value.typeName):\(content)}"
    }
}

extension Condition {
    /// Reads a condition or filter. Takes note of the aliases that it uses.
    package init(
        parsing text: String, aliases: inout ExpressionAliases
    ) throws(ExpressionError) {
        self = try ConditionBinder.bind(text, &aliases)
    }

    /// Reads a condition that has its values in place: `country = 'CN' AND size(tags) > 2`.
    package init(
        withLiterals text: String, _ context: ValueContext = ValueContext()
    ) throws(ExpressionError) {
        var parser = try ExpressionParser(text, form: .literal, context)
        self = try ConditionBinder.bind(try parser.condition(), context)
    }
}
