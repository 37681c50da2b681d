import AWS
import DynamoDB
import Flow
import JSON
import System

/// Bulk puts as they are asked for and looked at. Items that could not be written are no failure of
/// the work: they are in its report.
package struct BulkPutOperation: ServiceOperation {
    private let table: TargetTable

    package init(table: TargetTable) { self.table = table }

    package func ask(_ body: JSON) async throws(AWSError) -> String {
        try await table.startBulkPut(body).arn
    }

    package func list(from next: String?) async throws(AWSError) -> (arns: [String], next: String?)
    {
        try await table.bulkOperations(from: next)
    }

    package func look(_ arn: String) async throws(AWSError) -> ServiceState {
        ServiceState(try await table.describeBulk(arn), arn: arn)
    }
}

extension FlowFailure {
    /// DynamoDB has refused to put items of files, or to say how far it is.
    package init(bulkPuttingInto table: String, _ error: AWSError) {
        self.init(asking: error, lacking: "leave --load out: dynaferry writes the items then")
    }

    /// Items that could not be put: all others are in the table.
    package init(leftByBulkPut found: ServiceState, into table: String, reportedTo place: String) {
        self.init(
            .giveUp, code: "BulkPutErrors",
            message: "\(found.errors.counted("line")) could not be put into \(table), and"
                + " \((found.items ?? 0).counted("item")) were",
            hint: "DynamoDB's report is at \(place); copied without --load, and with --merge, each"
                + " becomes a dead letter with its line")
    }

    /// Work that DynamoDB has given up. What it has written stays.
    package init(bulkPut found: ServiceState, into table: String) {
        let (code, words) = found.failure
        let what =
            code == "CANCELLED"
            ? "the bulk put into \(table) was cancelled"
            : "DynamoDB has given up putting items into \(table)"
        self.init(
            .giveUp, code: code, message: "\(what)\(words); what it has written stays",
            hint: Self.advice(ofBulkPut: code)
                + "the same command puts all of them again; or copy without --load, and with"
                + " --merge")
    }

    private static func advice(ofBulkPut code: String) -> String {
        switch code {
        case "S3AccessDenied":
            "the target's credentials need s3:ListBucket, s3:GetObject and, for the report,"
                + " s3:PutObject on the bucket; then "
        case "S3NoSuchBucket": "check whether the bucket of the files is still there; then "
        default: ""
        }
    }
}
