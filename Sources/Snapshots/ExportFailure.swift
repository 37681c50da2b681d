import AWS
import DynamoDB
import Flow
import Native
import Transfer

extension FlowFailure {
    /// DynamoDB has refused to export a table, or to say how far it is.
    init(exporting table: String, _ endpoint: Endpoint, _ error: AWSError) {
        self.init(
            asking: error,
            lacking: "leave --snapshot or --via out: dynaferry reads the table itself then")
        switch error.code {
        case "PointInTimeRecoveryUnavailableException":
            hint = SnapshotPreparation.switchingOn(table, endpoint)
        case "InvalidExportTimeException":
            hint =
                "that time can't be exported, or no longer: leave --snapshot-time out and take"
                + " --restart for the latest; after --since take a new --snapshot"
        default: break
        }
    }

    /// An export that DynamoDB has given up. (Codes as it names them; the developer guide has no
    /// list of them.)
    /// - Parameter place: that it was to be written to.
    init(export: ServiceState, of table: String, to place: String) {
        let (code, words) = export.failure
        self.init(
            .giveUp, code: code,
            message: "DynamoDB has given up export \(ExportDescription.id(ofARN: export.arn)) of"
                + " \(table)\(words)",
            hint: Self.advice(code, place) + "; the same command then asks for another export")
    }

    private static func advice(_ code: String, _ place: String) -> String {
        switch code {
        case "S3NoSuchBucket": "the bucket of \(place) was not found: check its name"
        case "S3AccessDenied":
            "the source's credentials need s3:PutObject, s3:PutObjectAcl and"
                + " s3:AbortMultipartUpload on \(place); where the bucket belongs to another"
                + " account, --expected-bucket-owner names it"
        case _ where code.lowercased().hasPrefix("kms"):
            "the source's credentials need kms:GenerateDataKey and kms:Decrypt on the key; check"
                + " --sse-kms-key-id"
        default: "look up \(code) in AWS's documentation"
        }
    }
}
