import JSON

/// The settings of a table's continuous backups (guide, "Point-in-time recovery"); what was in the
/// table is in its ``TableHistory``.
struct PointInTimeRecovery: Sendable {
    /// Days (API reference, PointInTimeRecoverySpecification).
    private static let periodMax = 35
    /// Seconds between now and the latest time that can be restored.
    private static let lag = 300.0

    private var period = periodMax
    /// Nil when it is off. In whole seconds since 1970.
    private var enabledAt: Double?

    var isOn: Bool { enabledAt != nil }

    /// The times that can be restored, in seconds since 1970; nil when it is off.
    func restorable(today: Double) -> ClosedRange<Double>? {
        guard let enabledAt else { return nil }
        let earliest = max(enabledAt, (today - Double(period) * 86_400).rounded(.down))
        return earliest...max(earliest, (today - Self.lag).rounded(.down))
    }

    /// - Parameter specification: a `PointInTimeRecoverySpecification`.
    mutating func change(_ specification: JSON?, today: Double) throws(ServiceError) {
        let path = "pointInTimeRecoverySpecification"
        guard let specification else {
            throw .constraint(nil, at: path, "Member must not be null")
        }
        guard let isEnabled = specification["PointInTimeRecoveryEnabled"]?.bool else {
            throw .constraint(
                nil, at: "\(path).pointInTimeRecoveryEnabled", "Member must not be null")
        }
        let days = specification["RecoveryPeriodInDays"]?.int(in: .min ... .max)
        if let days, !(1...Self.periodMax).contains(days) {
            throw .constraint(
                String(days), at: "\(path).recoveryPeriodInDays",
                "Member must have value "
                    + (days < 1
                        ? "greater than or equal to 1" : "less than or equal to \(Self.periodMax)"))
        }
        guard isEnabled else {
            guard days == nil else {
                throw .validation(
                    "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling "
                        + "point-in-time recovery.")
            }
            self = PointInTimeRecovery()
            return
        }
        if let days { period = days }
        begin(today: today)
    }

    /// Is on from now on, unless it has been.
    mutating func begin(today: Double) { enabledAt = enabledAt ?? today.rounded(.down) }

    /// A `ContinuousBackupsDescription` (API reference).
    ///
    /// - Parameter isAvailable: backups themselves come by themselves, soon after the table.
    func description(isAvailable: Bool, today: Double) -> JSON {
        var recovery: JSON = [
            "PointInTimeRecoveryStatus": enabledAt == nil ? "DISABLED" : "ENABLED"
        ]
        if let restorable = restorable(today: today) {
            recovery["RecoveryPeriodInDays"] = JSON(period)
            recovery["EarliestRestorableDateTime"] = JSON(restorable.lowerBound)
            recovery["LatestRestorableDateTime"] = JSON(restorable.upperBound)
        }
        return [
            "ContinuousBackupsStatus": isAvailable ? "ENABLED" : "DISABLED",
            "PointInTimeRecoveryDescription": recovery,
        ]
    }
}
