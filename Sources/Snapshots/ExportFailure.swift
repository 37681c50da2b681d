import AWS
import DynamoDB
import Flow
import Native
import Transfer

extension FlowFailure {
    /// DynamoDB has refused to export a table, or to say how far it is.
    init(
        exporting table: String, _ extent: SnapshotOptions.Extent, _ endpoint: Endpoint,
        _ error: AWSError
    ) {
        self.init(
            asking: error,
            lacking: "leave --snapshot or --via out: dynaferry reads the table itself then")
        switch error.code {
        case "PointInTimeRecoveryUnavailableException":
            hint = SnapshotPreparation.switchingOn(table, endpoint)
        case "InvalidExportTimeException":
            hint = Self.advice(tooLateFor: extent)
        default: break
        }
    }

    private static func advice(tooLateFor extent: SnapshotOptions.Extent) -> String {
        switch extent {
        case .full(nil): "that time can no longer be exported: --restart takes the latest one"
        case .full: "that time can no longer be exported: name another, or leave it out"
        case .changes:
            "those changes can no longer be exported: take a new full export with --snapshot"
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
