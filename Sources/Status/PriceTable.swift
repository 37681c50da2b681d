import DynamoModel
import JSON

/// What the service charges, in US dollars.
package struct PriceTable: Equatable, Sendable {
    /// Where and when it held.
    package var region: String
    package var date: String
    /// A million request units on demand.
    package var writeMillion: Double
    package var readMillion: Double
    /// A unit provisioned for an hour.
    package var writeUnitHour: Double
    package var readUnitHour: Double
    /// A gigabyte sent from one region to another.
    package var transferGB: Double
    /// What follows may be unknown, which is nil. A gigabyte sent to the internet, or stored for a
    /// month, and a write unit a second that an on-demand table is made warm for.
    package var internetGB: Double?
    package var storageGBMonth: Double?
    package var warmWriteUnit: Double?
    /// A gigabyte of a table that the service exports, and of files, not compressed, that it
    /// imports.
    package var exportGB: Double?
    package var importGB: Double?
    /// The class of tables that these are the prices of.
    package var tableClass: String

    /// Prices of us-east-1, standard class, as AWS published them. A file of the same form takes
    /// its place with `--prices`.
    package static let builtIn = """
        {
          "region": "us-east-1",
          "date": "2026-11-20",
          "writeMillion": 0.625,
          "readMillion": 0.125,
          "writeUnitHour": 0.00065,
          "readUnitHour": 0.00013,
          "transferGB": 0.02,
          "internetGB": 0.09,
          "storageGBMonth": 0.25,
          "exportGB": 0.10,
          "importGB": 0.15
        }
        """

    /// What a price may be, in dollars.
    private static let prices = 0.0...1_000_000

    /// Prices that a table may leave out.
    package static let optional = [
        "internetGB", "storageGBMonth", "warmWriteUnit", "exportGB", "importGB",
    ]

    /// nil when a price is missing, or none.
    package init?(json: JSON) {
        for name in Self.optional {
            guard let price = json[name], price != .null else { continue }
            guard price.double(in: Self.prices) != nil else { return nil }
        }
        guard let region = json["region"]?.string, let date = json["date"]?.string,
            let writeMillion = json["writeMillion"]?.double(in: Self.prices),
            let readMillion = json["readMillion"]?.double(in: Self.prices),
            let writeUnitHour = json["writeUnitHour"]?.double(in: Self.prices),
            let readUnitHour = json["readUnitHour"]?.double(in: Self.prices),
            let transferGB = json["transferGB"]?.double(in: Self.prices)
        else { return nil }
        self.region = region
        self.date = date
        self.writeMillion = writeMillion
        self.readMillion = readMillion
        self.writeUnitHour = writeUnitHour
        self.readUnitHour = readUnitHour
        self.transferGB = transferGB
        internetGB = json["internetGB"]?.double(in: Self.prices)
        storageGBMonth = json["storageGBMonth"]?.double(in: Self.prices)
        warmWriteUnit = json["warmWriteUnit"]?.double(in: Self.prices)
        exportGB = json["exportGB"]?.double(in: Self.prices)
        importGB = json["importGB"]?.double(in: Self.prices)
        tableClass = json["tableClass"]?.string ?? TableDefinition.standardClass
    }

    /// What so many write units cost that a table is made warm for; nil where it is not known.
    package func dollars(warmUnits: Int) -> Double? {
        warmUnits == 0 ? 0 : warmWriteUnit.map { Double(warmUnits) * $0 }
    }
}
