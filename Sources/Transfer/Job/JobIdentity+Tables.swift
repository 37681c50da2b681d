import Connectors
import DynamoModel
import JSON
import Jobs

extension JobIdentity {
    struct Table {
        /// Its ARN or its name, or the title of its files.
        var source: String
        var sourceEndpoint: String
        var target: String
        var targetEndpoint: String
        var options: CopyOptions
        /// How files are read; nil where the first bytes of each say it.
        var format: String?
        /// Windows of changes are read, too.
        var hasWindows = false

        fileprivate var json: JSON {
            var json: JSON = [
                "source": .string(source),
                "sourceEndpoint": .string(sourceEndpoint),
                "target": .string(target),
                "targetEndpoint": .string(targetEndpoint),
            ]
            for member in options.transform.identity { json[member.name] = member.value }
            if let format { json["format"] = .string(format) }
            if let load = options.load { json["load"] = .string(load.rawValue) }
            if hasWindows { json["windows"] = true }
            return json
        }

        fileprivate var merge: JSON {
            options.onlyChanged
                ? "changed" : options.keepsItems ? "keep" : .bool(options.mergesIntoItems)
        }
    }

    /// Of a verification: what is compared, and what may be done about it.
    init(
        verifying tables: [JSON], mode: VerifyOptions.Mode, repair: RepairOptions?,
        selection: String?
    ) {
        var json: JSON = ["verify": .array(tables), "mode": .string("\(mode)")]
        if let repair { json["deletesExtra"] = .bool(repair.deletesExtra) }
        self.init(json, selection: selection)
    }

    /// Of an export.
    init(exporting tables: [ExportPreparation.Identity], selection: String?) {
        let json: JSON = [
            "tables": .array(
                tables.map { table in
                    var json: JSON = [
                        "source": .string(table.source),
                        "sourceEndpoint": .string(table.endpoint),
                        "target": .string(table.target), "targetEndpoint": "files",
                    ]
                    for member in table.transform.identity { json[member.name] = member.value }
                    return json
                })
        ]
        self.init(json, selection: selection)
    }

    /// What holds for all tables is said once, and of each only where it does not.
    /// - Parameter selection: what has chosen the tables, where it was a pattern.
    init(_ tables: [Table], selection: String?) {
        let merge = Self.common(tables.map(\.merge)) ?? false
        let skips = tables.allSatisfy(\.options.skipsExpired)
        var json: JSON = [
            "tables": .array(
                tables.map { table in
                    var json = table.json
                    if table.merge != merge { json["merge"] = table.merge }
                    if !skips, table.options.skipsExpired { json["skipExpired"] = true }
                    return json
                }),
            "merge": merge,
        ]
        if skips { json["skipExpired"] = true }
        let part = tables.first?.options.part ?? .all
        if part != .all { json["part"] = .string(part.rawValue) }
        self.init(json, selection: selection)
    }

    private static func common(_ values: [JSON]) -> JSON? {
        values.allSatisfy { $0 == values[0] } ? values[0] : nil
    }
}

extension JobIdentity.Table {
    init(_ preflight: CopyPreflight, source: TableDescription) {
        self.init(
            source: preflight.source.table == nil
                ? preflight.source.name : source.arn ?? source.definition.name,
            sourceEndpoint: preflight.source.endpoint,
            target: preflight.target.name, targetEndpoint: preflight.target.reader.endpoint.url,
            options: preflight.options, format: preflight.source.format,
            hasWindows: preflight.source.hasWindows)
    }
}
