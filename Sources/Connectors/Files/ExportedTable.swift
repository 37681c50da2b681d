import DynamoModel
import JSON

/// What `table.json` holds: what a copy of the table needs that its items don't say.
/// DescribeTable's `Table` as it was answered, and settings as `TableSettings` has them.
package struct ExportedTable: Equatable, Sendable {
    /// DescribeTable's `Table`.
    package var description: JSON
    package var settings: JSON

    package init(description: JSON, settings: JSON) {
        self.description = description
        self.settings = settings
    }

    package var name: String? { description["TableName"]?.string }

    package var json: JSON { ["version": 1, "table": description, "settings": settings] }

    package var bytes: [UInt8] { json.bytes }

    /// nil for what is not ``json``.
    package init?(kept json: JSON) {
        guard let table = json["table"], (try? TableDescription(table)) != nil else { return nil }
        self.init(description: table, settings: json["settings"] ?? [:])
    }

    package init(parsing bytes: [UInt8], called file: String) throws(ManifestError) {
        guard let json = try? JSON(parsing: bytes),
            let table = json["table"] ?? json["Table"], table.members != nil
        else { throw ManifestError(file, "describes no table") }
        // DescribeTable's answer, as dynamodump keeps it.
        let isAnswer = json["table"] == nil
        guard isAnswer || json["version"]?.int(in: 1...1) != nil else {
            throw ManifestError(
                file, "is of a version that this dynaferry does not know", hint: "use a newer one")
        }
        do throws(TableDefinitionError) {
            _ = try TableDescription(table)
        } catch {
            throw ManifestError(file, "describes no table: \(error.description)")
        }
        self.init(description: table, settings: json["settings"] ?? [:])
    }
}
