import DynamoModel
import JSON
import System

/// What `manifest-summary.json` says of an export, in the members and the order that DynamoDB
/// writes (developer guide, "DynamoDB table export output format").
package struct ExportSummary: Equatable, Sendable {
    /// Where `manifest-files.json` lies, from the root of the bucket.
    package var filesKey: String
    package var items: Int
    package var tableARN: String
    package var tableID: String?
    package var exportARN: String
    /// Seconds since 1970.
    package var started: Double
    package var ended: Double
    package var bucket: String?
    package var prefix: String?
    /// `AES256` or `KMS`; nil where nothing was asked for.
    package var encryption: String?
    package var kmsKey: String?
    /// Of the items, as the service counts them.
    package var storedBytes: Int
    /// Of a full export: as of when its items are, in seconds since 1970; nil where it does not
    /// say.
    package var exportTime: Double?
    /// Of an incremental export.
    package var window: ExportWindow?

    package init(
        filesKey: String, items: Int, tableARN: String, tableID: String?, exportARN: String,
        started: Double, ended: Double, storedBytes: Int
    ) {
        self.filesKey = filesKey
        self.items = items
        self.tableARN = tableARN
        self.tableID = tableID
        self.exportARN = exportARN
        self.started = started
        self.ended = ended
        self.storedBytes = storedBytes
    }

    /// One line without an end of line.
    package var bytes: [UInt8] {
        func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }
        let json: JSON = [
            "version": "2020-06-30",
            "exportArn": .string(exportARN),
            "startTime": .string(Self.time(started)),
            "endTime": .string(Self.time(ended)),
            "tableArn": .string(tableARN),
            "tableId": text(tableID),
            "exportTime": .string(Self.time(started)),
            "s3Bucket": text(bucket),
            "s3Prefix": text(prefix),
            "s3SseAlgorithm": text(encryption),
            "s3SseKmsKeyId": text(kmsKey),
            "manifestFilesS3Key": .string(filesKey),
            "billedSizeBytes": JSON(storedBytes),
            "itemCount": JSON(items),
            "outputFormat": "DYNAMODB_JSON",
        ]
        return json.bytes
    }

    private static func time(_ seconds: Double) -> String {
        let whole = UTCTime(secondsSinceEpoch: seconds).iso8601.dropLast()
        let part = (seconds - seconds.rounded(.down)) * 1_000
        let digits = String(1_000 + Int(clamping: part.rounded(.down))).suffix(3)
        return "\(whole).\(digits)Z"
    }
}

/// What an export's manifests have that is wrong: in words that begin behind the file's name.
package struct ManifestError: Error, CustomStringConvertible, Equatable, Sendable {
    package var file: String
    package var reason: String
    package var hint: String?

    package init(_ file: String, _ reason: String, hint: String? = nil) {
        self.file = file
        self.reason = reason
        self.hint = hint
    }

    package var description: String { "\(file) \(reason)" }
}

extension ExportSummary {
    /// What an import reads of a summary, DynamoDB's own or ours.
    package init(parsing bytes: [UInt8], called file: String) throws(ManifestError) {
        guard let json = try? JSON(parsing: bytes), json.members != nil else {
            throw ManifestError(file, "is no JSON object")
        }
        let type = json["exportType"]?.string ?? "FULL_EXPORT"
        guard ["FULL_EXPORT", "INCREMENTAL_EXPORT"].contains(type) else {
            throw ManifestError(
                file, "is of an export of type \(type), which this dynaferry does not know",
                hint: "use a newer one")
        }
        if let format = json["outputFormat"]?.string,
            !["DYNAMODB_JSON", "ION"].contains(format)
        {
            throw ManifestError(
                file, "is of an export in \(format), which can't be read",
                hint: "export it as DYNAMODB_JSON")
        }
        guard let filesKey = json["manifestFilesS3Key"]?.string else {
            throw ManifestError(file, "does not say where manifest-files.json lies")
        }
        guard let items = json["itemCount"]?.int(in: 0...ServiceRanges.itemCount.upperBound) else {
            throw ManifestError(file, "has no itemCount")
        }
        self.init(
            filesKey: filesKey, items: items, tableARN: json["tableArn"]?.string ?? "",
            tableID: json["tableId"]?.string, exportARN: json["exportArn"]?.string ?? "",
            started: 0, ended: 0,
            storedBytes: json["billedSizeBytes"]?.int(in: ServiceRanges.tableBytes) ?? 0)
        bucket = json["s3Bucket"]?.string
        prefix = json["s3Prefix"]?.string
        if type == "INCREMENTAL_EXPORT" {
            window = try ExportWindow(json, file)
        } else {
            exportTime = json["exportTime"]?.string.flatMap(Self.seconds)
        }
    }

    /// - Parameter time: `2026-01-14T10:47:34.353Z`.
    fileprivate static func seconds(_ time: String) -> Double? {
        guard let whole = UTCTime(iso8601: time) else { return nil }
        let rest = time.split(separator: ".").dropFirst().first?.prefix { $0.isNumber } ?? ""
        return Double(whole.secondsSinceEpoch) + (Double("0.\(rest)0") ?? 0)
    }

    /// Of its ARN; nil where that has none.
    package var tableName: String? {
        let resource = tableARN.split(separator: ":", maxSplits: 5).last ?? ""
        let parts = resource.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count >= 2 && parts[0] == "table" ? String(parts[1]) : nil
    }
}

/// When the changes of an incremental export were made, in seconds since 1970.
package struct ExportWindow: Equatable, Sendable {
    /// The first that it has.
    package var from: Double
    /// The first that it has not.
    package var to: Double
    /// Each change says what the item was before.
    package var showsOldImages: Bool

    package init(from: Double, to: Double, showsOldImages: Bool = false) {
        (self.from, self.to, self.showsOldImages) = (from, to, showsOldImages)
    }

    fileprivate init(_ summary: JSON, _ file: String) throws(ManifestError) {
        guard let from = summary["exportFromTime"]?.string.flatMap(ExportSummary.seconds),
            let to = summary["exportToTime"]?.string.flatMap(ExportSummary.seconds), from < to
        else {
            throw ManifestError(
                file, "does not say when the changes of the incremental export were made")
        }
        self.init(
            from: from, to: to,
            showsOldImages: summary["outputView"]?.string == "NEW_AND_OLD_IMAGES")
    }
}

/// `manifest-files.json`: a line of JSON a data file.
package enum FilesManifest {
    /// - Parameter key: of the place that names are below, from the root of the bucket.
    package static func bytes(_ files: [DataFile], below key: String) -> [UInt8] {
        var lines: [UInt8] = []
        for file in files {
            let json: JSON = [
                "itemCount": JSON(file.items ?? 0),
                "md5Checksum": .string(Base64.encode(file.md5 ?? [])),
                "etag": .string(file.etag ?? Hex.text(file.md5 ?? [])),
                "dataFileS3Key": .string(key + file.name),
            ]
            lines += json.bytes
            lines.append(0x0A)
        }
        return lines
    }

    /// Files as they are listed: their names are keys from the root of the bucket.
    package static func files(
        parsing bytes: [UInt8], called file: String
    ) throws(ManifestError) -> [DataFile] {
        var files: [DataFile] = []
        var number = 0
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { continue }
            guard let json = try? JSON(parsing: Array(line)),
                let name = json["dataFileS3Key"]?.string,
                let items = json["itemCount"]?.int(in: 0...ServiceRanges.itemCount.upperBound)
            else { throw ManifestError(file, "line \(number) lists no data file") }
            let md5 = json["md5Checksum"]?.string.flatMap { Base64.decode(Array($0.utf8)) }
            if json["md5Checksum"]?.string != nil, md5?.count != MD5.byteCount {
                throw ManifestError(file, "line \(number): md5Checksum is no MD5")
            }
            files.append(
                DataFile(
                    name: name, items: items, bytes: nil, md5: md5,
                    etag: json["etag"]?.string))
        }
        return files
    }
}
