extension TableDefinition {
    /// The same with at least so many write units, of the table and of each global index. One on
    /// demand has no units to be raised.
    package func raised(toWriteUnits units: Int) -> TableDefinition {
        guard case .provisioned(var throughput) = billing else { return self }
        var raised = self
        throughput.raiseWrites(to: units)
        raised.billing = .provisioned(throughput)
        for place in globalIndexes.indices {
            raised.globalIndexes[place].throughput.raiseWrites(to: units)
        }
        return raised
    }
}

extension Throughput {
    package mutating func raiseWrites(to units: Int) {
        guard let writeUnits, writeUnits < units else { return }
        self.writeUnits = units
    }
}
