import AWS
import DynamoModel
import JSON

extension ReadableTable {
    func recovery() async throws(AWSError) -> TableSettings.Recovery? {
        let reply = try await ask(.describeContinuousBackups)
        let description = reply["ContinuousBackupsDescription"]?["PointInTimeRecoveryDescription"]
        guard description?["PointInTimeRecoveryStatus"]?.string == "ENABLED" else { return nil }
        return TableSettings.Recovery(
            days: description?["RecoveryPeriodInDays"]?.int(in: ServiceRanges.recoveryDays))
    }
}

extension ReadableTable {
    /// What time the table can be had back at, in seconds since 1970; nil while point-in-time
    /// recovery is off. (API reference, PointInTimeRecoveryDescription.)
    package func recoveryWindow() async throws(AWSError) -> ClosedRange<Double>? {
        let reply = try await ask(.describeContinuousBackups)
        let description = reply["ContinuousBackupsDescription"]?["PointInTimeRecoveryDescription"]
        guard description?["PointInTimeRecoveryStatus"]?.string == "ENABLED",
            let earliest = description?["EarliestRestorableDateTime"]?
                .double(in: ServiceRanges.timestamps),
            let latest = description?["LatestRestorableDateTime"]?
                .double(in: ServiceRanges.timestamps)
        else { return nil }
        return min(earliest, latest)...latest
    }
}

extension TargetTable {
    /// (API reference, UpdateContinuousBackups.)
    package func setRecovery(_ wanted: TableSettings.Recovery) async throws(AWSError) {
        guard try await recovery()?.isAs(wanted) != true else { return }
        var specification: JSON = ["PointInTimeRecoveryEnabled": true]
        if let days = wanted.days { specification["RecoveryPeriodInDays"] = JSON(days) }
        try await set(
            .updateContinuousBackups,
            ["TableName": .string(name), "PointInTimeRecoverySpecification": specification])
    }
}

extension ReadOperation {
    package static let describeContinuousBackups = ReadOperation(
        "DescribeContinuousBackups",
        reply: ReplyShape([
            .required(
                "ContinuousBackupsDescription",
                .object([
                    .optional(
                        "PointInTimeRecoveryDescription",
                        .object([
                            .optional("PointInTimeRecoveryStatus", .name),
                            .optional("RecoveryPeriodInDays", .whole(ServiceRanges.recoveryDays)),
                            .informing(
                                "EarliestRestorableDateTime", .number(ServiceRanges.timestamps)),
                            .informing(
                                "LatestRestorableDateTime", .number(ServiceRanges.timestamps)),
                        ]))
                ]))
        ]))
}

extension Operation {
    package static let updateContinuousBackups = Operation(
        writing: "UpdateContinuousBackups", reply: .empty)
}
