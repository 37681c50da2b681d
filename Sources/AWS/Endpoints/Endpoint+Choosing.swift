extension Endpoint {
    /// Which of a region's hosts are wanted.
    package struct Variant: Equatable, Sendable {
        package var fips = false
        package var dualStack = false
        package init() {}
    }

    /// AWS's own endpoint for a region. Throws when there is none.
    package init(
        region: String, variant: Variant = Variant(), service: Service = .dynamoDB
    ) throws(ConfigurationError) {
        if region == "local", variant == Variant(), service == .dynamoDB {
            // The SDKs' name for DynamoDB local.
            try self.init(url: "http://localhost:8000", region: "us-east-1")
            return
        }
        let (partition, host) = try Partition.host(of: service.name, in: region, variant)
        self.init(
            scheme: "https", host: host, region: region, partition: partition.name,
            service: service)
    }

    /// A custom endpoint: `http` or `https`, a host or address, perhaps a port. The region may have
    /// any name of lower-case letters, digits and hyphens.
    /// - Throws: when `text` is no such address, or `region` no such name.
    package init(
        url text: String, region: String, service: Service = .dynamoDB
    ) throws(ConfigurationError) {
        guard !region.isEmpty, region.utf8.count <= 64,
            region.utf8.allSatisfy({ $0 == 0x2D || $0.isDigit || $0.isLowercaseLetter })
        else {
            throw ConfigurationError(
                .region, "\"\(region.printable)\" is not the name of a region",
                hint: "Names look like us-east-1; see --region.")
        }
        let parts = try EndpointURL(text)
        self.init(
            scheme: parts.scheme, host: parts.host, region: region,
            partition: Partition.of(region: region)?.name ?? "aws", service: service)
    }
}
