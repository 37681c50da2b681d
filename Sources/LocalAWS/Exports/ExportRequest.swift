import JSON
import System

/// What an ExportTableToPointInTime asks for (API reference), as far as it can be checked without
/// the table.
///
/// Two requests are the same for the service when they are equal.
struct ExportRequest: Equatable, Sendable {
    enum Format: String, CaseIterable, Sendable {
        case dynamoDBJSON = "DYNAMODB_JSON"
        case ion = "ION"
    }

    enum ViewType: String, CaseIterable, Sendable {
        case newImage = "NEW_IMAGE"
        case newAndOldImages = "NEW_AND_OLD_IMAGES"
    }

    enum Encryption: String, CaseIterable, Sendable {
        case s3 = "AES256"
        case kms = "KMS"
    }

    enum Kind: String, CaseIterable, Sendable {
        case full = "FULL_EXPORT"
        case incremental = "INCREMENTAL_EXPORT"
    }

    /// Times in microseconds since 1970.
    enum Extent: Equatable, Sendable {
        /// The whole table; nil for as it is now.
        case full(at: Int?)
        /// What changed in a window; nil for up to now.
        case incremental(from: Int, to: Int?, ViewType)
    }

    let tableARN: String
    let bucket: String
    let bucketOwner: String?
    let prefix: String?
    let encryption: Encryption
    let keyID: String?
    let format: Format
    let extent: Extent
    /// A `FilterSpecification`.
    let filter: JSON?
    let clientToken: String?

    var kind: Kind { if case .full = extent { .full } else { .incremental } }

    init(_ request: Parameters) throws(ServiceError) {
        guard let tableARN = try request.text("TableArn", 1...1024) else {
            throw .constraint(nil, at: "tableArn", "Member must not be null")
        }
        guard let bucket = try request.text("S3Bucket", 0...255) else {
            throw .constraint(nil, at: "s3Bucket", "Member must not be null")
        }
        try Self.check(bucket: bucket)
        self.tableARN = tableARN
        self.bucket = bucket
        bucketOwner = try request.text("S3BucketOwner", 0...1024)
        try Self.check(owner: bucketOwner)
        prefix = try request.text("S3Prefix", 1...1024)
        clientToken = try request.text("ClientToken", 1...1024)
        if let clientToken, clientToken.contains("$") {
            throw .constraint(
                clientToken, at: "clientToken",
                "Member must satisfy regular expression pattern: ^[^\\$]+$")
        }
        format = try request.choice("ExportFormat", Format.self) ?? .dynamoDBJSON
        let encryption = try request.choice("S3SseAlgorithm", Encryption.self)
        keyID = try request.text("S3SseKmsKeyId", 1...2048)
        self.encryption = encryption ?? .s3
        let kind = try request.choice("ExportType", Kind.self)
        let specification = try request.json("IncrementalExportSpecification")
        let viewType = try Self.viewType(specification)
        try Self.check(keyID: keyID, encryption)
        try Self.check(kind, specification)
        extent =
            try kind == .incremental
            ? Self.window(specification, viewType)
            : .full(at: request.json("ExportTime").map(Self.microseconds))
        filter = try request.json("FilterSpecification")
    }

    // MARK: Checks

    private static func check(bucket: String) throws(ServiceError) {
        func isPlain(_ byte: UInt8?) -> Bool {
            switch byte ?? 0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: false
            }
        }
        let isLegal =
            isPlain(bucket.utf8.first) && isPlain(bucket.utf8.last) && bucket.utf8.count > 1
            && bucket.utf8.allSatisfy { isPlain($0) || [0x2D, 0x2E, 0x5F].contains($0) }
        guard !isLegal else { return }
        throw .constraint(
            bucket, at: "s3Bucket",
            "Member must satisfy regular expression pattern: "
                + "^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$")
    }

    private static func check(owner: String?) throws(ServiceError) {
        guard let owner,
            owner.utf8.count != 12 || !owner.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            return
        }
        throw .constraint(
            owner, at: "s3BucketOwner",
            "Member must satisfy regular expression pattern: [0-9]{12}")
    }

    private static func check(
        keyID: String?, _ encryption: Encryption?
    ) throws(ServiceError) {
        guard let keyID else { return }
        guard encryption == .kms else {
            throw .invalidRequest("KMS Key Id is not supported for this encryption type")
        }
        let isLegal = keyID.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2F, 0x5F: true
            default: false
            }
        }
        guard isLegal else {
            throw .invalidRequest(
                "1 validation error detected: Value '\(keyID)' at 's3SseKmsKeyId' failed to "
                    + "satisfy constraint: Member must satisfy regular expression pattern: "
                    + "^[a-zA-Z0-9:/_-]+$")
        }
    }

    /// What the kind of the export and the specification of a window must have to do with each
    /// other. (Observed.)
    private static func check(
        _ kind: Kind?, _ specification: JSON?
    ) throws(ServiceError) {
        switch (kind, specification) {
        case (nil, _?):
            throw .invalidRequest(
                "Export Type expected to be Incremental Export when incremental export "
                    + "specification is provided")
        case (.full, _?):
            throw .invalidRequest(
                "When Export Type is Full Export , Incremental Export Specification should not "
                    + "be provided")
        case (.incremental, nil):
            throw .invalidRequest(
                "Incremental Export Specification expected when export type is set as "
                    + "Incremental Export")
        default: break
        }
    }

    private static func viewType(_ specification: JSON?) throws(ServiceError) -> ViewType {
        guard let member = specification?["ExportViewType"], member != .null else {
            return .newAndOldImages
        }
        guard let text = member.string else { throw .serialization(nil) }
        guard let type = ViewType(rawValue: text) else {
            let all = ViewType.allCases.map(\.rawValue).joined(separator: ", ")
            throw .constraint(
                text, at: "incrementalExportSpecification.exportViewType",
                "Member must satisfy enum value set: [\(all)]")
        }
        return type
    }

    /// The start is required, whatever the model says. (Observed.)
    private static func window(
        _ specification: JSON?, _ viewType: ViewType
    ) throws(ServiceError) -> Extent {
        func time(_ name: String) throws(ServiceError) -> Int? {
            guard let member = specification?[name], member != .null else { return nil }
            return try microseconds(member)
        }
        guard let start = try time("ExportFromTime") else {
            throw .invalidRequest(
                "ExportFromTime must be provided in IncrementalExportSpecification")
        }
        return .incremental(from: start, to: try time("ExportToTime"), viewType)
    }

    /// A time on the wire is a number of seconds; no fraction below a millisecond counts.
    private static func microseconds(_ json: JSON) throws(ServiceError) -> Int {
        guard let seconds = json.double(in: -1e12...1e12) else { throw .serialization(nil) }
        return Int(clamping: (seconds * 1e3).rounded()) * 1_000
    }
}

extension Parameters {
    /// A text of a length that the model allows.
    fileprivate func text(
        _ name: String, _ lengths: ClosedRange<Int>
    ) throws(ServiceError) -> String? {
        guard let text = try string(name) else { return nil }
        guard text.utf8.count >= lengths.lowerBound else {
            throw .constraint(
                text, at: name.lowerFirst,
                "Member must have length greater than or equal to \(lengths.lowerBound)")
        }
        guard text.utf8.count <= lengths.upperBound else {
            throw .constraint(
                text, at: name.lowerFirst,
                "Member must have length less than or equal to \(lengths.upperBound)")
        }
        return text
    }
}

extension ServiceError {
    static func invalidRequest(_ message: String) -> ServiceError {
        .validation("Invalid Request: \(message)")
    }
}
