import DynamoModel

extension CapacityModel {
    /// - Parameter warm: what an on-demand table was asked to take at once; nil for what all do.
    /// - Parameter partitions: nil to have as many as the throughput needs.
    package init(
        billing: Billing, warm: WarmUnits? = nil, partitions: Int?, burstSeconds: Double,
        second: Int64
    ) {
        let throughput = billing.throughput
        let units = WarmUnits(billing, asked: warm)
        let reads: ThroughputModel.Limit
        let writes: ThroughputModel.Limit
        switch billing {
        case .provisioned:
            reads = .provisioned(Double(throughput.readUnits ?? 1))
            writes = .provisioned(Double(throughput.writeUnits ?? 1))
        case .onDemand:
            reads = .onDemand(
                initial: Double(units.reads), maximum: throughput.readUnits.map(Double.init))
            writes = .onDemand(
                initial: Double(units.writes), maximum: throughput.writeUnits.map(Double.init))
        }
        self.init(
            reads: reads, writes: writes, partitions: partitions, burstSeconds: burstSeconds,
            second: second)
    }
}
