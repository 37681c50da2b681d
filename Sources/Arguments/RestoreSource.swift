import CommandLine

/// A backup, or a point in time: AWS keeps both where nobody can read them. dynaferry restores
/// nothing, but says the commands that do.
package enum RestoreSource: Equatable, Sendable {
    /// `arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/backup/ID`. Those of AWS Backup are restored by
    /// that service alone.
    case backup(arn: String)
    case time(StopTime)

    package init?(_ text: String) {
        if text.wholeMatch(of: /arn:[-a-z]+:dynamodb:.+\/backup\/.+/) != nil {
            self = .backup(arn: text)
        } else if let time = StopTime(text), time.date != nil {
            self = .time(time)
        } else {
            return nil
        }
    }

    var text: String {
        switch self {
        case .backup(let arn): arn
        case .time(let time): "\(time)"
        }
    }

    /// Makes a new table of it.
    /// - Parameter table: that it is of.
    func command(of table: String, into target: String) -> String {
        switch self {
        case .backup(let arn):
            "aws dynamodb restore-table-from-backup --target-table-name \(target)"
                + " --backup-arn \(arn)"
        case .time(let time):
            "aws dynamodb restore-table-to-point-in-time --source-table-name \(table)"
                + " --target-table-name \(target) --restore-date-time \(time.text)"
        }
    }
}

extension StopTime {
    /// As it was given. One without a zone is local for the AWS CLI, too.
    fileprivate var text: String { "\(self)".replacing(" ", with: "T") }
}

extension ValueKind where Value == RestoreSource {
    static var restore: Self {
        ValueKind(
            name: "BACKUP-ARN|TIME",
            expected: "the ARN of a backup in DynamoDB, or a time such as 2026-11-28T06:00:00Z",
            parse: { RestoreSource($0) }, show: { $0.text })
    }
}

extension CopyArguments {
    /// Says what to do in its place.
    func refuseRestoring() throws(UsageError) {
        guard let restore = native.restoreFrom else { return }
        let pair = selection.first
        let table =
            pair.map { $0.source.isFiles || $0.source.isPattern ? "TABLE" : $0.source.name }
            ?? "TABLE"
        let side = sourceSide
        let options =
            (side.profile.map { " --profile \($0)" } ?? "")
            + (side.region.map { " --region \($0)" } ?? "")
        let restored = table + "-restored"
        let target = pair.map { $0.target.isPattern ? "TARGET" : $0.target.text } ?? "TARGET"
        throw UsageError(
            "--restore-from: dynaferry restores nothing, and only AWS can read its backups",
            hints: [
                "restore it into a new table:"
                    + " \(restore.command(of: table, into: restored))\(options)",
                "wait until that is ACTIVE:"
                    + " aws dynamodb wait table-exists --table-name \(restored)\(options)",
                "then copy that table, with the same options: dynaferry copy \(restored) \(target)",
            ])
    }
}
