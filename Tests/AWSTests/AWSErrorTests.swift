import Testing

@testable import AWS

/// Goal: every code leads to the remedy that DynamoDB's documents ask for.
/// Method: one table; a row a code, written down apart from the one in the source.
@Suite struct AWSErrorTests {
    static let remedies: [(codes: [String], status: Int, remedy: AWSError.Remedy)] = [
        (
            [
                "ProvisionedThroughputExceededException", "ThrottlingException",
                "RequestLimitExceeded", "LimitExceededException", "Throttling", "SlowDown",
                "TooManyRequestsException", "ThrottledException", "RequestThrottled",
                "RequestThrottledException",
            ], 400, .slowDown
        ),
        (["InternalServerError", "InternalFailure"], 500, .retry),
        (["ServiceUnavailable", "ServiceUnavailableException"], 503, .retry),
        (["RequestTimeout", "RequestTimeoutException"], 408, .retry),
        (
            [
                "ReplicatedWriteConflictException", "TransactionConflictException",
                "TransactionInProgressException", "ContinuousBackupsUnavailableException",
            ], 400, .retry
        ),
        (
            [
                "ValidationException", "SerializationException",
                "ItemCollectionSizeLimitExceededException",
            ], 400, .split
        ),
        (["RequestEntityTooLargeException"], 413, .split),
        (["ExpiredTokenException", "ExpiredToken"], 400, .renewCredentials),
        (
            [
                "AccessDeniedException", "AccessDenied", "UnrecognizedClientException",
                "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
                "IncompleteSignatureException", "MissingAuthenticationTokenException",
                "MissingAuthenticationToken", "RequestTimeTooSkewed", "RequestExpired",
                "OptInRequired", "ResourceNotFoundException", "TableNotFoundException",
                "ResourceInUseException", "TableInUseException", "TableAlreadyExistsException",
                "PolicyNotFoundException", "ConditionalCheckFailedException",
                "UnknownOperationException", "MalformedHttpRequestException",
            ], 400, .giveUp
        ),
        // S3's own.
        (
            [
                "InternalError", "OperationAborted", "ConditionalRequestConflict",
                "IncompleteBody", "RequestTimedOut", "BadDigest", "XAmzContentSHA256Mismatch",
                "XAmzContentChecksumMismatch", "TemporaryRedirect", "KMS.InternalException",
            ], 400, .retry
        ),
        (["KMS.ThrottlingException"], 400, .slowDown),
        (
            [
                "InvalidDigest", "InvalidAccessKeyId", "InvalidToken", "MissingSecurityHeader",
                "NotSignedUp", "AllAccessDisabled", "AccountProblem", "PermanentRedirect",
                "AuthorizationHeaderMalformed", "IllegalLocationConstraintException",
                "NoSuchBucket", "NoSuchKey", "NotFound", "NoSuchUpload", "NoSuchVersion",
                "PreconditionFailed", "InvalidRange", "InvalidObjectState", "BadRequest",
                "InvalidRequest", "InvalidArgument", "InvalidBucketName", "InvalidBucketState",
                "InvalidStorageClass", "InvalidEncryptionAlgorithmError", "KeyTooLongError",
                "EntityTooLarge", "EntityTooSmall", "MethodNotAllowed", "MalformedXML",
                "AccessControlListNotSupported", "NotImplemented", "KMS.DisabledException",
            ], 400, .giveUp
        ),
        // What is not in the table falls to its status.
        (["NewFaultException"], 500, .retry),
        (["NewFaultException"], 429, .slowDown),
        (["NewFaultException"], 413, .split),
        (["NewFaultException"], 408, .retry),
        (["NewFaultException"], 400, .giveUp),
        (["NewFaultException"], 302, .giveUp),
    ]

    private func error(_ code: String, _ status: Int) -> AWSError {
        AWSError(
            operation: .putItem, code: code, message: "value", status: status,
            requestID: RequestID())
    }

    @Test func `each code has its remedy`() {
        for row in Self.remedies {
            for code in row.codes {
                #expect(error(code, row.status).remedy == row.remedy, "\(code)")
            }
        }
    }

    @Test func `each code in the source is in this test`() {
        let tested = Set(Self.remedies.flatMap(\.codes))
        #expect(Set(AWSErrorRule.table.keys).subtracting(tested).isEmpty)
        #expect(Set(AWSErrorRule.storage.keys).subtracting(tested).isEmpty)
        #expect(Set(AWSErrorRule.storage.keys).isDisjoint(with: AWSErrorRule.table.keys))
    }

    @Test func `the outcome is unknown after a server fault, and known after a refusal`() {
        #expect(error("InternalServerError", 500).isOutcomeUnknown)
        #expect(!error("ThrottlingException", 400).isOutcomeUnknown)
        #expect(!error("ValidationException", 400).isOutcomeUnknown)
    }

    @Test func `without an AWS error the status and the past decide`() {
        func bare(_ status: Int, hasAnswered: Bool, operation: Bool = false) -> AWSError {
            AWSError(
                operation: .scan, status: status, requestID: RequestID(),
                hasAnswered: hasAnswered, operationHasAnswered: operation)
        }
        #expect(bare(403, hasAnswered: false).remedy == .giveUp)
        #expect(bare(403, hasAnswered: true).remedy == .retry)
        #expect(bare(301, hasAnswered: false).remedy == .giveUp)
        #expect(bare(502, hasAnswered: false).remedy == .retry)
        #expect(bare(413, hasAnswered: true).remedy == .split)
        #expect(!bare(413, hasAnswered: true).isOutcomeUnknown)
        #expect(bare(429, hasAnswered: true).remedy == .slowDown)
        #expect(bare(204, hasAnswered: true).remedy == .retry)
        for status in [404, 500, 501] {
            #expect(bare(status, hasAnswered: true).lacksOperation)
            #expect(!bare(status, hasAnswered: true, operation: true).lacksOperation)
            #expect(bare(status, hasAnswered: true, operation: true).remedy == .retry)
        }
        #expect(!bare(503, hasAnswered: true).lacksOperation)
    }

    @Test func `an endpoint that knows no such operation says so with any status`() {
        for status in [400, 404] {
            #expect(error("UnknownOperationException", status).lacksOperation)
        }
        #expect(!error("ValidationException", 400).lacksOperation)
    }

    private func parse(_ text: String) -> AWSErrorBody? {
        Array(text.utf8).withUnsafeBytes { AWSErrorBody($0) }
    }

    @Test func `error bodies are read in every spelling`() {
        #expect(parse("{\"__type\":\"a.b#Code:http://x\",\"message\":\"m\"}")?.code == "Code")
        #expect(parse("{\"__type\":\"Code\",\"Message\":\"M\"}")?.message == "M")
        #expect(
            parse("{\"__type\":\"com.amazon.coral.service#SerializationException\"}")?.message == ""
        )
        #expect(parse("<UnknownOperationException/>\n")?.code == "UnknownOperationException")
        for text in [
            "", "{}", "[]", "null", "{\"__type\":7}", "{\"__type\":\"\"}", "{\"__type\":\"x#\"",
            "<html>", "{\"__type\":\"a#:\"}",
        ] {
            #expect(parse(text) == nil, "\(text)")
        }
    }

    @Test func `throttling reasons are read under both names`() {
        for name in ["ThrottlingReasons", "throttlingReasons"] {
            let body = parse(
                "{\"__type\":\"T\",\"\(name)\":[{\"reason\":\"r\",\"resource\":\"arn:x\"}]}")
            #expect(body?.throttlingReasons == [.init(reason: "r", resource: "arn:x")])
        }
    }

    @Test func `log lines have no values, no line breaks, and what support asks for`() {
        var refused = error("ValidationException", 400)
        refused.message = "the value 'secret-item-value' is bad"
        refused.requestID = "RID"
        #expect(refused.logLine == "PutItem: ValidationException (status 400) request RID")
        #expect("\(refused)" == refused.logLine)
        var unknown = error("NewFaultException", 400)
        unknown.message = "secret-item-value"
        #expect(!unknown.logLine.contains("secret-item-value"))
        var throttled = error("ThrottlingException", 400)
        throttled.message = "slow\ndown"
        throttled.throttlingReasons = [.init(reason: "r", resource: "arn:x")]
        #expect(
            throttled.logLine == "PutItem: ThrottlingException (status 400) [r arn:x]: slow down")
    }
}
