import Arguments
import JSON
import S3
import Transfer

/// What DynamoDB does by itself, it does with the rights of whoever asks for it. (Guide,
/// "Requesting a table export", "Requesting a table import"; Service Authorization Reference,
/// Amazon DynamoDB.)
extension IAMPolicies {
    var isExportedByService: Bool { arguments.native.exports || arguments.native.via != nil }

    /// Of DynamoDB, on the source.
    var exporting: [String] { ["DescribeContinuousBackups", "ExportTableToPointInTime"] }

    /// How targets may be loaded; nil among them: by dynaferry.
    private var loads: Set<ServiceLoad?> {
        let tables = arguments.entries.isEmpty ? [arguments] : arguments.entries.map(\.arguments)
        let loads = Set(tables.map(\.native.load))
        // On the way through a bucket ImportTable makes those that are not there yet.
        let isOpen = arguments.native.via != nil && loads.contains(nil)
        return isOpen ? loads.union([.importTable]) : loads
    }

    var writingItems: [String] {
        if loads.contains(nil) { return ["BatchWriteItem", "PutItem", "Scan"] }
        // A table that is there is looked into: whether it holds items.
        return loads.contains(.bulkPut) || isVerified ? ["Scan"] : []
    }

    /// Nothing is removed that is not verified.
    var isVerified: Bool { arguments.verifies || arguments.native.viaCleanup }

    /// ImportTable makes the table by itself.
    var creating: [String] { loads == [.importTable] ? [] : ["CreateTable"] }

    /// What is written in the source's name, besides ``exporting``.
    var exportingStatements: [JSON] {
        guard isExportedByService else { return [] }
        let exports = sources.map { source in
            (source.isARN ? source.text : places.source.arn(ofTable: source.text)) + "/export/*"
        }
        let keys: [JSON] =
            bucketKey.map { [statement(["kms:Decrypt", "kms:GenerateDataKey"], on: [$0])] } ?? []
        let written = ["AbortMultipartUpload", "PutObject", "PutObjectAcl"]
        // On the way through a bucket the source reads what the targets are loaded from.
        let via = arguments.native.via.map { [$0] }
        return [
            statement(dynamoDB(["DescribeExport"]), on: exports),
            statement(dynamoDB(["ListExports"]), on: ["*"]),
        ]
            + buckets(
                via ?? targets, places.source, (via == nil ? [] : ["GetObject"]) + written,
                lists: via != nil) + keys
    }

    /// What the target's credentials need where DynamoDB loads it, and on the way through a bucket.
    var loadingStatements: [JSON] {
        let loads = loads
        var statements: [JSON] = []
        let tables = targets.map { $0.isARN ? $0.text : places.target.arn(ofTable: $0.text) }
        if loads.contains(.importTable) {
            statements += [
                statement(dynamoDB(["ImportTable"]), on: tables),
                statement(dynamoDB(["DescribeImport"]), on: tables.map { $0 + "/import/*" }),
                statement(dynamoDB(["ListImports"]), on: ["*"]),
                statement(
                    [
                        "CreateLogGroup", "CreateLogStream", "DescribeLogGroups",
                        "DescribeLogStreams", "PutLogEvents", "PutRetentionPolicy",
                    ].map { "logs:\($0)" }, on: [places.target.arn(ofLogGroup: "/aws-dynamodb/*")]),
            ]
        }
        if loads.contains(.bulkPut) {
            statements += [
                statement(dynamoDB(["StartBulkPutItems"]), on: tables),
                // What ARNs of theirs look like is not documented.
                statement(dynamoDB(["DescribeBulkOperation", "ListBulkOperations"]), on: ["*"]),
            ]
        }
        var touched: Set<String> = []
        if loads.contains(where: { $0 != nil }) { touched.insert("GetObject") }
        if loads.contains(.bulkPut) { touched.insert("PutObject") }
        // table.json is put beside the export.
        if arguments.native.via != nil { touched.insert("PutObject") }
        if arguments.native.viaCleanup { touched.formUnion(["DeleteObject", "GetObject"]) }
        guard !touched.isEmpty else { return statements }
        let files = arguments.native.via.map { [$0] } ?? sources
        var keyActions = ["kms:Decrypt"]
        if touched.contains("PutObject") { keyActions.append("kms:GenerateDataKey") }
        let keys: [JSON] = bucketKey.map { [statement(keyActions, on: [$0])] } ?? []
        return statements + buckets(files, places.target, touched.sorted()) + keys
    }
}

extension IAMPolicies.Place {
    fileprivate func arn(ofLogGroup name: String) -> String {
        "arn:\(partition):logs:\(region ?? "*"):\(account ?? "*"):log-group:\(name)"
    }
}
