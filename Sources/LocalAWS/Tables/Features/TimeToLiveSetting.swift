import JSON
import Pacing

/// Which attribute says when items expire (guide, "Time to Live"). Nothing is ever deleted for it.
struct TimeToLiveSetting: Sendable {
    /// One change an hour (API reference, UpdateTimeToLive).
    private static let changeInterval = Duration.seconds(3600)

    private var attribute = DelayedSetting<String?>(nil)
    private var changedAt: Instant?

    mutating func change(
        to name: String, isEnabled: Bool, at now: Instant, settledAt: Instant
    ) throws(ServiceError) {
        if let current = attribute.target {
            guard current == name else {
                throw .validation(
                    "TimeToLive is active on a different AttributeName: current AttributeName is "
                        + current)
            }
            guard !isEnabled else { throw .validation("TimeToLive is already enabled") }
        } else {
            guard isEnabled else { throw .validation("TimeToLive is already disabled") }
        }
        if let changedAt, now - changedAt < Self.changeInterval {
            throw .validation(
                "Time to live has been modified multiple times within a fixed interval")
        }
        attribute.change(to: isEnabled ? name : nil, at: now, settledAt: settledAt)
        changedAt = now
    }

    /// A `TimeToLiveDescription` (API reference): the attribute is reported unless it is off.
    func description(at now: Instant) -> JSON {
        var json: JSON = [
            "TimeToLiveStatus": .string(
                SwitchStatus.text(
                    isOn: attribute.target != nil, isSettled: attribute.isSettled(at: now)))
        ]
        json["AttributeName"] = (attribute.target ?? attribute.value(at: now)).map(JSON.string)
        return json
    }
}
