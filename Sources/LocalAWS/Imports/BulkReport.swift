import JSON

/// The report of a bulk operation in its output bucket.
///
/// The service writes a manifest, and files of the items that were not written (developer guide,
/// "Bulk put items output and reconciliation"). What these are called and look like is not known:
/// here they are `AWSDynamoDB/<id>/manifest.json` and `AWSDynamoDB/<id>/error/0001.json`, of a JSON
/// object a line.
struct BulkReport {
    private let job: BulkJob

    init(_ job: BulkJob) { self.job = job }

    /// In the order in which they are written: the manifest last.
    var files: [(key: ObjectKey, bytes: [UInt8])] {
        var outputs: [JSON] = []
        var files: [(ObjectKey, [UInt8])] = []
        if job.request.reportTypes.contains(.error), !job.tally.faults.isEmpty {
            let key = "\(folder)error/0001.json"
            files.append((ObjectKey(key), lines))
            outputs.append([
                "outputType": .string(BulkRequest.ReportType.error.rawValue),
                "s3Key": .string(key), "itemCount": JSON(job.tally.faults.count),
            ])
        }
        let manifest: JSON = [
            "bulkOperationArn": .string(job.arn), "status": .string(job.status),
            "tableArn": .string(job.table.arn), "processedItemCount": JSON(job.tally.processed),
            "writtenItemCount": JSON(job.tally.imported),
            "failedItemCount": JSON(job.tally.faults.count), "conditionCheckFailureCount": 0,
            "outputs": .array(outputs),
        ]
        return files + [(ObjectKey("\(folder)manifest.json"), manifest.bytes)]
    }

    private var folder: String {
        let prefix = job.request.output.prefix
        let isOpen = prefix.isEmpty || prefix.hasSuffix("/")
        return "\(prefix)\(isOpen ? "" : "/")AWSDynamoDB/\(job.identifier)/"
    }

    private var lines: [UInt8] {
        job.tally.faults.flatMap { fault -> [UInt8] in
            var line: JSON = [
                "itemS3Pointer": fault.pointer(in: job.request.source.bucket),
                "errorMessage": .string(fault.message),
            ]
            // What was read as JSON is shown as it came.
            line["Item"] = fault.item.flatMap { try? JSON(parsing: $0) }
            return line.bytes + [0x0A]
        }
    }
}
