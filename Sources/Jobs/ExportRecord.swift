import Connectors
import DynamoModel
import JSON

/// Which export a table becomes, as its job keeps it. What manifests say is settled before the
/// first of them is written, so that a resumed job writes the same bytes.
package struct ExportRecord: Equatable, Sendable {
    package var names: ExportNames
    /// Seconds since 1970.
    package var started: Double
    /// Once all data files are there.
    package var closing: Closing?

    package struct Closing: Equatable, Sendable {
        /// Seconds since 1970.
        package var ended: Double
        /// Of the items, as the service counts them.
        package var storedBytes: Int
        package var table: ExportedTable

        package init(ended: Double, storedBytes: Int, table: ExportedTable) {
            self.ended = ended
            self.storedBytes = storedBytes
            self.table = table
        }
    }

    package init(names: ExportNames, started: Double) {
        self.names = names
        self.started = started
    }

    var json: JSON {
        var json: JSON = ["id": .string(names.id), "started": JSON(started)]
        if let closing {
            json["ended"] = JSON(closing.ended)
            json["bytes"] = JSON(closing.storedBytes)
            json["table"] = closing.table.description
            json["settings"] = closing.table.settings
        }
        return json
    }

    init?(json: JSON) {
        guard let id = json["id"]?.string,
            let started = json["started"]?.double(in: ServiceRanges.timestamps)
        else { return nil }
        self.init(names: ExportNames(id: id), started: started)
        guard let ended = json["ended"]?.double(in: ServiceRanges.timestamps),
            let bytes = json["bytes"]?.int(in: ServiceRanges.tableBytes),
            let table = json["table"]
        else { return }
        closing = Closing(
            ended: ended, storedBytes: bytes,
            table: ExportedTable(description: table, settings: json["settings"] ?? [:]))
    }
}
