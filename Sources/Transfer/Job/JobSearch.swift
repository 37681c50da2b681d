import DynamoModel
import Flow
import Jobs
import Pacing
import System

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
            if let id = options.folder.unfinished(identity: identity.text)?.id { return id }
            try checkAlmostSame()
            return nil
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

    /// What was hashed with one secret does not join what is hashed with another.
    private func checkAlmostSame() throws(CopyRefusal) {
        guard let (job, difference) = options.folder.unfinished(almost: identity.text) else {
            return
        }
        throw CopyRefusal(
            "job \(job.id) is unfinished, and began with \(difference)",
            hint:
                "resume it with what it began with; or begin anew: dynaferry jobs remove \(job.id)")
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
            "job \(id) scans \(source.definition.name) in \(table.segments.counted("segment")),"
                + " and where it stands is worth nothing with --segments \(segments)",
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

    /// What its user reads when `job` resumes.
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
        default: Int(clamping: (seconds / 86_400).rounded()).counted("day")
        }
    }
}
