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
          "transferGB": 0.02
        }
        """

    /// What a price may be, in dollars.
    private static let prices = 0.0...1_000_000

    /// nil when a price is missing, or none.
    package init?(json: JSON) {
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
    }
}
