/// The operations of CloudWatch Logs that the server has, by the name in `X-Amz-Target`.
package enum LogsOperation: String, CaseIterable, Sendable {
    case describeLogGroups = "DescribeLogGroups"
    case describeLogStreams = "DescribeLogStreams"
    case getLogEvents = "GetLogEvents"

    static let prefix = "Logs_20140328."
}

/// One line of a log.
struct LogEvent: Equatable, Sendable {
    /// Since 1970.
    let milliseconds: Int
    let message: String
}
