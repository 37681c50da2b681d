import AWS
import Arguments
import DynamoModel
import JSON
import S3
import Transfer

/// The least that the credentials of each side must be allowed, for a copy of these arguments.
/// (Service Authorization Reference, Amazon DynamoDB and Application Auto Scaling.)
struct IAMPolicies {
    let arguments: CopyArguments
    let sources: [Location]
    let targets: [Location]
    let places: (source: Place, target: Place)

    /// Where a side's tables are, as far as that is known.
    struct Place: Equatable {
        var partition = "aws"
        var region: String?
        var account: String?

        /// Of a side whose settings are known: nothing is asked.
        init(_ settings: Result<SideSettings, ConfigurationError>) {
            guard case .success(let settings) = settings else { return }
            partition = settings.endpoint.partition
            region = settings.endpoint.region
            account = settings.provider.account
        }

        init() {}

        /// A table's ARN; what is not known of it is any.
        func arn(ofTable name: String) -> String {
            "arn:\(partition):dynamodb:\(region ?? "*"):\(account ?? "*"):table/\(name)"
        }
    }

    init(_ arguments: CopyArguments, places: (source: Place, target: Place) = (Place(), Place())) {
        self.arguments = arguments
        self.places = places
        let tables =
            arguments.selection + arguments.renamings.map { ($0.source, $0.target) }
        sources = tables.map(\.source)
        targets = tables.map(\.target)
    }

    var text: String { json.prettyText }

    /// What a copy would do to its target, or have DynamoDB do, and a plan can't try: actions, the
    /// names of IAM.
    var writing: [String] {
        let reads = ["Describe", "Get", "BatchGet", "List", "Scan"]
        // An export is asked for by the source, and written in its name.
        let statements = target + (isExportedByService ? source : [])
        let actions: [JSON] = statements.flatMap { $0["Action"]?.array ?? [] }
        return actions.compactMap(\.string).filter { action in
            let name = action.drop { $0 != ":" }.dropFirst()
            return !reads.contains { name.hasPrefix($0) }
        }
    }

    private var json: JSON {
        ["source": policy(source), "target": policy(target)]
    }

    private var source: [JSON] {
        if arguments.filesSide == .source {
            let keys: [JSON] = bucketKey.map { [statement(["kms:Decrypt"], on: [$0])] } ?? []
            return buckets(sources, places.source, ["GetObject"]) + keys
        }
        var reading = ["DescribeTable"] + settings.flatMap(\.reading)
        if isExportedByService {
            // All settings go along in table.json.
            reading += Setting.allCases.flatMap(\.reading) + exporting
        } else if arguments.filesSide == .target {
            reading += scanning + (arguments.verifies ? ["BatchGetItem", "GetItem"] : [])
        } else if arguments.part != .schema {
            reading += ["GetItem"] + scanning + verifying
        }
        if arguments.skipExpired { reading.append("DescribeTimeToLive") }
        var statements = [statement(dynamoDB(reading), on: resources(sources, places.source))]
        if sources.contains(where: \.isPattern) {
            // Listing is of an account, not of a table.
            statements.append(statement(dynamoDB(["ListTables"]), on: ["*"]))
        }
        return statements
            + scaling([
                "DescribeScalableTargets", "DescribeScalingPolicies", "DescribeScheduledActions",
            ]) + exportingStatements
    }

    /// A condition on the partition key makes a Query of a Scan.
    private var scanning: [String] {
        if arguments.transform.keysFile != nil { return ["BatchGetItem", "GetItem", "Scan"] }
        return arguments.transform.texts.wanted == nil ? ["Scan"] : ["Query", "Scan"]
    }

    /// What a verification needs besides, on both sides.
    private var verifying: [String] {
        isVerified || arguments.onlyChanged
            ? ["BatchGetItem", "DescribeTimeToLive", "GetItem"] : []
    }

    private var target: [JSON] {
        if arguments.filesSide == .target {
            let access = arguments.files.bucket.givesOwnerControl ? ["PutObjectAcl"] : []
            let keys: [JSON] =
                bucketKey.map {
                    [statement(["kms:Decrypt", "kms:GenerateDataKey"], on: [$0])]
                } ?? []
            if isExportedByService {
                return buckets(targets, places.target, ["PutObject"]) + keys
            }
            return buckets(
                targets, places.target, ["DeleteObject", "GetObject", "PutObject"] + access) + keys
        }
        var actions = ["DescribeTable", "DescribeTimeToLive"]
        if arguments.part != .schema {
            actions += writingItems + verifying
        }
        if arguments.merge == .keep { actions.append("GetItem") }
        if arguments.part != .data {
            actions += creating + ["UpdateTable"]
            actions += settings.flatMap { $0.reading + $0.writing }
        }
        if arguments.boostWrite != nil { actions.append("UpdateTable") }
        var statements = [statement(dynamoDB(actions), on: resources(targets, places.target))]
        if let key = arguments.settings.kmsKey {
            statements.append(
                statement(["kms:CreateGrant", "kms:DescribeKey"], on: [key]))
        }
        return statements
            + scaling([
                "DescribeScalableTargets", "DescribeScalingPolicies", "DescribeScheduledActions",
                "PutScalingPolicy", "PutScheduledAction", "RegisterScalableTarget",
            ]) + loadingStatements
    }

    /// Of KMS, as far as the command names it.
    var bucketKey: String? {
        switch arguments.files.bucket.encryption {
        case .kms(let key, _), .kmsTwice(let key): key
        case .bucketDefault, .s3: nil
        }
    }

    /// A bucket is listed as a whole, and its objects are touched below a prefix. A folder needs
    /// nothing.
    func buckets(
        _ files: [Location], _ place: Place, _ actions: [String], lists: Bool = true
    ) -> [JSON] {
        files.flatMap { location -> [JSON] in
            guard let found = try? S3Location(location.text) else { return [] }
            let arn = "arn:\(place.partition):s3:::\(found.bucket)"
            let prefix = found.prefix.prefix { $0 != "*" }
            let objects = statement(actions.map { "s3:\($0)" }, on: ["\(arn)/\(prefix)*"])
            return lists ? [statement(["s3:ListBucket"], on: [arn]), objects] : [objects]
        }
    }

    private var settings: [Setting] {
        guard arguments.part != .data else { return [] }
        return Setting.allCases.filter { !arguments.settings.without.contains($0) }
    }

    private func scaling(_ actions: [String]) -> [JSON] {
        guard settings.contains(.autoScaling) || settings.contains(.scheduledScaling) else {
            return []
        }
        return [statement(actions.map { "application-autoscaling:\($0)" }, on: ["*"])]
    }

    func dynamoDB(_ actions: [String]) -> [String] {
        Set(actions).sorted().map { "dynamodb:\($0)" }
    }

    private func policy(_ statements: [JSON]) -> JSON {
        ["Version": "2012-10-17", "Statement": .array(statements)]
    }

    func statement(_ actions: [String], on resources: [String]) -> JSON {
        [
            "Effect": "Allow", "Action": .array(actions.map { .string($0) }),
            "Resource": .array(resources.map { .string($0) }),
        ]
    }

    /// Tables and their indexes.
    private func resources(_ tables: [Location], _ place: Place) -> [String] {
        let arns = tables.map { $0.isARN ? $0.text : place.arn(ofTable: $0.text) }
        return settings.contains(.insights) ? arns.flatMap { [$0, $0 + "/index/*"] } : arns
    }
}

extension Setting {
    /// The operations that read it, besides DescribeTable.
    fileprivate var reading: [String] {
        switch self {
        case .tags: ["ListTagsOfResource"]
        case .timeToLive: ["DescribeTimeToLive"]
        case .recovery: ["DescribeContinuousBackups"]
        case .insights: ["ListContributorInsights"]
        case .kinesis: ["DescribeKinesisStreamingDestination"]
        case .policy: ["GetResourcePolicy"]
        case .tableClass, .encryption, .maxima, .autoScaling, .scheduledScaling, .stream, .replicas,
            .protection:
            []
        }
    }

    /// Those that set it, besides UpdateTable.
    fileprivate var writing: [String] {
        switch self {
        case .tags: ["TagResource"]
        case .timeToLive: ["UpdateTimeToLive"]
        case .recovery: ["UpdateContinuousBackups"]
        case .insights: ["UpdateContributorInsights"]
        case .kinesis: ["EnableKinesisStreamingDestination"]
        case .policy: ["PutResourcePolicy"]
        case .tableClass, .encryption, .maxima, .autoScaling, .scheduledScaling, .stream, .replicas,
            .protection:
            []
        }
    }
}
