import JSON

extension TableDescription {
    /// Units a second that the table, or one of its global indexes, takes at once; nil where it
    /// does not report them (guide, "Warm throughput").
    package func warmThroughput(ofIndex index: String? = nil) -> Throughput {
        guard let index else { return Throughput(warm: json["WarmThroughput"]) }
        let found = json["GlobalSecondaryIndexes"]?.array?.first {
            $0["IndexName"]?.string == index
        }
        return Throughput(warm: found?["WarmThroughput"])
    }
}

extension Throughput {
    /// - Parameter json: a `WarmThroughput` of DescribeTable.
    init(warm json: JSON?) {
        self.init(
            readUnits: json?["ReadUnitsPerSecond"]?.int(in: ServiceRanges.provisionedUnits),
            writeUnits: json?["WriteUnitsPerSecond"]?.int(in: ServiceRanges.provisionedUnits))
    }
}
