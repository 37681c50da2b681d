import JSON
import Pacing
import System

/// Which keys of a table or an index CloudWatch would count (guide, "CloudWatch Contributor
/// Insights for DynamoDB").
struct ContributorInsights: Sendable {
    enum Mode: String, CaseIterable, Sendable {
        case accessedAndThrottled = "ACCESSED_AND_THROTTLED_KEYS"
        case throttled = "THROTTLED_KEYS"
    }

    private var isOn = DelayedSetting(false)
    private var mode = Mode.accessedAndThrottled
    /// In seconds since 1970.
    private var changedAt: Double?

    /// What is so already is no change.
    mutating func change(isOn: Bool, mode: Mode?, _ time: ChangeTime) {
        let mode = mode ?? .accessedAndThrottled
        let isNew = isOn != self.isOn.target || (isOn && mode != self.mode)
        guard isNew else { return }
        self.isOn.change(to: isOn, at: time.now, settledAt: time.end)
        if isOn { self.mode = mode }
        changedAt = time.today
    }

    /// Lists leave out what is off, but not what is on its way there.
    func isListed(at now: Instant) -> Bool { isOn.target || !isOn.isSettled(at: now) }

    /// What replies and lists say of it.
    func summary(table: String, index: String?, at now: Instant) -> JSON {
        var json: JSON = ["TableName": .string(table)]
        json["IndexName"] = index.map(JSON.string)
        json["ContributorInsightsStatus"] = .string(
            SwitchStatus.text(isOn: isOn.target, isSettled: isOn.isSettled(at: now)))
        if changedAt != nil { json["ContributorInsightsMode"] = .string(mode.rawValue) }
        return json
    }

    /// The same and what only DescribeContributorInsights tells.
    ///
    /// - Parameter hasSortKey: sort keys are counted by rules of their own.
    func description(
        table: String, index: String?, hasSortKey: Bool, at now: Instant
    ) -> JSON {
        var json = summary(table: table, index: index, at: now)
        guard let changedAt else { return json }
        json["LastUpdateDateTime"] = JSON(changedAt)
        guard isOn.value(at: now) else { return json }
        let owner = ([table] + (index.map { [$0] } ?? [])).joined(separator: "-")
        let changed = Int(clamping: changedAt * 1000)
        let kinds = mode == .throttled ? ["T"] : ["C", "T"]
        json["ContributorInsightsRuleList"] = .array(
            (hasSortKey ? ["PK", "SK"] : ["PK"]).flatMap { key in
                kinds.map {
                    .string(
                        "DynamoDBContributorInsights-\(key)\($0)-\(owner)-\(changed)")
                }
            })
        return json
    }
}
