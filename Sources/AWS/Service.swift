/// A service: how it is named where requests are made and signed.
package enum Service: Equatable, Sendable {
    case dynamoDB
    /// Application Auto Scaling, which changes the capacity of tables (its API reference, version
    /// 2016-02-06).
    case autoScaling
    /// Which speaks plain HTTP: see ``RESTClient``.
    case s3

    /// The scope that requests are signed for, and what IAM's actions begin with.
    package var name: String {
        switch self {
        case .dynamoDB: "dynamodb"
        case .autoScaling: "application-autoscaling"
        case .s3: "s3"
        }
    }

    /// An endpoint of it, for people.
    var oneOfIts: String {
        switch self {
        case .dynamoDB: "a DynamoDB one"
        case .autoScaling: "one of Application Auto Scaling"
        case .s3: "an S3 one"
        }
    }

    /// What the value of `X-Amz-Target` begins with, of services that are spoken to in JSON.
    var targetPrefix: String {
        switch self {
        case .dynamoDB: "DynamoDB_20120810."
        case .autoScaling: "AnyScaleFrontendService."
        case .s3: ""
        }
    }

    var contentType: String {
        switch self {
        case .dynamoDB: "application/x-amz-json-1.0"
        case .autoScaling: "application/x-amz-json-1.1"
        case .s3: "application/octet-stream"
        }
    }
}
