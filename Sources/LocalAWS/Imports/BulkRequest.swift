import JSON

/// What a StartBulkPutItems asks for, checked.
struct BulkRequest: Equatable, Sendable {
    enum Tier: String, CaseIterable, Sendable {
        case standard = "STANDARD"
        case accelerated = "ACCELERATED"
    }

    /// Which records of the input the report tells.
    enum ReportType: String, CaseIterable, Sendable {
        case error = "ERROR"
        case conditionCheckFailure = "CONDITION_CHECK_FAILURE"
    }

    let source: InputSource
    let form: InputForm
    let output: InputSource
    let reportTypes: [ReportType]
    /// As the request names it: a name or an ARN.
    let tableName: String
    let writeUnitsMax: Int?
    let tier: Tier
    /// Whether who asks may read the input.
    let mayRead: Bool
    /// Whether who asks may write the report.
    let mayWrite: Bool
    /// Members of the description that repeat the request.
    let repeated: JSON
}
