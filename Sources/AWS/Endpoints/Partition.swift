/// A separate world of AWS with its own regions and host names.
///
/// From the endpoint rules and the partition table that the SDKs share: a region belongs to the
/// partition whose pattern it matches, so that new regions need no new release.
package struct Partition: Equatable, Sendable {
    package let name: String
    package let suffix: String
    /// Nil where DynamoDB has no dual-stack hosts.
    package let dualStackSuffix: String?
    /// What its regions begin with; a word and a number follow.
    let regionPrefixes: [String]
    /// Where the plain host names are the FIPS ones already.
    package let plainHostIsFIPS: Bool

    private init(
        _ name: String, _ suffix: String, dualStack: String?, _ regionPrefixes: [String],
        plainHostIsFIPS: Bool = false
    ) {
        self.name = name
        self.suffix = suffix
        self.dualStackSuffix = dualStack
        self.regionPrefixes = regionPrefixes
        self.plainHostIsFIPS = plainHostIsFIPS
    }

    package static let all = [
        Partition(
            "aws", "amazonaws.com", dualStack: "api.aws",
            ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"]),
        Partition(
            "aws-cn", "amazonaws.com.cn", dualStack: "api.amazonwebservices.com.cn", ["cn"]),
        Partition(
            "aws-us-gov", "amazonaws.com", dualStack: "api.aws", ["us-gov"], plainHostIsFIPS: true),
        Partition("aws-eusc", "amazonaws.eu", dualStack: "api.amazonwebservices.eu", ["eusc-de"]),
        Partition("aws-iso", "c2s.ic.gov", dualStack: "api.aws.ic.gov", ["us-iso"]),
        Partition("aws-iso-b", "sc2s.sgov.gov", dualStack: "api.aws.scloud", ["us-isob"]),
        Partition("aws-iso-e", "cloud.adc-e.uk", dualStack: nil, ["eu-isoe"]),
        Partition("aws-iso-f", "csp.hci.ic.gov", dualStack: nil, ["us-isof"]),
    ]

    /// Regions there are, for shells to propose: others are taken as well.
    package static let regionsKnown = [
        "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2",
        "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2",
        "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
        "ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-1",
        "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2",
        "eu-west-3", "eusc-de-east-1", "il-central-1", "me-central-1", "me-south-1",
        "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1",
        "us-west-1", "us-west-2",
    ]

    /// The partition of `region`; nil when no partition has regions of that form.
    package static func of(region: String) -> Partition? {
        all.first { partition in
            partition.regionPrefixes.contains { matches(region, prefix: $0) }
        }
    }

    /// `arn:PARTITION:SERVICE:REGION:ACCOUNT:...`, the account of it; nil where it has none.
    package static func account(ofARN arn: String) -> String? {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[4].utf8.count == 12, parts[4].utf8.allSatisfy(\.isDigit)
        else { return nil }
        return String(parts[4])
    }

    /// The region of the same; nil where it has none.
    package static func region(ofARN arn: String) -> String? {
        let parts = arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, !parts[3].isEmpty else { return nil }
        return String(parts[3])
    }

    /// The host of one of AWS's services in a region, and whose it is. Throws when there is none.
    ///
    /// - Parameter service: as host names have it, `dynamodb`.
    static func host(
        of service: String, in region: String, _ variant: Endpoint.Variant
    ) throws(ConfigurationError) -> (partition: Partition, host: String) {
        let partition = try known(region: region)
        var suffix = partition.suffix
        if variant.dualStack {
            guard let dualStackSuffix = partition.dualStackSuffix else {
                throw ConfigurationError(.region, "\(region) has no dual-stack endpoint")
            }
            suffix = dualStackSuffix
        }
        let isFIPS = variant.fips && !(partition.plainHostIsFIPS && !variant.dualStack)
        let name = isFIPS ? service + "-fips" : service
        return (partition, "\(name).\(region).\(suffix)")
    }

    /// The host of S3 in a region, which is made in a way of its own, and whose it is. Throws when
    /// there is none.
    static func storageHost(
        in region: String, _ variant: Endpoint.Variant
    ) throws(ConfigurationError) -> (partition: Partition, host: String) {
        let partition = try known(region: region)
        if variant.fips, partition.name == "aws-cn" {
            throw ConfigurationError(.region, "\(region) has no FIPS endpoint")
        }
        let name = "s3" + (variant.fips ? "-fips" : "") + (variant.dualStack ? ".dualstack" : "")
        return (partition, "\(name).\(region).\(partition.suffix)")
    }

    private static func known(region: String) throws(ConfigurationError) -> Partition {
        if let partition = of(region: region) { return partition }
        throw ConfigurationError(
            .region, "\"\(region.printable)\" is not the name of an AWS region",
            hint: "Names look like us-east-1 or eu-central-1; see --region.")
    }

    /// `us-east-1`: the prefix, a word, a number.
    private static func matches(_ region: String, prefix: String) -> Bool {
        guard region.hasPrefix(prefix + "-") else { return false }
        let parts = region.dropFirst(prefix.count + 1)
            .split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2
            && !parts[0].isEmpty && parts[0].utf8.allSatisfy { (0x61...0x7A).contains($0) }
            && (1...3).contains(parts[1].count)
            && parts[1].utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
