import JSON

/// DescribeLimits and DescribeEndpoints (API reference).
extension Service {
    /// The quotas of a new account (guide, "Service quotas"), which this server does not enforce.
    func describeLimits() -> JSON {
        [
            "AccountMaxReadCapacityUnits": 80_000, "AccountMaxWriteCapacityUnits": 80_000,
            "TableMaxReadCapacityUnits": 40_000, "TableMaxWriteCapacityUnits": 40_000,
        ]
    }

    /// The server itself, as a client that asks is to go on with whom it has asked.
    func describeEndpoints() -> JSON {
        [
            "Endpoints": [
                [
                    "Address": .string(address.withLock { $0 }),
                    "CachePeriodInMinutes": 1440,
                ]
            ]
        ]
    }
}
