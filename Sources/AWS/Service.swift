/// A service that is spoken to in JSON by way of one host: how it is named where requests are made
/// and signed.
package enum Service: Equatable, Sendable {
    case dynamoDB
    /// Application Auto Scaling, which changes the capacity of tables (its API reference, version
    /// 2016-02-06).
    case autoScaling

    /// The scope that requests are signed for, and what IAM's actions begin with.
    package var name: String {
        switch self {
        case .dynamoDB: "dynamodb"
        case .autoScaling: "application-autoscaling"
        }
    }

    /// What the value of `X-Amz-Target` begins with.
    var targetPrefix: String {
        switch self {
        case .dynamoDB: "DynamoDB_20120810."
        case .autoScaling: "AnyScaleFrontendService."
        }
    }

    var contentType: String {
        switch self {
        case .dynamoDB: "application/x-amz-json-1.0"
        case .autoScaling: "application/x-amz-json-1.1"
        }
    }
}
