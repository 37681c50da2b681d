import DynamoModel
import JSON
import System

/// One data file of an export.
struct ExportFile: Equatable, Sendable {
    let key: String
    let items: Int
    /// Of the file's bytes as they are stored.
    let md5: [UInt8]

    /// A line of `manifest-files.json`. The ETag is that of an upload in one part.
    var line: [UInt8] {
        let json: JSON = [
            "itemCount": JSON(items), "md5Checksum": .string(Base64.encode(md5)),
            "etag": .string(Hex.text(MD5.hash(md5)) + "-1"), "dataFileS3Key": .string(key),
        ]
        return json.bytes + [0x0A]
    }
}

extension ExportRecord {
    /// The bytes of `manifest-summary.json`: what AWS writes, in its order.
    func manifest(_ totals: ExportTotals) -> [UInt8] {
        var json: JSON = ["version": request.kind == .full ? "2020-06-30" : "2023-08-01"]
        json["exportArn"] = .string(arn)
        json["startTime"] = Self.time(start)
        json["endTime"] = Self.time(end)
        json["tableArn"] = .string(tableARN)
        json["tableId"] = .string(tableID)
        switch span {
        case .content(_, let time): json["exportTime"] = Self.time(time)
        case .changes(let start, let end, _):
            json["exportFromTime"] = Self.time(start)
            json["exportToTime"] = Self.time(end)
        }
        json["s3Bucket"] = .string(request.bucket)
        json["s3Prefix"] = request.prefix.map { .string($0) } ?? .null
        json["s3SseAlgorithm"] = .string(request.encryption.rawValue)
        json["s3SseKmsKeyId"] = request.keyID.map { .string($0) } ?? .null
        json["manifestFilesS3Key"] = .string(layout.files)
        json["billedSizeBytes"] = JSON(totals.billedBytes)
        json["itemCount"] = JSON(totals.items)
        json["outputFormat"] = .string(request.format.rawValue)
        if case .changes(_, _, let viewType) = span {
            json["outputView"] = .string(viewType.rawValue)
            json["exportType"] = .string(request.kind.rawValue)
        }
        return json.bytes
    }

    /// `2026-11-29T10:20:30.123Z`
    private static func time(_ microseconds: Int) -> JSON {
        let milliseconds = String(1_000 + microseconds / 1_000 % 1_000).dropFirst()
        return .string(
            UTCTime(microseconds: microseconds).iso8601.dropLast() + ".\(milliseconds)Z")
    }
}
