import HTTPServer
import JSON
import System

/// What a folder keeps of an object besides its bytes, and of which file that is true.
///
/// A file that somebody else wrote has another time or size: then the record counts for nothing.
struct ObjectRecord {
    let key: ObjectKey
    var metadata: ObjectMetadata
    /// Of the file when the record was written.
    private let fileSize: Int
    private let fileModified: Int

    init(key: ObjectKey, metadata: ObjectMetadata, file: FolderHandle.Status) {
        self.key = key
        self.metadata = metadata
        (fileSize, fileModified) = (file.size, file.modified)
    }

    /// The name of the record of a key: keys are longer than names may be.
    static func name(of key: ObjectKey) -> String {
        Hex.text(SHA256().hash(key.bytes)) + ".json"
    }

    func describes(_ file: FolderHandle.Status, _ key: ObjectKey) -> Bool {
        self.key == key && fileSize == file.size && fileModified == file.modified
    }

    var json: JSON {
        var json: JSON = [
            "key": .string(key.text), "size": JSON(fileSize),
            "file_modified_ns": JSON(fileModified), "etag": .string(metadata.etag),
            "modified": JSON(metadata.modified),
            "storage_class": .string(metadata.storageClass),
            "headers": .array(
                metadata.headers.map { .array([.string($0.name), .string($0.value)]) }),
        ]
        if let checksum = metadata.checksum {
            json["checksum"] = [
                "algorithm": .string(checksum.algorithm.rawValue),
                "value": .string(checksum.value), "type": .string(checksum.kind.rawValue),
            ]
        }
        return json
    }

    /// Nil when the bytes are no record.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSON(parsing: bytes), let key = json["key"]?.string,
            let size = json["size"]?.int(in: 0...Int.max),
            let fileModified = json["file_modified_ns"]?.int(in: Int.min...Int.max),
            let etag = json["etag"]?.string, Self.isPlain(etag),
            let modified = json["modified"]?.int(in: 0...Int.max),
            let storageClass = json["storage_class"]?.string, Self.isPlain(storageClass),
            let headers = Self.headers(json["headers"])
        else { return nil }
        self.key = ObjectKey(key)
        (fileSize, self.fileModified) = (size, fileModified)
        metadata = ObjectMetadata(
            size: size, etag: etag, modified: modified, storageClass: storageClass,
            headers: headers)
        guard let checksum = json["checksum"] else { return }
        guard
            let algorithm = checksum["algorithm"]?.string.flatMap({
                ObjectChecksum.Algorithm(rawValue: $0)
            }), let kind = checksum["type"]?.string.flatMap({ ObjectChecksum.Kind(rawValue: $0) }),
            let value = checksum["value"]?.string
        else { return nil }
        metadata.checksum = ObjectChecksum(algorithm: algorithm, value: value, kind: kind)
    }

    private static func headers(_ json: JSON?) -> [HTTPHeader]? {
        guard let pairs = json?.array else { return nil }
        var headers: [HTTPHeader] = []
        for pair in pairs {
            guard let pair = pair.array, pair.count == 2, let name = pair[0].string,
                let value = pair[1].string, Self.isPlain(name)
            else { return nil }
            headers.append(HTTPHeader(name, value))
        }
        return headers
    }

    /// Whether a text can stand as a header's name.
    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }
    }
}

extension Bucket {
    var record: JSON { ["region": .string(region), "created": JSON(created)] }

    /// Nil when the bytes are no record.
    init?(record bytes: [UInt8], name: String) {
        guard let json = try? JSON(parsing: bytes), let region = json["region"]?.string,
            let created = json["created"]?.int(in: 0...Int.max)
        else { return nil }
        self.init(name: name, region: region, created: created)
    }
}
