import JSON

/// What a table has that DescribeTable does not return. (API reference: the operation named at
/// each.)
package struct TableSettings: Equatable, Sendable {
    /// ListTagsOfResource.
    package var tags: [Tag] = []
    /// DescribeTimeToLive: the attribute, when it is on or being switched on.
    package var timeToLive: String?
    /// DescribeContinuousBackups.
    package var recovery: Recovery?
    /// ListContributorInsights, DescribeContributorInsights.
    package var insights: [ContributorInsight] = []
    /// DescribeScalableTargets, DescribeScalingPolicies.
    package var scaling: [ScalableDimension] = []
    /// DescribeScheduledActions.
    package var scheduled: [ScheduledAction] = []
    /// DescribeKinesisStreamingDestination: those that are on.
    package var kinesis: [KinesisDestination] = []
    /// GetResourcePolicy: the policy's text.
    package var policy: String?
    /// Why what was asked for could not be read: the endpoint has no such operation.
    package var unread: [Setting: String] = [:]

    package init() {}

    package struct Tag: Hashable, Sendable {
        package var key: String
        package var value: String

        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }

        /// AWS's own, which nobody else can set (guide, "Tagging").
        package var isReserved: Bool { key.hasPrefix("aws:") }

        package var json: JSON { ["Key": .string(key), "Value": .string(value)] }
    }

    package struct Recovery: Equatable, Sendable {
        /// 1...35; nil where the endpoint does not say.
        package var days: Int?

        package init(days: Int?) { self.days = days }

        /// Whether it is what was asked for: a period that one side does not report is no
        /// difference.
        package func isAs(_ wanted: Recovery) -> Bool {
            days == nil || wanted.days == nil || days == wanted.days
        }
    }

    package struct ContributorInsight: Hashable, Sendable {
        /// nil: of the table.
        package var index: String?
        /// `ACCESSED_AND_THROTTLED_KEYS` or `THROTTLED_KEYS`; nil where the endpoint knows no
        /// other.
        package var mode: String?

        package init(index: String?, mode: String?) {
            self.index = index
            self.mode = mode
        }
    }

    package struct KinesisDestination: Hashable, Sendable {
        package var streamARN: String
        /// `MILLISECOND` or `MICROSECOND`.
        package var precision: String?

        package init(streamARN: String, precision: String?) {
            self.streamARN = streamARN
            self.precision = precision
        }
    }

    /// One number of a table or index that is scaled by itself, and by which rules.
    package struct ScalableDimension: Equatable, Sendable {
        /// nil: of the table.
        package var index: String?
        /// `dynamodb:table:WriteCapacityUnits` and the like.
        package var dimension: String
        package var least: Int
        package var most: Int
        package var policies: [Policy]

        package init(
            index: String?, dimension: String, least: Int, most: Int, policies: [Policy] = []
        ) {
            self.index = index
            self.dimension = dimension
            self.least = least
            self.most = most
            self.policies = policies
        }

        package struct Policy: Equatable, Sendable {
            package var name: String
            package var type: String
            /// `TargetTrackingScalingPolicyConfiguration`, or the like of another type, as it came.
            package var configuration: JSON.Member

            package init(name: String, type: String, configuration: JSON.Member) {
                self.name = name
                self.type = type
                self.configuration = configuration
            }
        }

    }

    /// A change of a scalable dimension's bounds at a time.
    package struct ScheduledAction: Equatable, Sendable {
        /// nil: of the table.
        package var index: String?
        package var dimension: String
        package var name: String
        /// When, and what then: `Schedule`, `Timezone`, `StartTime`, `EndTime` and
        /// `ScalableTargetAction`, as they came.
        package var plan: [JSON.Member]

        package init(index: String?, dimension: String, name: String, plan: [JSON.Member]) {
            self.index = index
            self.dimension = dimension
            self.name = name
            self.plan = plan
        }
    }

    /// `table/NAME` or `table/NAME/index/INDEX`, as Application Auto Scaling names them.
    package static func resource(ofTable table: String, index: String?) -> String {
        "table/\(table)" + (index.map { "/index/\($0)" } ?? "")
    }
}
