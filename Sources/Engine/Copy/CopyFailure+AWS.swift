import AWS

extension CopyFailure {
    /// - Parameter table: which of both it is about, in words. The service names none. What it says
    ///   of a batch's content stays as it is: it may become a dead letter's reason.
    package init(_ error: AWSError, on table: String) {
        self.init(error)
        let isOfContent =
            error.remedy == .split && ["BatchWriteItem", "PutItem"].contains(error.operation)
        if lacksOperation || isOfContent { return }
        message = "\(error.operation) on \(table): \(message)"
    }

    private init(_ error: AWSError) {
        self.init(
            .remedy(error.remedy), code: error.code, message: error.message, hint: error.hint,
            isOutcomeUnknown: error.isOutcomeUnknown)
        isAbsurd = error.localCode == .absurdReply
        guard error.lacksOperation else { return }
        lacksOperation = true
        message = "\(error.operation) is not answered as by DynamoDB: \(message)"
        let advice = error.operation == "Scan" ? ", or segments: try --segments 1" : ""
        hint = hint ?? "the endpoint may lack \(error.operation)\(advice)"
    }

    package init(tooLong reply: Reply, _ operation: String) {
        self.init(
            .tooLong(reply.fullLength), code: "ReplyTooLong",
            message: "a reply to \(operation) of \(reply.fullLength) bytes", isOutcomeUnknown: true)
    }

    /// A reply that can't be read says nothing about what was done.
    package init(malformed error: any Error, _ operation: String) {
        self.init(
            .remedy(.retry), code: "AbsurdReply",
            message: "a reply to \(operation) makes no sense: \(error)", isOutcomeUnknown: true)
        isAbsurd = true
    }

    /// A cursor that comes back to where it has been.
    package init(goingRoundIn segment: Int) {
        self.init(
            .remedy(.retry), code: "AbsurdReply",
            message: "a reply to Scan makes no sense: LastEvaluatedKey does not lead on, and"
                + " segment \(segment) would never end", isOutcomeUnknown: true)
        isAbsurd = true
    }

    package init(unmatched reply: Reply) {
        self.init(
            .remedy(.retry), code: "AbsurdReply",
            message:
                "a reply to BatchWriteItem makes no sense: UnprocessedItems has items that were not"
                + " sent",
            isOutcomeUnknown: true)
        isAbsurd = true
    }
}
