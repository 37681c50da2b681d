import Connectors
import DynamoModel
import JSON

/// Which export a table becomes, as its job keeps it. What manifests say is settled before the
/// first of them is written, so that whoever resumes writes the same bytes.
package struct ExportRecord: Equatable, Sendable {
    package var names: ExportNames
    /// Seconds since 1970.
    package var started: Double
    /// Once all data files are there.
    package var closing: Closing?

    package struct Closing: Equatable, Sendable {
        package var ended: Double
        package var table: ExportedTable
    }

    package init(names: ExportNames, started: Double) {
        self.names = names
        self.started = started
    }

    var json: JSON {
        var json: JSON = ["id": .string(names.id), "started": JSON(started)]
        if let closing {
            json["ended"] = JSON(closing.ended)
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
            let table = json["table"]
        else { return }
        closing = Closing(
            ended: ended,
            table: ExportedTable(description: table, settings: json["settings"] ?? [:]))
    }
}
