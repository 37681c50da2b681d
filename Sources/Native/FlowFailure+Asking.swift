import AWS
import Flow

extension FlowFailure {
    /// DynamoDB has refused to begin what it was to do by itself, or to say how far it is.
    /// - Parameter lacking: what to do where the endpoint does not have the operation.
    package init(asking error: AWSError, lacking: String) {
        let words = error.headline.isEmpty ? "" : ": \(error.headline)"
        self.init(
            .giveUp, code: error.code, message: error.operation + words,
            hint: error.lacksOperation
                ? "the endpoint does not have \(error.operation); \(lacking)" : error.hint)
        if error.tokenIsTaken {
            hint = "nothing was begun: the same command asks again, with another token"
        }
    }
}

extension AWSError {
    /// Another request has the token of this one: it begins nothing, now or later. (API reference,
    /// ExportConflictException, ImportConflictException, IdempotentParameterMismatchException.)
    var tokenIsTaken: Bool {
        [
            "ExportConflictException", "ImportConflictException",
            "IdempotentParameterMismatchException",
        ].contains(code)
    }
}
