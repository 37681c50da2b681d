import JSON
import System

/// An export, as DescribeExport and ListExports show it. Times in microseconds since 1970.
struct ExportRecord: Sendable {
    enum Outcome: Equatable, Sendable {
        case inProgress
        case completed(ExportTotals)
        case failed(code: String, message: String)
    }

    let id: String
    let tableName: String
    let tableARN: String
    let tableID: String
    let request: ExportRequest
    let span: ExportSpan
    let start: Int
    /// When it is over.
    let end: Int
    var outcome = Outcome.inProgress

    var arn: String { "\(tableARN)/export/\(id)" }

    var layout: ExportLayout { ExportLayout(id: id, request) }

    var status: String {
        switch outcome {
        case .inProgress: "IN_PROGRESS"
        case .completed: "COMPLETED"
        case .failed: "FAILED"
        }
    }

    /// 8 hours from its end: so long the same request with the same token is not a new one (API
    /// reference, ClientToken).
    func keepsToken(at now: Int) -> Bool {
        outcome == .inProgress || now < end + 8 * 3_600 * 1_000_000
    }

    /// 90 days (guide, "Requesting a table export").
    func isKept(at now: Int) -> Bool {
        outcome == .inProgress || now < start + 90 * 86_400 * 1_000_000
    }

    /// An `ExportSummary` (API reference).
    var summary: JSON {
        [
            "ExportArn": .string(arn), "ExportStatus": .string(status),
            "ExportType": .string(request.kind.rawValue),
        ]
    }

    /// An `ExportDescription` (API reference). Observed: a full export has no `ExportType`, and
    /// one that has not completed no `EndTime`.
    var description: JSON {
        var json: JSON = ["DestinationType": "S3"]
        json["ExportArn"] = .string(arn)
        json["ExportFormat"] = .string(request.format.rawValue)
        json["ExportStatus"] = .string(status)
        json["StartTime"] = Self.time(start)
        json["TableArn"] = .string(tableARN)
        json["TableId"] = .string(tableID)
        json["S3Bucket"] = .string(request.bucket)
        json["S3BucketOwner"] = request.bucketOwner.map { .string($0) }
        json["S3Prefix"] = request.prefix.map { .string($0) }
        json["S3SseAlgorithm"] = .string(request.encryption.rawValue)
        json["S3SseKmsKeyId"] = request.keyID.map { .string($0) }
        json["ClientToken"] = request.clientToken.map { .string($0) }
        json["FilterSpecification"] = request.filter
        switch span {
        case .content(_, let time): json["ExportTime"] = Self.time(time)
        case .changes(let start, let end, let viewType):
            json["ExportType"] = .string(request.kind.rawValue)
            json["IncrementalExportSpecification"] = [
                "ExportFromTime": Self.time(start), "ExportToTime": Self.time(end),
                "ExportViewType": .string(viewType.rawValue),
            ]
        }
        switch outcome {
        case .inProgress: break
        case .completed(let totals):
            json["EndTime"] = Self.time(end)
            json["ExportManifest"] = .string(layout.summary)
            json["ItemCount"] = JSON(totals.items)
            json["BilledSizeBytes"] = JSON(totals.billedBytes)
        case .failed(let code, let message):
            json["FailureCode"] = .string(code)
            json["FailureMessage"] = .string(message)
        }
        return json
    }

    /// Seconds, to the millisecond.
    private static func time(_ microseconds: Int) -> JSON {
        JSON(Double(microseconds / 1_000) / 1_000)
    }
}

/// What a completed export comes to.
struct ExportTotals: Equatable, Sendable {
    var items = 0
    var billedBytes = 0
}

/// Where the objects of an export are (guide, "DynamoDB table export output format"): full keys.
struct ExportLayout: Equatable, Sendable {
    private let root: String
    private let folder: String
    private let request: ExportRequest

    init(id: String, _ request: ExportRequest) {
        let prefix = request.prefix ?? ""
        root = (prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/") + "AWSDynamoDB/"
        folder = root + id + "/"
        self.request = request
    }

    var started: String { folder + "_started" }
    var summary: String { folder + "manifest-summary.json" }
    var summaryChecksum: String { folder + "manifest-summary.md5" }
    var files: String { folder + "manifest-files.json" }
    var filesChecksum: String { folder + "manifest-files.md5" }

    /// All incremental exports under a prefix have their data in one folder.
    func data(_ name: String) -> String {
        let place = request.kind == .full ? folder : root
        return "\(place)data/\(name).\(request.format == .ion ? "ion" : "json").gz"
    }
}
