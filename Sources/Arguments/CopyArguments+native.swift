import CommandLine
import Connectors
import DynamoDB
import S3
import Snapshots
import System
import Transfer

/// What DynamoDB is to do by itself.
package struct NativeArguments: Equatable, Sendable {
    /// It exports the source.
    package var snapshot = false
    /// As it was then, in seconds since 1970; nil: as late as can be.
    package var snapshotTime: StopTime?
    /// It exports what has changed since.
    package var since: SinceWord?
    /// It loads the files into the target; nil: dynaferry does.
    package var load: ServiceLoad?
    /// The place between: it exports the source there, and the target is loaded from there.
    package var via: Location?
    /// What lies there is removed once the copy is verified.
    package var viaCleanup = false
    /// Is refused, with what to do in its place.
    package var restoreFrom: RestoreSource?
    /// Between two looks at its work.
    package var pollEvery = SnapshotOptions.pollUsual

    /// DynamoDB writes the files.
    package var exports: Bool { snapshot || since != nil }
}

/// Where incremental exports begin: a time, or behind an export.
package enum SinceWord: Equatable, Sendable {
    case time(StopTime)
    case export(String)

    package init?(_ text: String) {
        if text.wholeMatch(of: /[0-9]{14}-[0-9a-f]{8}/) != nil
            || text.wholeMatch(of: /arn:.+\/export\/[0-9]{14}-[0-9a-f]{8}/) != nil
        {
            self = .export(text)
        } else if let time = StopTime(text), time.date != nil {
            self = .time(time)
        } else {
            return nil
        }
    }

    var text: String {
        switch self {
        case .time(let time): "\(time)"
        case .export(let text): text
        }
    }
}

extension StopTime {
    /// Whole seconds since 1970; nil for a time of day.
    package var date: Int? {
        if case .date(let seconds, _) = self { Int(clamping: seconds) } else { nil }
    }
}

extension ValueKind where Value == SinceWord {
    fileprivate static var since: Self {
        ValueKind(
            name: "TIME|EXPORT",
            expected: "a time such as 2026-11-28T06:00:00Z, or the id or ARN of an export",
            parse: { SinceWord($0) }, show: { $0.text })
    }
}

extension ValueKind where Value == StopTime {
    fileprivate static var date: Self {
        ValueKind(
            name: "TIME", expected: "a time such as 2026-11-28T06:00:00Z",
            parse: { StopTime($0).flatMap { $0.date == nil ? nil : $0 } }, show: { "\($0)" })
    }
}

extension ValueKind where Value == Location {
    fileprivate static var bucketPlace: Self {
        ValueKind(
            name: "S3-PLACE", expected: "a place in a bucket: s3://bucket/prefix/",
            parse: { text in
                Location(text).flatMap { place in
                    place.kind == .bucket && !place.isPattern
                        && (try? S3Location(place.text)) != nil ? place : nil
                }
            }, show: { $0.text })
    }
}

extension CopyArguments {
    static var nativeOptions: [Option<Self>] {
        [
            Option(
                flag: "--snapshot", \.native.snapshot, in: .files,
                """
                Have DynamoDB export the table into the bucket TARGET by itself, as it was at one \
                time: no read units are used. It needs point-in-time recovery, takes minutes at \
                least, and is paid by the size of the table.
                """),
            Option(
                "--snapshot-time", .date, \.native.snapshotTime, in: .files,
                default: "the latest, about five minutes ago",
                "The time that --snapshot exports the table as it was at."),
            Option(
                "--since", .since, \.native.since, in: .files, default: "none",
                """
                Have DynamoDB export what has changed since then: incremental exports of 15 \
                minutes to 24 hours, one after the other. Behind a full export the first of them \
                ends at its time.
                """),
            Option(
                "--load", .choice, \.native.load, in: .files,
                default: "dynaferry writes the items",
                """
                How DynamoDB loads files of a bucket by itself. import-table: it makes the target, \
                which must not be there, and fills it, global indexes too, without write units; \
                what it can't make is set afterwards, and local indexes can't be. bulk-put: it \
                puts the items into a table that is there, or that the copy makes.
                """
            ).perTable,
            Option(
                "--via", .bucketPlace, \.native.via, in: .files, default: "none",
                """
                Copy from table to table by way of this place in a bucket: DynamoDB exports each \
                source there as --snapshot does, and the targets are loaded from there. Those that \
                are not there yet are loaded by ImportTable where it can make them, the others as \
                files are; --load says otherwise.
                """),
            Option(
                flag: "--via-cleanup", \.native.viaCleanup, in: .files,
                """
                Once the copy is verified, remove the exports that it has made at --via, object by \
                object. Means --verify.
                """),
            Option(
                "--poll-interval", .duration, \.native.pollEvery, in: .files,
                "Time between two looks at what DynamoDB does by itself."),
            Option(
                "--restore-from", .restore, \.native.restoreFrom, in: .files, default: "none",
                "Refused, with the commands that restore a table to be copied."
            ).once.hidden,
        ]
    }

    /// What DynamoDB is asked to export.
    package var snapshotOptions: SnapshotOptions {
        var options = SnapshotOptions()
        switch native.since {
        case .time(let time): options.extent = .changes(since: .time(time.date ?? 0))
        case .export(let export): options.extent = .changes(since: .export(export))
        case nil: options.extent = .full(at: native.snapshotTime?.date)
        }
        options.bucketOwner = files.bucket.expectedOwner
        switch files.bucket.encryption {
        case .bucketDefault, .kmsTwice: break
        case .s3: options.encryption = .s3
        case .kms(let key, _): options.encryption = .kms(key: key)
        }
        options.pollEvery = native.pollEvery
        options.giveUpAfter = giveUpAfter
        return options
    }

    /// The same where DynamoDB loads nothing: for looks at tables alone.
    package var unloaded: CopyArguments {
        var arguments = self
        arguments.native.load = nil
        for entry in entries.indices { arguments.entries[entry].arguments.native.load = nil }
        return arguments
    }

    /// Refuses what DynamoDB's own export can't do.
    func validateNative() throws(UsageError) {
        try refuseRestoring()
        if native.snapshotTime != nil, !native.snapshot {
            throw UsageError("--snapshot-time requires --snapshot", hints: ["give --snapshot too"])
        }
        if native.pollEvery <= .zero {
            throw UsageError("--poll-interval: give a time above 0", hints: ["15s is usual"])
        }
        try validateLoading()
        guard native.exports else { return }
        let option = native.snapshot ? "--snapshot" : "--since"
        if native.snapshot, native.since != nil {
            throw UsageError(
                "--snapshot exports the whole table, --since what has changed",
                hints: ["leave one of them out"])
        }
        guard selection.allSatisfy({ $0.target.kind == .bucket }) else {
            throw UsageError(
                "\(option): DynamoDB exports only into buckets",
                hints: ["name one as TARGET: s3://bucket/prefix/"])
        }
        if let other = optionAgainstExporting {
            throw UsageError(
                "\(option) has DynamoDB write the files by itself: \(other.option) does not apply",
                hints: [other.hint])
        }
    }

    /// Refuses what can't be done where DynamoDB loads a target, or on the way through a bucket.
    private func validateLoading() throws(UsageError) {
        if let load = native.load {
            guard native.via != nil || selection.allSatisfy({ $0.source.kind == .bucket }) else {
                throw UsageError(
                    "--load \(load.rawValue): DynamoDB loads only files in buckets",
                    hints: ["name an export as SOURCE: s3://bucket/prefix/"])
            }
            if let option = optionAgainstLoading {
                throw UsageError(
                    "--load \(load.rawValue) has DynamoDB load the files as they are: \(option)"
                        + " does not apply",
                    hints: [
                        "leave \(option) out; or --load, then dynaferry writes the items itself"
                    ])
            }
        }
        if native.viaCleanup, native.via == nil {
            throw UsageError("--via-cleanup requires --via", hints: ["give --via too"])
        }
        guard let via = native.via else { return }
        if filesSide != nil {
            throw UsageError(
                "--via \(via.text) is between two tables, but a side is files",
                hints: ["copy to files with --snapshot, and from files, by two commands"])
        }
        let given: [(String, Bool)] = [
            ("--snapshot", native.snapshot), ("--since", native.since != nil),
            ("--schema-only", schemaOnly), ("--keys", transform.keysFile != nil),
            ("--only-changed", onlyChanged), ("--max-cost", maxCost != nil),
            ("--read-units", readUnits != nil),
            ("--total-read-units", totalReadUnits != nil), ("--segments", segments != nil),
            ("--scan-concurrency", scanConcurrency != nil), ("--consistent-read", consistentRead),
        ]
        if let option = given.first(where: \.1)?.0 {
            throw UsageError(
                "--via has DynamoDB export the source: \(option) does not apply",
                hints: ["leave one of them out"])
        }
    }

    /// What only dynaferry does with items on their way.
    package var optionAgainstLoading: String? {
        let given: [(String, Bool)] = [
            ("--where", transform.texts.wanted != nil), ("--set", transform.texts.set != nil),
            ("--remove", transform.texts.remove != nil), ("--rules", transform.rulesFile != nil),
            ("--through", transform.through != nil), ("--keys", transform.keysFile != nil),
            ("--fraction", transform.fraction != nil), ("--skip-expired", skipExpired),
            ("--merge", merge == .keep || (merge != nil && native.load != .bulkPut)),
            ("--only-changed", onlyChanged),
            ("--data-only", dataOnly && native.load != .bulkPut),
            ("--schema-only", schemaOnly),
            ("--boost-write", boostWrite != nil), ("--max-cost", maxCost != nil),
            ("--write-units", writeUnits != nil && native.load != .bulkPut),
            ("--total-write-units", totalWriteUnits != nil),
            ("--check-first", files.checksFirst), ("--indexes", indexes != nil),
            ("--format", files.format.format != nil),
        ]
        return given.first { $0.1 }?.0
    }

    /// What DynamoDB's own export can't do, and what to do about it.
    package var optionAgainstExporting: (option: String, hint: String)? {
        let usual = CopyArguments()
        let later = "give it when the files are copied into a table"
        let none = "leave it out"
        let free = "leave it out: it uses no read units"
        let given: [(String, Bool, String)] = [
            ("--where", native.since != nil && transform.texts.wanted != nil, later),
            ("--set", transform.texts.set != nil, later),
            ("--remove", transform.texts.remove != nil, later),
            ("--rules", transform.rulesFile != nil, later),
            ("--through", transform.through != nil, later),
            ("--keys", transform.keysFile != nil, none),
            ("--fraction", transform.fraction != nil, later),
            ("--skip-expired", skipExpired, later),
            (
                "--verify", verifies,
                "leave it out; afterwards: dynaferry verify TABLE s3://bucket/prefix/"
            ),
            ("--read-units", readUnits != nil, free),
            ("--total-read-units", totalReadUnits != nil, free),
            ("--segments", segments != nil, none), ("--consistent-read", consistentRead, none),
            ("--scan-concurrency", scanConcurrency != nil, none),
            ("--file-size", files.fileBytes != usual.files.fileBytes, none),
            ("--compression", files.compression != usual.files.compression, none),
            ("--level", files.level != nil, none),
            (
                "--requester-pays", files.bucket.requesterPays,
                "DynamoDB can't export into a bucket whose reader pays"
            ),
            (
                "--sse aws:kms:dsse", files.bucket.encryption.isTwice,
                "give --sse AES256 or --sse aws:kms: DynamoDB has no other"
            ),
        ]
        return given.first { $0.1 }.map { ($0.0, $0.2) }
    }
}

extension BucketOptions.Encryption {
    fileprivate var isTwice: Bool { if case .kmsTwice = self { true } else { false } }
}
