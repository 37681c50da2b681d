import JSON
import LocalAWS

/// The commands of the transcript of what DynamoDB does by itself, by what is wrong with them.
enum NativeMessages {
    struct Section: Sendable {
        let title: String
        /// What each ends with.
        let status: Int32
        let lines: [NativeLine]
    }

    static var sections: [Section] { usage + before + asked + givenUp }

    private static let place = "s3://dumps/new/"

    private static func error(_ name: String, _ message: String) -> JSON {
        [
            "__type": .string("com.amazonaws.dynamodb.v20120810#\(name)"),
            "message": .string(message),
        ]
    }

    private static func ended(
        _ member: String, _ state: String, _ code: String? = nil, _ message: String? = nil,
        _ more: [(String, JSON)] = []
    ) -> JSON {
        var json: JSON = [member: .string(state)]
        json["FailureCode"] = code.map { .string($0) }
        json["FailureMessage"] = message.map { .string($0) }
        for (name, value) in more { json[name] = value }
        return json
    }

    // MARK: Nothing is asked

    private static let usage = [
        Section(
            title: "Options of snapshots", status: 2,
            lines: [
                "copy orders ./dump/ --snapshot", "copy orders orders-dev --snapshot",
                "copy orders - --snapshot",
                "copy orders \(place) --snapshot-time 2026-11-28T06:00Z",
                "copy orders \(place) --snapshot --snapshot-time noon",
                "copy orders \(place) --snapshot --snapshot-time 18:30",
                "copy orders \(place) --snapshot --since 2026-11-28T06:00Z",
                "copy orders \(place) --since yesterday",
                "copy orders ./dump/ --since 2026-11-28T06:00Z",
                "copy orders \(place) --snapshot --poll-interval 0s",
                "copy orders \(place) --snapshot --read-units 5",
                "copy orders \(place) --snapshot --segments 4",
                "copy orders \(place) --snapshot --set \"text = 'x'\"",
                "copy orders \(place) --snapshot --keys keys.jsonl",
                "copy orders \(place) --snapshot --verify",
                "copy orders \(place) --snapshot --level 3",
                "copy orders \(place) --snapshot --requester-pays",
                "copy orders \(place) --snapshot --sse aws:kms:dsse --sse-kms-key-id k",
                "copy orders \(place) --since 2026-11-28T06:00Z --where \"text = 'x'\"",
            ].map { NativeLine($0) }),
        Section(
            title: "Options of loading", status: 2,
            lines: [
                "copy ./dump/ new --load import-table", "copy orders new --load bulk-put",
                "copy s3://dumps/x/ new --load faster",
                "copy s3://dumps/x/ new --load import-table --set \"text = 'x'\"",
                "copy s3://dumps/x/ new --load import-table --where \"text = 'x'\"",
                "copy s3://dumps/x/ new --load import-table --merge",
                "copy s3://dumps/x/ new --load import-table --write-units 2000",
                "copy s3://dumps/x/ new --load bulk-put --merge=keep",
                "copy s3://dumps/x/ new --load bulk-put --only-changed",
                "copy s3://dumps/x/ new --load import-table --indexes after",
                "copy s3://dumps/x/ new --load import-table --schema-only",
            ].map { NativeLine($0) }),
        Section(
            title: "Options of the way through a bucket", status: 2,
            lines: [
                "copy orders new --via ./dump/", "copy orders new --via 's3://dumps/*/'",
                "copy orders s3://dumps/y/ --via s3://dumps/v/",
                "copy orders new --via-cleanup", "copy orders new --via s3://dumps/v/ --segments 4",
                "copy orders new --via s3://dumps/v/ --snapshot",
                "copy orders new --via s3://dumps/v/ --only-changed",
            ].map { NativeLine($0) }),
        Section(
            title: "Restoring", status: 2,
            lines: [
                "copy orders orders-dev --restore-from 2026-11-28T06:00:00Z",
                "copy orders orders-dev --region eu-west-1 --profile dev --restore-from"
                    + " arn:aws:dynamodb:eu-west-1:123456789012:table/orders/backup/0148-73d8d5bc",
                "plan 'acme-*' 'dev-*' --restore-from 2026-11-28T06:00:00Z",
                "copy orders orders-dev --restore-from yesterday",
            ].map { NativeLine($0) }),
    ]

    private static let before = [
        Section(
            title: "Before DynamoDB is asked for an export", status: 1,
            lines: [
                NativeLine("copy plain \(place) --snapshot", "point-in-time recovery is off"),
                NativeLine("copy 'plain*' \(place) --snapshot", "of two tables"),
                NativeLine("copy plain new --via s3://dumps/v/"),
                NativeLine("copy nothing \(place) --snapshot"),
                NativeLine("copy orders \(place) --snapshot --snapshot-time 2020-01-01T00:00Z"),
                NativeLine("copy orders \(place) --snapshot --snapshot-time 2099-01-01T00:00Z"),
                NativeLine("copy orders \(place) --since 2020-01-01T00:00Z"),
                NativeLine("copy events \(place) --since 2099-01-01T00:00Z"),
                NativeLine("copy events \(place) --since $TEN_MINUTES_AGO"),
                NativeLine("copy orders \(place) --since 01790000000000-1a2b3c4d"),
                NativeLine("copy orders s3://nowhere/x/ --snapshot"),
                NativeLine("copy orders new --via s3://nowhere/x/"),
                NativeLine(
                    "copy orders \(place) --snapshot", "the source may not write there",
                    source: "NOPUT"),
                NativeLine(
                    "copy orders \(place) --snapshot", "the source may not see its backups",
                    source: "NOBACKUPS"),
                NativeLine("copy orders \(place) --snapshot --where \"lower(text) = 'x'\""),
            ]),
        Section(
            title: "Before DynamoDB is asked to load", status: 1,
            lines: [
                NativeLine("copy s3://dumps/x/ events --load import-table", "the table is there"),
                NativeLine("copy s3://dumps/indexed/ new --load import-table"),
                NativeLine("copy s3://dumps/loose/ new --load import-table --key id:S,at:S"),
                NativeLine("copy s3://dumps/more/ new --load import-table", "a file lies beside"),
                NativeLine("copy s3://dumps/chain/ new --load import-table", "of changes alone"),
                NativeLine("copy s3://dumps/x/ events --load bulk-put", "it holds items"),
                NativeLine(
                    "copy s3://dumps/x/ events --merge --load bulk-put --write-units 500"),
                NativeLine(
                    "copy orders new --via s3://dumps/v/ --source-region us-east-1"
                        + " --target-region cn-north-1"),
                NativeLine("copy orders events --via s3://dumps/v/", "the target holds items"),
            ]),
    ]

    // MARK: It is asked, and refuses

    private static let asked = [
        Section(
            title: "DynamoDB refuses", status: 1,
            lines: [
                NativeLine("copy orders \(place) --snapshot", source: "NOEXPORT"),
                NativeLine("copy orders \(place) --snapshot --job looked", source: "NOLOOK"),
                NativeLine("copy s3://dumps/x/ new --load import-table", target: "NOIMPORT"),
                NativeLine("copy s3://dumps/x/ new2 --load bulk-put", target: "NOBULK"),
                NativeLine(
                    "copy orders \(place) --snapshot", "switched off meanwhile",
                    tampering: (
                        "ExportTableToPointInTime",
                        error(
                            "PointInTimeRecoveryUnavailableException",
                            "Point in time recovery is not enabled for table 'orders'")
                    )),
                NativeLine(
                    "copy orders s3://dumps/late/ --snapshot", "resumed too late",
                    tampering: (
                        "ExportTableToPointInTime",
                        error(
                            "InvalidExportTimeException",
                            "The export time is not within the recoverable window")
                    )),
                NativeLine(
                    "copy orders s3://dumps/twice/ --snapshot",
                    tampering: (
                        "ExportTableToPointInTime",
                        error(
                            "ExportConflictException",
                            "Export conflict: Duplicate request detected with conflicting"
                                + " parameters")
                    )),
                NativeLine(
                    "copy orders s3://dumps/lacks/ --snapshot", "a server that has no exports",
                    tampering: (
                        "ExportTableToPointInTime", error("UnknownOperationException", "")
                    )),
                NativeLine(
                    "copy s3://dumps/x/ dev-taken --load import-table", "made meanwhile",
                    tampering: (
                        "ImportTable",
                        error("ResourceInUseException", "Table already exists: dev-taken")
                    )),
                NativeLine(
                    "copy s3://dumps/x/ dev-lacks --load import-table", "a server without imports",
                    tampering: ("ImportTable", error("UnknownOperationException", ""))),
                NativeLine(
                    "copy s3://dumps/x/ dev-lacks2 --load bulk-put", "a server without bulk puts",
                    tampering: ("StartBulkPutItems", error("UnknownOperationException", ""))),
                NativeLine(
                    "copy s3://dumps/x/ dev-mismatch --load bulk-put",
                    tampering: (
                        "StartBulkPutItems",
                        error(
                            "IdempotentParameterMismatchException",
                            "The request has a ClientToken that was used with other parameters")
                    )),
            ])
    ]

    // MARK: It gives up

    private static let givenUp = [
        Section(
            title: "DynamoDB gives up an export", status: 1,
            lines: ExportFailure.Code.allCases.map { code in
                NativeLine(
                    "copy orders s3://dumps/fail/ --snapshot --job \(code.rawValue.lowercased())",
                    exportFailure: code)
            } + [
                NativeLine(
                    "copy orders s3://dumps/odd/ --snapshot", "for a reason of its own",
                    tampering: (
                        "DescribeExport",
                        ended("ExportStatus", "FAILED", "InternalError", "Something went wrong")
                    ))
            ]),
        Section(
            title: "DynamoDB gives up an import", status: 1,
            lines: [
                NativeLine("copy s3://dumps/bad/ dev-broken --load import-table", "a bad line"),
                NativeLine("copy s3://dumps/bad/ dev-broken --load import-table", "once more"),
                NativeLine(
                    "copy s3://dumps/x/ dev-unread --load import-table", "the target may not read",
                    target: "NOGET"),
                NativeLine(
                    "copy s3://dumps/x/ dev-late --load import-table", "made by another import",
                    tampering: (
                        "DescribeImport",
                        ended(
                            "ImportStatus", "FAILED", "TableAlreadyExists",
                            "Table already exists: dev-late")
                    )),
                NativeLine(
                    "copy s3://dumps/x/ dev-gone --load import-table",
                    "the bucket is gone meanwhile",
                    tampering: (
                        "DescribeImport",
                        ended(
                            "ImportStatus", "FAILED", "S3NoSuchBucket",
                            "The specified bucket does not exist")
                    )),
                NativeLine(
                    "copy s3://dumps/x/ dev-cancelled --load import-table",
                    tampering: ("DescribeImport", ended("ImportStatus", "CANCELLED"))),
                NativeLine(
                    "copy s3://dumps/x/ dev-less --load import-table", "it counts fewer items",
                    tampering: (
                        "DescribeImport",
                        ended("ImportStatus", "COMPLETED", nil, nil, [("ImportedItemCount", 11)])
                    )),
                NativeLine(
                    "copy s3://dumps/x/ dev-odd --load import-table", "for a reason of its own",
                    tampering: (
                        "DescribeImport",
                        ended("ImportStatus", "FAILED", "InternalError", "Something went wrong")
                    )),
            ]),
        Section(
            title: "DynamoDB gives up bulk puts", status: 1,
            lines: [
                NativeLine("copy s3://dumps/bad/ dev-broken2 --load bulk-put", "a bad line"),
                NativeLine(
                    "copy s3://dumps/x/ dev-unread2 --load bulk-put", "the target may not read",
                    target: "NOGET"),
                NativeLine(
                    "copy s3://dumps/x/ dev-unwritten --load bulk-put",
                    "the target may not write the report", target: "NOPUT"),
                NativeLine(
                    "copy s3://dumps/x/ dev-cancelled2 --load bulk-put",
                    tampering: (
                        "DescribeBulkOperation",
                        ended(
                            "BulkOperationStatus", "CANCELLED", nil, nil, [("FailedItemCount", 2)])
                    )),
                NativeLine(
                    "copy s3://dumps/x/ dev-odd2 --load bulk-put", "for a reason of its own",
                    tampering: (
                        "DescribeBulkOperation",
                        ended(
                            "BulkOperationStatus", "FAILED", "TableNotFound",
                            "The table was deleted.")
                    )),
            ]),
    ]
}
