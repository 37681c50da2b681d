/// The parts of an update expression.
package enum UpdateSection: String, Sendable {
    case set = "SET"
    case remove = "REMOVE"
    case add = "ADD"
    case delete = "DELETE"
}

/// The value of a SET as it is written: an operand, or two with `+` or `-` between.
struct SetValueSyntax {
    var left: ExpressionSyntax
    var sign: String?
    var right: ExpressionSyntax?
}

/// One change as it is written.
struct UpdateActionSyntax {
    enum Change {
        case set(SetValueSyntax)
        case remove
        /// ADD and DELETE, with the alias of their value.
        case add(String)
        case delete(String)
    }

    let path: [PathSyntax]
    let change: Change
}

/// The grammar of updates (guide, "Using update expressions").
extension ExpressionParser {
    /// Reads the whole text as an update: its actions, and the sections in their order.
    mutating func update() throws(ExpressionError) -> (
        actions: [UpdateActionSyntax], sections: [UpdateSection]
    ) {
        var actions: [UpdateActionSyntax] = []
        var sections: [UpdateSection] = []
        repeat {
            guard let section else { throw syntaxError }
            _ = takeWord()
            sections.append(section)
            repeat { actions.append(try action(in: section)) } while take(",")
        } while kind != .end
        return (actions, sections)
    }

    private mutating func action(
        in section: UpdateSection
    ) throws(ExpressionError) -> UpdateActionSyntax {
        let path = try path()
        switch section {
        case .set:
            try expect("=")
            return UpdateActionSyntax(path: path, change: .set(try setValue()))
        case .remove: return UpdateActionSyntax(path: path, change: .remove)
        case .add, .delete:
            guard kind == .valueAlias else { throw syntaxError }
            let alias = takeWord()
            return UpdateActionSyntax(
                path: path, change: section == .add ? .add(alias) : .delete(alias))
        }
    }

    private mutating func setValue() throws(ExpressionError) -> SetValueSyntax {
        var value: SetValueSyntax
        if take("(") {
            value = try nested { (parser) throws(ExpressionError) in try parser.setValue() }
            try expect(")")
            if value.sign != nil { return value }
        } else {
            value = SetValueSyntax(left: try operand())
        }
        guard kind == .sign, word == "+" || word == "-" else { return value }
        value.sign = takeWord()
        try countOperator()
        value.right = try operand()
        return value
    }
}
