import Glibc

/// Where buckets are reached: by AWS's own hosts of a region, or by a custom endpoint.
///
/// | endpoint | bucket | address |
/// |---|---|---|
/// | AWS's own | `logs` | `https://logs.s3.eu-west-1.amazonaws.com` |
/// | AWS's own | `my.logs`, `My_Logs` | `https://s3.eu-west-1.amazonaws.com/my.logs` |
/// | custom | any | `http://host:9000/logs` |
/// | custom, ``Addressing/virtualHost`` | `logs` | `http://logs.host:9000` |
///
/// Names with dots stand in the path everywhere, since a certificate for `*.s3...` is for one
/// label. (SDKs' endpoint rules for S3; S3 guide, "Virtual hosting of buckets".)
package struct StorageEndpoint: Equatable, Sendable {
    package enum Addressing: Equatable, Sendable {
        /// By host at AWS, by path elsewhere.
        case automatic
        case path
        /// Where a name can stand in a host's.
        case virtualHost
    }

    /// The region that requests are signed for.
    package let region: String
    /// `aws` for a custom endpoint whose region fits no pattern.
    package let partition: String
    package let isCustom: Bool
    private let endpoint: EndpointURL
    private let variant: Endpoint.Variant
    private let addressing: Addressing

    /// AWS's own for a region. Throws when there is none.
    package init(
        region: String, variant: Endpoint.Variant = Endpoint.Variant(),
        addressing: Addressing = .automatic
    ) throws(ConfigurationError) {
        let (partition, host) = try Partition.storageHost(in: region, variant)
        self.region = region
        self.partition = partition.name
        isCustom = false
        endpoint = EndpointURL(host: host)
        self.variant = variant
        self.addressing = addressing
    }

    /// A custom endpoint, as ``Endpoint/init(url:region:service:)`` takes them.
    package init(
        url: String, region: String, addressing: Addressing = .automatic
    ) throws(ConfigurationError) {
        let checked = try Endpoint(url: url, region: region, service: .s3)
        self.region = region
        partition = checked.partition
        isCustom = true
        endpoint = try EndpointURL(url)
        variant = Endpoint.Variant()
        self.addressing = addressing
    }

    /// Without a bucket, for people.
    package var url: String { endpoint.url }

    package var isLoopback: Bool { Endpoint.isLoopback(endpoint.host) }

    /// The same for buckets of another region. Throws when there is no such region, or it belongs
    /// to another partition: no credentials are good in two.
    package func moved(to region: String) throws(ConfigurationError) -> StorageEndpoint {
        if isCustom {
            return try StorageEndpoint(url: url, region: region, addressing: addressing)
        }
        let moved = try StorageEndpoint(region: region, variant: variant, addressing: addressing)
        if moved.partition == partition { return moved }
        throw ConfigurationError(
            .region,
            "region \(region) belongs to partition \(moved.partition), and \(self.region) to"
                + " \(partition)",
            hint: "Use credentials and a region of partition \(moved.partition).")
    }

    /// Where requests for a bucket go, and what their paths begin with.
    package func address(of bucket: String) -> (address: RESTAddress, root: String) {
        let isHost = Self.isLabel(bucket) && allowsHosts
        let host = isHost ? "\(bucket).\(endpoint.host)" : endpoint.host
        return (
            RESTAddress(EndpointURL(endpoint.scheme, host: host), region: region),
            isHost ? "" : "/\(bucket)"
        )
    }

    private var allowsHosts: Bool {
        switch addressing {
        case .automatic: return !isCustom
        case .path: return false
        case .virtualHost:
            let name = endpoint.hostWithoutPort
            var address = in_addr()
            return !name.hasPrefix("[") && inet_aton(String(name), &address) == 0
        }
    }

    /// Whether a name can be one label of a host's: RFC 1123, in lower case.
    private static func isLabel(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count) && !name.hasPrefix("-") && !name.hasSuffix("-")
            && name.utf8.allSatisfy { $0.isDigit || $0.isLowercaseLetter || $0 == 0x2D }
    }
}
