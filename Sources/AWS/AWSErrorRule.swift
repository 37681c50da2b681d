/// What one of AWS's error codes asks for: the one place where codes get their meaning.
///
/// From the DynamoDB guide's "Error handling", the API reference's common errors, and S3's "Error
/// responses". The name decides, not the status: DynamoDB throttles with status 400.
struct AWSErrorRule: Sendable {
    /// Whether the service's text may quote an item.
    enum Message: Sendable {
        case plain
        case mayQuoteValues
    }

    let remedy: AWSError.Remedy
    let message: Message
    /// Makes the hint for an operation.
    let hint: (@Sendable (Operation) -> String)?

    init(
        _ remedy: AWSError.Remedy, _ message: Message,
        hint: (@Sendable (Operation) -> String)? = nil
    ) {
        self.remedy = remedy
        self.message = message
        self.hint = hint
    }

    /// For codes that are not in the table, and replies without one. Careful: what is not known to
    /// pass is not repeated, and its text is not logged.
    static func byStatus(_ status: Int) -> AWSErrorRule {
        switch status {
        case 413: AWSErrorRule(.split, .mayQuoteValues)
        case 429: AWSErrorRule(.slowDown, .mayQuoteValues)
        case 408, 200..<300, 500...: AWSErrorRule(.retry, .mayQuoteValues)
        default: AWSErrorRule(.giveUp, .mayQuoteValues)
        }
    }

    /// Nil for a code that is not in the tables.
    static func of(_ code: String) -> AWSErrorRule? {
        if code.lowercased().hasPrefix("kms") { return kms(code) }
        return table[code] ?? storage[code]
    }

    static let table: [String: AWSErrorRule] = [
        // Over a rate: wait, and send less.
        "ProvisionedThroughputExceededException": .init(
            .slowDown, .plain,
            hint: { _ in "Lower --read-units or --write-units, or raise the table's capacity." }),
        "ThrottlingException": .init(
            .slowDown, .plain,
            hint: { _ in "Lower --read-units or --write-units; on-demand capacity grows slowly." }),
        "RequestLimitExceeded": .init(
            .slowDown, .plain,
            hint: { _ in "Ask AWS for a higher throughput quota for this account." }),
        "LimitExceededException": .init(.slowDown, .plain),
        "Throttling": .init(.slowDown, .plain),
        "ThrottledException": .init(.slowDown, .plain),
        "RequestThrottled": .init(.slowDown, .plain),
        "RequestThrottledException": .init(.slowDown, .plain),
        "TooManyRequestsException": .init(.slowDown, .plain),
        "SlowDown": .init(.slowDown, .plain),

        // A fault that passes.
        "InternalServerError": .init(.retry, .plain),
        "InternalFailure": .init(.retry, .plain),
        "ServiceUnavailable": .init(.retry, .plain),
        "ServiceUnavailableException": .init(.retry, .plain),
        "RequestTimeout": .init(.retry, .plain),
        "RequestTimeoutException": .init(.retry, .plain),
        "ReplicatedWriteConflictException": .init(.retry, .plain),
        "TransactionConflictException": .init(.retry, .plain),
        "TransactionInProgressException": .init(.retry, .plain),
        "ContinuousBackupsUnavailableException": .init(.retry, .plain),

        // The content is refused: one item may be guilty.
        "ValidationException": .init(.split, .mayQuoteValues),
        "SerializationException": .init(.split, .mayQuoteValues),
        "ItemCollectionSizeLimitExceededException": .init(
            .split, .mayQuoteValues,
            hint: { _ in "A partition key of a table with local indexes holds at most 10 GB." }),
        "RequestEntityTooLargeException": .init(.split, .plain),

        // Credentials.
        "ExpiredTokenException": .init(.renewCredentials, .plain, hint: renew),
        "ExpiredToken": .init(.renewCredentials, .plain, hint: renew),
        "UnrecognizedClientException": .init(
            .giveUp, .plain,
            hint: { _ in "Check the access key, and that it belongs to this region's partition." }),
        "InvalidClientTokenId": .init(
            .giveUp, .plain,
            hint: { _ in "Check the access key, and that it belongs to this region's partition." }),
        "InvalidSignatureException": .init(.giveUp, .plain, hint: checkSecret),
        "SignatureDoesNotMatch": .init(.giveUp, .plain, hint: checkSecret),
        "IncompleteSignatureException": .init(.giveUp, .plain, hint: checkProxy),
        "MissingAuthenticationTokenException": .init(.giveUp, .plain, hint: checkProxy),
        "MissingAuthenticationToken": .init(.giveUp, .plain, hint: checkProxy),
        "RequestTimeTooSkewed": .init(.giveUp, .plain, hint: { _ in "Set this machine's clock." }),
        "RequestExpired": .init(.giveUp, .plain, hint: { _ in "Set this machine's clock." }),
        "AccessDeniedException": .init(
            .giveUp, .plain,
            hint: grant),
        "AccessDenied": .init(
            .giveUp, .plain, hint: grant),
        "OptInRequired": .init(
            .giveUp, .plain, hint: { _ in "Enable the region for this account, or name another." }),

        // What was asked for is not there, or not as asked for.
        "ResourceNotFoundException": .init(
            .giveUp, .plain,
            hint: { _ in "Check the table's name, the region, and whose credentials these are." }),
        "TableNotFoundException": .init(
            .giveUp, .plain,
            hint: { _ in "Check the table's name, the region, and whose credentials these are." }),
        "ResourceInUseException": .init(.giveUp, .plain),
        "TableInUseException": .init(.giveUp, .plain),
        "TableAlreadyExistsException": .init(.giveUp, .plain),
        "PolicyNotFoundException": .init(.giveUp, .plain),
        "ConditionalCheckFailedException": .init(.giveUp, .mayQuoteValues),
        "UnknownOperationException": .init(
            .giveUp, .plain, hint: { "The endpoint does not have the operation \($0.name)." }),
        "MalformedHttpRequestException": .init(.giveUp, .plain, hint: checkProxy),
    ]

    @Sendable private static func renew(_: Operation) -> String {
        "The credentials have expired: renew them where they come from."
    }

    @Sendable private static func grant(_ operation: Operation) -> String {
        if operation.service == .s3 {
            let advice =
                "Grant \(operation.action) on this bucket to the caller, and check whose it is"
            if operation.mutates { return advice + "." }
            return advice + "; without s3:ListBucket what is not there is refused, too."
        }
        let place = operation.name == "ListTables" ? "all tables" : "this table"
        return
            "Grant \(operation.action) on \(place) to the caller; dynaferry plan --iam prints all"
            + " that is needed."
    }

    @Sendable private static func checkSecret(_: Operation) -> String {
        "Check the secret access key, and this machine's clock."
    }

    @Sendable private static func checkProxy(_: Operation) -> String {
        "Check whether a proxy on the way changes requests."
    }
}
