import HTTPServer
import JSON

/// What the service answers instead of a result: a name, a text and a status (DYNAMODB facts,
/// sections 1 and 6; the API reference's page "Common Errors").
package struct ServiceError: Error, Equatable, Sendable {
    /// The part of `__type` before `#`.
    package enum Namespace: String, Sendable {
        case service = "com.amazonaws.dynamodb.v20120810"
        case coral = "com.amazon.coral.service"
        case validation = "com.amazon.coral.validate"
        /// CloudWatch Logs.
        case logs = "com.amazonaws.logs.v20140328"
        case availability = "com.amazon.coral.availability"
    }

    /// Why capacity was refused: the error's `ThrottlingReasons`.
    package struct Reason: Equatable, Sendable {
        var reason: String
        var resource: String
    }

    var namespace: Namespace
    package var name: String
    package var message: String?
    var status: Int
    var reasons: [Reason]
    /// The item that a condition did not hold for, when the request asked to see it.
    var item: JSON?

    package init(
        namespace: Namespace, name: String, message: String?, status: Int = 400,
        reasons: [Reason] = [], item: JSON? = nil
    ) {
        self.namespace = namespace
        self.name = name
        self.message = message
        self.status = status
        self.reasons = reasons
        self.item = item
    }

    var json: JSON {
        var body: JSON = ["__type": .string("\(namespace.rawValue)#\(name)")]
        // Errors from before the operation proper spell the member with a capital.
        if let message { body[namespace == .coral ? "Message" : "message"] = .string(message) }
        if !reasons.isEmpty {
            body["ThrottlingReasons"] = .array(
                reasons.map {
                    ["reason": .string($0.reason), "resource": .string($0.resource)]
                })
        }
        if let item { body["Item"] = item }
        return body
    }
}

extension ServiceError {
    package static func validation(_ message: String) -> ServiceError {
        ServiceError(namespace: .validation, name: "ValidationException", message: message)
    }

    /// A value that breaks a rule which no constraint of the model expresses.
    package static func invalid(_ message: String) -> ServiceError {
        .validation("One or more parameter values were invalid: \(message)")
    }

    /// One broken constraint of the model, in the model's words.
    package static func constraint(_ value: String?, at member: String, _ rule: String)
        -> ServiceError
    {
        .constraints(value, at: member, [rule])
    }

    /// Several of them, broken by one value.
    package static func constraints(
        _ value: String?, at member: String, _ rules: [String]
    ) -> ServiceError {
        let value = value.map { "'\($0)'" } ?? "null"
        let failures = rules.map {
            "Value \(value) at '\(member)' failed to satisfy constraint: \($0)"
        }
        let count = "\(rules.count) validation error\(rules.count == 1 ? "" : "s") detected: "
        return .validation(count + failures.joined(separator: "; "))
    }

    static func serialization(_ message: String?) -> ServiceError {
        ServiceError(namespace: .coral, name: "SerializationException", message: message)
    }

    static let keyMismatch = ServiceError.validation(
        "The provided key element does not match the schema")

    static let itemTooLarge = ServiceError.validation(
        "Item size has exceeded the maximum allowed size")

    /// A request whose body inflates to more than one may have; what is sent is checked before.
    static let requestTooLarge = ServiceError(
        namespace: .coral, name: HTTPRefusal.tooLarge.name, message: HTTPRefusal.tooLarge.message,
        status: HTTPRefusal.tooLarge.status)

    static let updateTooLarge = ServiceError.validation(
        "Item size to update has exceeded the maximum allowed size")

    static let noSuchTable = ServiceError(
        namespace: .service, name: "ResourceNotFoundException",
        message: "Requested resource not found")

    package static func noSuchTable(_ name: String) -> ServiceError {
        ServiceError(
            namespace: .service, name: "ResourceNotFoundException",
            message: "Requested resource not found: Table: \(name) not found")
    }

    static func inUse(_ message: String) -> ServiceError {
        ServiceError(namespace: .service, name: "ResourceInUseException", message: message)
    }

    /// A change that must wait for another.
    package static func stillInUse(_ message: String) -> ServiceError {
        .inUse("Attempt to change a resource which is still in use: \(message)")
    }

    static func throttled(_ reasons: [Reason]) -> ServiceError {
        ServiceError(
            namespace: .service, name: "ProvisionedThroughputExceededException",
            message: "The level of configured provisioned throughput for the table was exceeded. "
                + "Consider increasing your provisioning level with the UpdateTable API.",
            reasons: reasons)
    }

    static func conditionFailed(_ item: JSON?) -> ServiceError {
        ServiceError(
            namespace: .service, name: "ConditionalCheckFailedException",
            message: "The conditional request failed", item: item)
    }

    package static let internalError = ServiceError(
        namespace: .service, name: "InternalServerError",
        message: "The request processing has failed because of an unknown error, exception or "
            + "failure.", status: 500)

    static func unknownOperation(_ name: String) -> ServiceError {
        ServiceError(
            namespace: .coral, name: "UnknownOperationException",
            message: "The embedded server does not have the operation \(name)")
    }

    /// A member of a request that the service has and this server lacks.
    static func unsupported(_ member: String) -> ServiceError {
        .validation("The embedded server does not support the parameter \(member)")
    }

    /// Why somebody may not do something, as the service ends the sentence.
    package enum DenialReason {
        case explicitDeny
        case noIdentityPolicy
        case noResourcePolicy

        func text(_ operation: String) -> String {
            switch self {
            case .explicitDeny: "with an explicit deny"
            case .noIdentityPolicy:
                "because no identity-based policy allows the dynamodb:\(operation) action"
            case .noResourcePolicy:
                "because no resource-based policy allows the dynamodb:\(operation) action"
            }
        }
    }

    package static func denied(
        operation: String, resource: String, user: String = "local",
        reason: DenialReason = .explicitDeny
    ) -> ServiceError {
        ServiceError(
            namespace: .coral, name: "AccessDeniedException",
            message: "User: arn:aws:iam::\(Tables.account):user/\(user) is not authorized to "
                + "perform: dynamodb:\(operation) on resource: \(resource) "
                + reason.text(operation))
    }
}
