import Connectors
import DynamoModel
import Flow
import JSON
import Pacing
import System

/// What a copy's job is known by: its tables, and whatever decides what is written.
///
/// A target is known by its endpoint and name, since before it is made it has no ARN; ids are
/// compared when the job is found, so that a table that was made anew is told from the old one.
struct JobIdentity {
    let text: String

    struct Table {
        /// Its ARN or its name, or the title of its files.
        var source: String
        var sourceEndpoint: String
        var target: String
        var targetEndpoint: String
        var options: CopyOptions

        fileprivate var json: JSON {
            var json: JSON = [
                "source": .string(source),
                "sourceEndpoint": .string(sourceEndpoint),
                "target": .string(target),
                "targetEndpoint": .string(targetEndpoint),
            ]
            for member in options.transform.identity { json[member.name] = member.value }
            return json
        }

        fileprivate var merge: JSON {
            options.onlyChanged
                ? "changed" : options.keepsItems ? "keep" : .bool(options.mergesIntoItems)
        }
    }

    /// Of a verification: what is compared, and what may be done about it.
    init(
        verifying tables: [JSON], mode: VerifyOptions.Mode, repair: RepairOptions?,
        selection: String?
    ) {
        var json: JSON = ["verify": .array(tables), "mode": .string("\(mode)")]
        if let repair { json["deletesExtra"] = .bool(repair.deletesExtra) }
        json[Self.selectionName] = selection.map { .string($0) }
        text = json.text
    }

    /// Of an export.
    init(exporting tables: [ExportPreparation.Identity], selection: String?) {
        var json: JSON = [
            "tables": .array(
                tables.map { table in
                    var json: JSON = [
                        "source": .string(table.source),
                        "sourceEndpoint": .string(table.endpoint),
                        "target": .string(table.target), "targetEndpoint": "files",
                    ]
                    for member in table.transform.identity { json[member.name] = member.value }
                    return json
                })
        ]
        json[Self.selectionName] = selection.map { .string($0) }
        text = json.text
    }

    /// What holds for all tables is said once, and of each only where it does not.
    /// - Parameter selection: what has chosen the tables, where it was a pattern.
    init(_ tables: [Table], selection: String?) {
        let merge = Self.common(tables.map(\.merge)) ?? false
        let skips = tables.allSatisfy(\.options.skipsExpired)
        var json: JSON = [
            "tables": .array(
                tables.map { table in
                    var json = table.json
                    if table.merge != merge { json["merge"] = table.merge }
                    if !skips, table.options.skipsExpired { json["skipExpired"] = true }
                    return json
                }),
            "merge": merge,
        ]
        if skips { json["skipExpired"] = true }
        let part = tables.first?.options.part ?? .all
        if part != .all { json["part"] = .string(part.rawValue) }
        json[Self.selectionName] = selection.map { .string($0) }
        text = json.text
    }

    /// Whether two texts are of the same work: which pattern has chosen its tables has no part in
    /// it.
    static func areSame(_ one: String, _ other: String) -> Bool {
        one == other || work(one) == work(other)
    }

    private static func work(_ text: String) -> String {
        guard var json = try? JSON(parsing: text), json.members != nil else { return text }
        json[selectionName] = nil
        return json.text
    }

    /// Whether items of a job's table are written otherwise than they come.
    static func changesItems(_ text: String, ofTable number: Int) -> Bool {
        guard let tables = (try? JSON(parsing: text))?["tables"]?.array,
            tables.indices.contains(number)
        else { return false }
        return ["set", "remove", "rules", "through", "keys"].contains { tables[number][$0] != nil }
    }

    static func selection(_ text: String) -> String? {
        (try? JSON(parsing: text))?[selectionName]?.string
    }

    /// The ARN, or the name, of the first table that is read.
    static func firstSource(_ text: String) -> String? {
        let json = try? JSON(parsing: text)
        return (json?["tables"] ?? json?["verify"])?.array?.first?["source"]?.string
    }

    private static let selectionName = "selection"

    private static func common(_ values: [JSON]) -> JSON? {
        values.allSatisfy { $0 == values[0] } ? values[0] : nil
    }
}

extension JobIdentity.Table {
    init(_ preflight: CopyPreflight, source: TableDescription) {
        self.init(
            source: preflight.source.table == nil
                ? preflight.source.name : source.arn ?? source.definition.name,
            sourceEndpoint: preflight.source.endpoint,
            target: preflight.target.name, targetEndpoint: preflight.target.reader.endpoint.url,
            options: preflight.options)
    }
}

/// Finds the unfinished job of a command, and says whether it may go on.
struct JobSearch {
    let options: JobOptions
    let identity: JobIdentity
    let time: any TimeSource

    /// A job that stopped longer ago is not resumed unasked: its source may have moved on.
    private static let ageMax = 24.0 * 3600

    /// The job, its lock taken; nil when there is none.
    /// - Throws: ``CopyRefusal`` or ``JobError``; nothing has been changed.
    func find() throws -> OpenJob? {
        guard let id = try existingID() else { return nil }
        guard let lock = try options.folder.lock(id) else {
            let process = try? record(id).processID
            throw CopyRefusal(
                "job \(id) is being run"
                    + (process.map { " by process \($0)" } ?? " by another process"),
                hint: "dynaferry jobs status \(id) shows it")
        }
        let file = try JobFile.open(options.folder.databasePath(id), readOnly: false)
        var job = OpenJob(
            kept: OpenJob.Kept(
                file: file, lock: lock, socketPath: options.folder.socketPath(id)),
            record: try file.job(), tables: [])
        try job.reload()
        guard !job.tables.isEmpty else {
            throw JobError("\(file.path) holds no table", hint: "dynaferry jobs remove \(id)")
        }
        return job
    }

    private func record(_ id: String) throws(JobError) -> JobRecord {
        try JobFile.open(options.folder.databasePath(id), readOnly: true).job()
    }

    private func existingID() throws -> String? {
        guard let id = options.id else {
            return options.folder.unfinished(identity: identity.text)?.id
        }
        guard options.folder.has(id) else { return nil }
        // What nobody can read is begun anew.
        if options.restarts, options.folder.isDamaged(id) { return nil }
        let record = try record(id)
        guard JobIdentity.areSame(record.identity, identity.text) else {
            throw CopyRefusal(
                "job \(id) is of another \(record.kind.noun)",
                hint: "its command was: \(record.command)")
        }
        guard !record.state.isOver else {
            throw CopyRefusal(
                "job \(id) is finished",
                hint: "name another with --job, or first: dynaferry jobs remove \(id)")
        }
        return id
    }

    // MARK: Whether it may go on

    /// Whether a table of `job` may be resumed between source and target as they are now.
    /// - Parameters:
    ///   - target: nil when there is no such table.
    ///   - isFiles: the target is files, of which nothing is to be looked at.
    func check(
        _ table: JobTable, of job: OpenJob, source: TableDescription, target: TableDescription?,
        isFiles: Bool = false, segments: Int?
    ) throws(CopyRefusal) {
        let id = job.record.id
        let anew = "to begin anew: dynaferry jobs remove \(id), then the same command"
        guard source.schema == table.schema else {
            throw CopyRefusal(
                "the keys of \(source.definition.name) are no longer those that job \(id) began"
                    + " with: \(source.schema) instead of \(table.schema)", hint: anew)
        }
        guard source.id == table.sourceID else {
            throw CopyRefusal(
                "\(source.definition.name) is another table than when job \(id) began: it was"
                    + " deleted and made again", hint: anew)
        }
        // One that the job was about to make may be there or not.
        if table.targetWas != .creating, !isFiles {
            guard let target else {
                throw CopyRefusal(
                    "the target \(table.target) that job \(id) wrote into is gone", hint: anew)
            }
            guard target.id == table.targetID else {
                throw CopyRefusal(
                    "\(target.definition.name) is another table than the one that job \(id) wrote"
                        + " into: it was deleted and made again", hint: anew)
            }
        }
        guard !options.restarts, let segments, segments != table.segments else { return }
        throw CopyRefusal(
            "job \(id) scans \(source.definition.name) in \(table.segments) segments, and where it"
                + " stands is worth nothing with --segments \(segments)",
            hint: "leave --segments out, or copy everything again with --restart")
    }

    /// Whether the job is young enough, or was asked for by name of its age.
    func checkAge(of job: OpenJob) throws(CopyRefusal) {
        let age = age(of: job)
        guard age > Self.ageMax, !options.resumesOld, !options.restarts else { return }
        throw CopyRefusal(
            "job \(job.record.id) stopped \(JobAge.spelled(age)) ago, \(job.record.percent) % done:"
                + " what changed in the source since then would be missed",
            hint: "--resume resumes it all the same; --restart copies everything again")
    }

    private func age(of job: OpenJob) -> Double {
        max(0, time.secondsSinceEpoch - job.record.updated)
    }

    /// What its user is told when `job` goes on.
    func announcement(_ job: OpenJob) -> String {
        let id = job.record.id
        if options.restarts, job.record.kind == .copy {
            return "restarting job \(id): everything is copied again; items deleted at the source"
                + " since it began may remain in the target"
        }
        if options.restarts { return "restarting job \(id): everything is read again" }
        let age = JobAge.spelled(age(of: job))
        return "resuming job \(id): \(job.record.percent) % done, stopped \(age) ago"
    }
}

/// How long ago something was.
package enum JobAge {
    /// A time in seconds, as rough as a person would say it.
    package static func spelled(_ seconds: Double) -> String {
        switch seconds {
        case ..<90: "\(Int(clamping: seconds.rounded())) s"
        case ..<5_400: "\(Int(clamping: (seconds / 60).rounded())) min"
        case ..<172_800: "\(Int(clamping: (seconds / 3_600).rounded())) h"
        default: "\(Int(clamping: (seconds / 86_400).rounded())) days"
        }
    }
}

extension JobRecord {
    /// Whole per cent done, and never 100 before all is.
    package var percent: Int {
        state.isOver ? 100 : min(99, Int(clamping: progress.fraction * 100))
    }
}
