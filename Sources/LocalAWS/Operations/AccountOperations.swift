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

    /// The name that the service has in the region: clients of a given endpoint do not ask.
    func describeEndpoints() -> JSON {
        [
            "Endpoints": [
                [
                    "Address": .string("dynamodb.\(tables.region).amazonaws.com"),
                    "CachePeriodInMinutes": 1440,
                ]
            ]
        ]
    }
}
