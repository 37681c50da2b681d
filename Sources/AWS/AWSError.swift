/// A request that AWS refused, or that brought no usable reply, and what to do about it.
///
/// The description never shows what the service says about an item's content, since its texts may
/// quote values; ``message`` does.
package struct AWSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What the caller should do next. Retry code switches over this and nothing else.
    package enum Remedy: Equatable, Sendable {
        case retry  // the same request, after a backoff
        case slowDown  // the same request, after a backoff, at a lower rate
        case renewCredentials  // then the same request
        case split  // the content is refused: halve a batch, or give up on what can't be halved
        case giveUp  // no repetition can succeed; tell the operator
    }

    /// Which limit refused a request, and whose it is (`ThrottlingReasons` in the replies).
    package struct ThrottlingReason: Equatable, Sendable {
        package var reason: String  // "TableWriteProvisionedThroughputExceeded"
        package var resource: String  // the ARN of a table or index

        package init(reason: String, resource: String) {
            self.reason = reason
            self.resource = resource
        }
    }

    /// `BatchWriteItem`
    package var operation: String
    /// What was to be read or written, where the operation's name does not tell: `s3://bucket/key`.
    package var place: String?
    /// AWS's name for the fault, one of ``LocalCode``'s, or `HTTP 502` where a reply has none.
    package var code: String
    /// AWS's, or libcurl's, own words. May quote an item's values.
    package var message: String
    /// HTTP status; nil when no reply came.
    package var status: Int?
    /// What AWS support asks for; nil when the reply named none.
    package var requestID: String?
    package var throttlingReasons: [ThrottlingReason]
    package var remedy: Remedy
    /// The request may have been executed: no reply, a broken one, a server fault, or a refusal of
    /// its repetition by libcurl, when a kept connection had ended.
    package var isOutcomeUnknown: Bool
    /// The endpoint does not have this operation: it says so, or it answers with 404, 501 or 500
    /// and no AWS error, and never gave the operation a valid reply before.
    package var lacksOperation: Bool
    /// One sentence that an operator can act on; nil when the message already is one.
    package var hint: String?
    /// Where what was asked for is, when the service says that it is in another region.
    package var region: String?
    /// What is refused is the use of a KMS key.
    package var keyRefusal: KeyRefusal?
    /// Which of the client's credentials the request was signed with, for their renewal.
    var credentialsGeneration: Int?

    /// Faults that are found on this side.
    package enum LocalCode: String, Sendable {
        case connectionFailed = "ConnectionFailed"
        case connectionReset = "ConnectionReset"
        case tlsFailure = "TLSFailure"
        case timeout = "Timeout"
        case truncatedReply = "TruncatedReply"
        case malformedReply = "MalformedReply"
        /// Well-formed, but a field of it makes no sense.
        case absurdReply = "AbsurdReply"
        case crcMismatch = "CRCMismatch"
        /// An object's bytes are not those that its own checksum was computed from.
        case checksumMismatch = "ChecksumMismatch"
        case ignoredCondition = "ConditionIgnored"
        case replyTooLong = "ReplyTooLong"
        case transferFailed = "TransferFailed"
        case clientStopped = "ClientStopped"
        /// What was asked for can't be asked for.
        case notSent = "NotSent"
    }

    /// The message's first line, short enough to be read: of a wrong signature AWS writes twenty.
    package var headline: String { String(message.prefix { !$0.isNewline }).singleLine }

    /// What a conditional write asked for is not so.
    package var isConditionFailure: Bool {
        ["ConditionalCheckFailedException", "PreconditionFailed"].contains(code)
    }

    /// Whatever else is asked of this side would fail as well: it does not answer, or does not
    /// accept the credentials.
    package var concernsSide: Bool {
        switch localCode {
        case .connectionFailed, .connectionReset, .tlsFailure, .timeout, .clientStopped: true
        case nil: lacksOperation || Self.callerCodes.contains(code)
        default: false
        }
    }

    private static let callerCodes: Set = [
        "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException",
        "SignatureDoesNotMatch", "IncompleteSignatureException", "InvalidAccessKeyId",
        "MissingAuthenticationTokenException", "MissingAuthenticationToken",
        "ExpiredTokenException", "ExpiredToken", "RequestTimeTooSkewed", "RequestExpired",
        "OptInRequired",
    ]

    package var localCode: LocalCode? { LocalCode(rawValue: code) }

    package var description: String { logLine }

    /// One line without any item's values, for logs: operation, code, status, request id, and the
    /// message where it can't quote an item.
    package var logLine: String {
        var line = "\(operation)\(place.map { " " + $0.singleLine } ?? ""): \(code)"
        if let status { line += " (status \(status))" }
        if let requestID { line += " request \(requestID)" }
        for throttled in throttlingReasons {
            line += " [\(throttled.reason) \(throttled.resource)]"
        }
        if isMessageFreeOfValues, !message.isEmpty {
            // One line, and no control characters that a terminal would obey.
            line +=
                ": " + String(message.unicodeScalars.map { $0.value < 0x20 ? " " : Character($0) })
        }
        return line
    }

    private var isMessageFreeOfValues: Bool {
        localCode != nil || AWSErrorRule.of(code)?.message == .plain
    }
}

extension AWSError {
    /// An error that the service answered with, whose code is known or not.
    init(
        operation: Operation, code: String, message: String, status: Int, requestID: RequestID,
        throttlingReasons: [ThrottlingReason] = []
    ) {
        let rule = AWSErrorRule.of(code) ?? .byStatus(status)
        let key = KeyRefusal(code: code, message: message, operation: operation)
        self.init(
            operation: operation.name, code: code, message: message, status: status,
            requestID: requestID.isEmpty ? nil : requestID.description,
            throttlingReasons: throttlingReasons, remedy: rule.remedy,
            isOutcomeUnknown: status >= 500, lacksOperation: code == "UnknownOperationException",
            hint: key?.hint() ?? rule.hint?(operation), keyRefusal: key)
    }

    /// A reply without an AWS error: from a proxy, a balancer, or a server of another kind.
    ///
    /// Before the endpoint's first valid reply to the operation, a status that says "there is no
    /// such thing here" means that it lacks the operation. Before its first valid reply of all, a
    /// refusal means that it is no DynamoDB; afterwards, that something stood in the way this once.
    init(
        operation: Operation, status: Int, requestID: RequestID, hasAnswered: Bool,
        operationHasAnswered: Bool
    ) {
        let rule = AWSErrorRule.byStatus(status)
        let lacksOperation = !operationHasAnswered && [404, 500, 501].contains(status)
        let isFinal = rule.remedy == .giveUp && (!hasAnswered || lacksOperation)
        let remedy: Remedy = rule.remedy != .giveUp || isFinal ? rule.remedy : .retry
        self.init(
            operation: operation.name, code: "HTTP \(status)",
            message: "the reply has no AWS error in it", status: status,
            requestID: requestID.isEmpty ? nil : requestID.description, throttlingReasons: [],
            remedy: remedy, isOutcomeUnknown: status != 413, lacksOperation: lacksOperation,
            hint: isFinal ? "Check that the endpoint is \(operation.service.oneOfIts)." : nil)
    }

    /// No reply came.
    init(operation: Operation, _ failure: TransferFailure, hasAnswered: Bool) {
        let code: LocalCode =
            switch failure.kind {
            case .connectionFailed: .connectionFailed
            case .tlsFailure: .tlsFailure
            case .connectionReset: .connectionReset
            case .timeout: .timeout
            case .truncated: .truncatedReply
            case .malformed: .malformedReply
            case .stopped: .clientStopped
            case .other: .transferFailed
            }
        self.init(operation: operation, code, failure.reason, hasAnswered: hasAnswered)
    }

    /// A fault found on this side.
    init(
        operation: Operation, _ code: LocalCode, _ message: String, status: Int? = nil,
        requestID: RequestID = RequestID(), hasAnswered: Bool
    ) {
        self.init(
            operation: operation.name, code: code.rawValue, message: message, status: status,
            requestID: requestID.isEmpty ? nil : requestID.description, throttlingReasons: [],
            remedy: Self.remedy(for: code, hasAnswered: hasAnswered),
            isOutcomeUnknown: ![.connectionFailed, .tlsFailure, .notSent].contains(code),
            lacksOperation: false, hint: Self.hint(for: code, message, hasAnswered: hasAnswered))
    }

    /// A write was done although its condition did not hold.
    package init(ignoredCondition operation: Operation, _ outcome: String) {
        self.init(
            operation: operation, .ignoredCondition,
            "the server does not heed the condition of a write; \(outcome)", status: 200,
            hasAnswered: true)
        hint = "What is to stay can't be kept at this endpoint: see --merge and --repair."
    }

    /// Nothing was sent, for a reason of ours.
    package init(notSent operation: Operation, _ reason: String) {
        self.init(operation: operation, .notSent, reason, hasAnswered: true)
    }

    /// An object's bytes are not those that its checksum was computed from.
    package init(checksum operation: Operation, _ name: String) {
        self.init(
            operation: operation, .checksumMismatch, "the object's bytes do not match \(name)",
            status: 200, hasAnswered: true)
        hint =
            "If the server computes it otherwise, set"
            + " AWS_RESPONSE_CHECKSUM_VALIDATION=when_required."
    }

    /// A server gave another version of an object than was asked for, where AWS would refuse.
    package init(changed operation: Operation, _ message: String) {
        self.init(
            operation: operation, code: "PreconditionFailed", message: message, status: 200,
            requestID: RequestID())
    }

    /// There is no endpoint for an operation.
    package init(lacking operation: Operation) {
        self.init(
            operation: operation.name, code: "UnknownOperationException", message: "", status: nil,
            requestID: nil, throttlingReasons: [], remedy: .giveUp, isOutcomeUnknown: false,
            lacksOperation: true, hint: nil)
    }

    /// A reply that is JSON and makes no sense, in the words of who has read it.
    package init(absurd operation: Operation, _ reason: String) {
        self.init(
            operation: operation, .absurdReply, "the reply makes no sense: \(reason)", status: 200,
            hasAnswered: true)
    }

    /// The same, by the operation's ``ReplyShape``. Without a member that it must have, it may be
    /// one that a proxy has made up for itself, or of a server that lacks the operation.
    init(operation: Operation, _ defect: ReplyDefect) {
        self.init(absurd: operation, defect.text)
        if defect.isMissing {
            lacksOperation = true
            let one = operation.service.oneOfIts
            hint = "Check that the endpoint is \(one), and what stands before it."
        }
    }

    private static func remedy(for code: LocalCode, hasAnswered: Bool) -> Remedy {
        switch code {
        case .connectionFailed, .connectionReset, .timeout, .truncatedReply, .malformedReply,
            .absurdReply, .crcMismatch, .checksumMismatch, .transferFailed:
            .retry
        case .tlsFailure: hasAnswered ? .retry : .giveUp
        case .replyTooLong, .clientStopped, .ignoredCondition, .notSent: .giveUp
        }
    }

    /// What a proxy that does not pass TLS on has answered, and what to do.
    private static func proxyRefusal(_ message: String) -> String? {
        let words = "CONNECT tunnel failed, response "
        guard let range = message.firstRange(of: words) else { return nil }
        let status = message[range.upperBound...].prefix { $0.isNumber }
        let what = "The proxy that HTTPS_PROXY names answered \(status)"
        switch status {
        case "407":
            return "\(what): it requires a user and a password,"
                + " HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT."
        case "403": return "\(what): it does not allow this host; NO_PROXY=HOST bypasses it."
        default: return "\(what): check the proxy, or bypass it with NO_PROXY=HOST."
        }
    }

    private static func hint(for code: LocalCode, _ message: String, hasAnswered: Bool) -> String? {
        guard !hasAnswered else { return nil }
        if let answer = proxyRefusal(message) { return answer }
        if let advice = TransferFailure.nameAdvice(message) { return advice }
        switch code {
        case .connectionFailed:
            return "Check the endpoint or region, and that this machine reaches it."
        case .tlsFailure where message.contains("certificate"):
            return "Name the certificate authority's file with --ca-bundle if you trust it."
        case .tlsFailure:
            return "The endpoint may speak plain HTTP: then write http:// instead of https://."
        case .connectionReset, .malformedReply, .timeout:
            return "Check the endpoint: if it speaks TLS, write https:// instead of http://."
        default: return nil
        }
    }
}
