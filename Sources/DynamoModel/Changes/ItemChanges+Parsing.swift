/// `--set` and `--remove`, as they are written.
extension ItemChanges {
    /// Which of the two texts something is wrong with.
    package struct Refusal: Error, CustomStringConvertible, Equatable, Sendable {
        package enum Text: Equatable, Sendable { case set, remove }

        package let text: Text
        package let error: ExpressionError

        package var description: String { error.description }
    }

    /// - Parameters:
    ///   - set: `path = value, path = value`
    ///   - remove: `path, path`
    package init(
        set: String?, remove: String?, _ context: ValueContext = ValueContext()
    ) throws(Refusal) {
        var assignments: [Assignment] = []
        do throws(ExpressionError) {
            if let set { assignments = try Self.assignments(set, context) }
        } catch {
            throw Refusal(text: .set, error: error)
        }
        do throws(ExpressionError) {
            let removals = try remove.map { text throws(ExpressionError) in
                try Self.removals(text, besides: assignments.map { PathPattern($0.path) })
            }
            self.init(assignments, removing: removals ?? [])
        } catch {
            throw Refusal(text: .remove, error: error)
        }
    }

    private static func assignments(
        _ text: String, _ context: ValueContext
    ) throws(ExpressionError) -> [Assignment] {
        var parser = try ExpressionParser(text, form: .literal, context)
        let binder = ValueBinder(context)
        var assignments: [Assignment] = []
        repeat {
            parser.forgetOperators()
            let start = parser.offset
            let path = try ValueBinder.path(try parser.path())
            try parser.check(PathPattern(path), assignments.map { PathPattern($0.path) }, at: start)
            try parser.expect("=")
            let place = parser.offset
            do throws(ExpressionError) {
                let value = try binder.value(try parser.value())
                assignments.append(Assignment(path: path, value: value))
            } catch {
                // Without a better place, an error points at the beginning of the value.
                throw error.offset == nil ? ExpressionError(error.description, at: place) : error
            }
        } while parser.take(",")
        try parser.expectEnd()
        return assignments
    }

    private static func removals(
        _ text: String, besides others: [PathPattern]
    ) throws(ExpressionError) -> [PathPattern] {
        var parser = try ExpressionParser(text, form: .literal)
        var removals: [PathPattern] = []
        repeat {
            let start = parser.offset
            let pattern = try parser.pattern()
            try parser.check(pattern, others + removals, at: start)
            removals.append(pattern)
        } while parser.take(",")
        try parser.expectEnd()
        return removals
    }
}

extension PathPattern {
    /// Of one path, as it is written.
    package init(_ text: String) throws(ExpressionError) {
        var parser = try ExpressionParser(text, form: .literal)
        self = try parser.pattern()
        try parser.expectEnd()
    }
}

extension ValueExpression {
    /// Of one value, as it is written.
    package init(_ text: String, _ context: ValueContext) throws(ExpressionError) {
        var parser = try ExpressionParser(text, form: .literal, context)
        do throws(ExpressionError) {
            self = try ValueBinder(context).value(try parser.value())
        } catch {
            throw error.offset == nil ? ExpressionError(error.description, at: 0) : error
        }
        try parser.expectEnd()
    }
}

extension ExpressionParser {
    /// Refuses two changes of one place: it would not be clear which wins.
    fileprivate func check(
        _ pattern: PathPattern, _ earlier: [PathPattern], at start: Int
    ) throws(ExpressionError) {
        guard let other = earlier.first(where: pattern.mayOverlap) else { return }
        throw ExpressionError("\(pattern) overlaps \(other), which is changed already", at: start)
    }
}
