/// Why an expression is refused, in the service's words but for the words before them that name the
/// parameter (`Invalid ConditionExpression: `), which only the caller knows.
///
/// The wordings and their order of precedence are those that dynalite's authors and Alternator's
/// tests have observed of the service.
package struct ExpressionError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
    /// Where it went wrong: an offset in the text's bytes; nil where that is not one place.
    package var offset: Int?

    package init(_ description: String, at offset: Int? = nil) {
        self.description = description
        self.offset = offset
    }
}

extension ExpressionError {
    static func operandType(_ type: String, of function: String) -> ExpressionError {
        ExpressionError(
            "Incorrect operand type for operator or function; operator or function: \(function), "
                + "operand type: \(type)")
    }
}
