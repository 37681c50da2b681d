import AWS
import DynamoDB
import Flow
import JSON
import System

/// Imports as they are asked for and looked at.
package struct ImportOperation: ServiceOperation {
    private let table: TargetTable

    package init(table: TargetTable) { self.table = table }

    package func ask(_ body: JSON) async throws(AWSError) -> String {
        try await table.importTable(body).arn
    }

    package func list(from next: String?) async throws(AWSError) -> (arns: [String], next: String?)
    {
        try await table.imports(from: next)
    }

    package func look(_ arn: String) async throws(AWSError) -> ServiceState {
        ServiceState(try await table.describeImport(arn), arn: arn)
    }
}

extension FlowFailure {
    /// DynamoDB has refused to import a table, or to say how far it is.
    package init(importing table: String, _ error: AWSError) {
        self.init(asking: error, lacking: "leave --load out: dynaferry writes the items then")
        guard error.code == "ResourceInUseException" else { return }
        hint = Self.advice(ofImport: "TableAlreadyExists", table)
    }

    /// An import that DynamoDB has given up.
    package init(import found: ServiceState, of table: String) {
        let (code, words) = found.failure
        let items = (found.items ?? 0).counted("item")
        // One error may stand for all that follows in a file.
        let errors =
            found.errors > 0
            ? "; it has imported \(items), and at least \(found.errors.counted("line")) could not"
                + " be taken" : ""
        let what =
            code == "CANCELLED"
            ? "the import into \(table) was cancelled"
            : "DynamoDB has given up the import into \(table)"
        self.init(
            .giveUp, code: code, message: "\(what)\(words)\(errors)",
            hint: Self.advice(ofImport: code, table))
    }

    private static func advice(ofImport code: String, _ table: String) -> String {
        switch code {
        case "ItemValidationError":
            "what is wrong with each is in CloudWatch Logs, group /aws-dynamodb/imports; delete"
                + " \(table), then copy without --load: dynaferry names each line itself"
        case "S3NoSuchBucket":
            "the bucket of the files was not found: check whether it is still there"
        case "S3AccessDenied":
            "the target's credentials need s3:GetObject and s3:ListBucket on the bucket; the same"
                + " command then imports it anew"
        case "TableAlreadyExists":
            "something else has made \(table) meanwhile: name another target, or copy into it"
                + " without --load"
        case "CANCELLED":
            "delete \(table), if it is there; then the same command imports it anew"
        default:
            "look up \(code) in AWS's documentation; delete \(table), if it is there; then the same"
                + " command imports it anew"
        }
    }
}

extension ServiceState {
    /// The service's name for what went wrong, and its words behind a colon.
    package var failure: (code: String, words: String) {
        guard case .failed(let code, let message) = end else { return ("FAILED", "") }
        // What follows it is ours.
        let words = message.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
        return (code, words.map { ": \($0)" } ?? "")
    }
}
