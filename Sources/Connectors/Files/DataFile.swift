import DynamoModel
import JSON
import System

/// A data file of an export, as a manifest lists it and a job keeps it.
package struct DataFile: Equatable, Sendable {
    /// Below the export's place.
    package var name: String
    /// Lines; nil where no manifest says.
    package var items: Int?
    /// As it lies there, compressed; nil where a manifest does not say.
    package var bytes: Int?
    /// Of these; nil where a manifest does not say.
    package var md5: [UInt8]?
    package var etag: String?
    /// Which window of changes it is of, from 1, in the order in which they are to come into
    /// effect; 0: it holds items.
    package var window = 0

    package init(name: String, items: Int?, bytes: Int?, md5: [UInt8]?, etag: String?) {
        self.name = name
        self.items = items
        self.bytes = bytes
        self.md5 = md5
        self.etag = etag
    }

    /// For a job's state.
    package var stored: [UInt8] {
        var json: JSON = ["name": .string(name)]
        if let items { json["items"] = JSON(items) }
        if let bytes { json["bytes"] = JSON(bytes) }
        if let md5 { json["md5"] = .string(Base64.encode(md5)) }
        if let etag { json["etag"] = .string(etag) }
        return json.bytes
    }

    /// - Returns: nil for what no job has kept so.
    package init?(stored: [UInt8]) {
        guard let json = try? JSON(parsing: stored), let name = json["name"]?.string,
            let items = json["items"]?.int(in: 0...ServiceRanges.itemCount.upperBound)
        else { return nil }
        self.init(
            name: name, items: items, bytes: json["bytes"]?.int(in: 0...Int.max),
            md5: (json["md5"]?.string).flatMap { Base64.decode(Array($0.utf8)) },
            etag: json["etag"]?.string)
    }
}
