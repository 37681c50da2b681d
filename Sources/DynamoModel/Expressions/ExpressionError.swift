/// Why an expression is refused, in the service's words but for the words before them that name the
/// parameter (`Invalid ConditionExpression: `), which only the caller knows.
///
/// The wordings and their order of precedence are those that dynalite's authors and Alternator's
/// tests have observed of the service.
package struct ExpressionError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension ExpressionError {
    static func operandType(_ type: String, of function: String) -> ExpressionError {
        ExpressionError(
            "Incorrect operand type for operator or function; operator or function: \(function), "
                + "operand type: \(type)")
    }
}
