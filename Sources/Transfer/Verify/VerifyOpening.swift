import AWS
import Connectors
import Dispatch
import DynamoModel
import Flow
import Glibc
import JSON
import Pacing
import System

/// Takes up the job that a verification is part of: goes on with the one that the same command
/// began, or begins a new one.
struct VerifyOpening {
    private(set) var looks: [VerifyLook]
    let reading: [VerifyOptions]
    let options: JobOptions
    let time: any TimeSource
    let note: @Sendable (String) -> Void

    /// The job, and what its tables' verifications have come to.
    struct Opened {
        var job: OpenJob
        var states: [VerifyState]
        /// What was found of the tables, and in how many segments they are read.
        var looks: [VerifyLook]
    }

    mutating func run(using generator: inout SeededGenerator) async throws -> Opened {
        try options.folder.prepare()
        let search = JobSearch(options: options, identity: identity, time: time)
        guard var job = try search.find() else { return try await begin(&generator) }
        try search.checkAge(of: job)
        for (table, look) in zip(job.tables, looks) {
            try search.check(
                table.record, of: job, source: look.subject.source.description,
                target: look.subject.target.description, segments: look.segmentsAsked)
        }
        note(search.announcement(job))
        for (number, table) in job.tables.enumerated() {
            looks[number].setFirst(FirstRead(segments: table.record.segments))
        }
        if options.restarts {
            try await readFirst()
            for (number, look) in looks.enumerated() {
                try job.file.restart(table: number, segments: look.subject.segments)
            }
        }
        let hasCrashed = job.record.state == .running || job.record.state == .paused
        try job.file.beginRun(
            processID: Int(getpid()), request: options.requestJSON, at: time.secondsSinceEpoch)
        try job.reload()
        if hasCrashed { job.record.progress.crashes += 1 }
        return Opened(job: job, states: try states(of: job), looks: looks)
    }

    private mutating func readFirst() async throws {
        let spool = try? Spool(inFolder: options.folder.path)
        looks = try await VerifyLook.readFirst(looks, reading, spool)
    }

    private mutating func begin(_ generator: inout SeededGenerator) async throws -> Opened {
        try await readFirst()
        if let id = options.id, options.folder.isDamaged(id) {
            try options.folder.giveUp(id)
            note("job \(id) can't be read and is given up: everything is read again")
        }
        let id = options.id ?? options.folder.newID(for: looks[0].verdict.source, using: &generator)
        guard let lock = try options.folder.lock(id) else {
            throw CopyRefusal("job \(id) has just been begun by another process")
        }
        var record = JobRecord(
            id: id, created: time.secondsSinceEpoch, request: options.requestJSON,
            identity: identity.text, processID: Int(getpid()))
        record.kind = .verify
        let records = looks.map { look in
            let (source, target) = (look.subject.source, look.subject.target)
            return JobTable(
                source: source.table.name, target: target.table.name,
                sourceID: source.description.id, targetID: target.description.id,
                schema: look.subject.schema, targetWas: .merged, segments: look.subject.segments,
                itemsReported: source.description.itemCount + target.description.itemCount)
        }
        let file = try JobFile.create(options.folder.databasePath(id), record, records)
        note("job \(id)")
        let job = OpenJob(
            file: file, lock: lock, record: record,
            tables: records.map { OpenTable(record: $0, segments: []) },
            socketPath: options.folder.socketPath(id))
        return Opened(job: job, states: try states(of: job), looks: looks)
    }

    /// A key is drawn for each table whose verification begins.
    private func states(of job: OpenJob) throws(JobError) -> [VerifyState] {
        var states: [VerifyState] = []
        var generator = SystemRandomNumberGenerator()
        for number in job.tables.indices {
            if let state = try job.file.verifyState(ofTable: number) {
                states.append(state)
                continue
            }
            let state = VerifyState(key: DigestKey(using: &generator))
            try job.file.beginVerify(table: number, key: state.key)
            states.append(state)
        }
        return states
    }

    private var identity: JobIdentity {
        let tables = looks.map { look -> JSON in
            let (source, target) = (look.subject.source, look.subject.target)
            return [
                "source": .string(source.description.arn ?? look.verdict.source),
                "sourceEndpoint": .string(source.table.reader.endpoint.url),
                "target": .string(target.description.arn ?? look.verdict.target),
                "targetEndpoint": .string(target.table.reader.endpoint.url),
            ]
        }
        return JobIdentity(
            verifying: tables, mode: reading[0].mode,
            repair: looks.first?.subject.repaired?.options,
            selection: options.selection)
    }
}

/// Keeps what one table's verification comes to, in the job's file.
final class VerifyJournal: Sendable {
    private let store: JobStore
    private let table: Int
    private let progress: Progress
    /// What a verification that stands so does to the table's progress.
    typealias Progress = @Sendable (TableVerdict, inout JobProgress) -> Void

    init(_ store: JobStore, table: Int, progress: @escaping Progress) {
        self.store = store
        self.table = table
        self.progress = progress
    }

    /// - Parameter earlier: of the runs before.
    convenience init(_ store: JobStore, table: Int, earlier: JobProgress) {
        self.init(store, table: table) { $1 = JobProgress($0.progress, after: earlier) }
    }

    /// - Parameters:
    ///   - side: 0 is the source.
    ///   - digests: all buckets, and the segments that have come further.
    fileprivate func save(
        side: Int, _ digests: DigestState, _ verdict: TableVerdict
    ) throws(JobError) {
        try store.save(table: table) { file throws(JobError) in
            try file.save(digests, table: table, side: side)
        } update: {
            progress(verdict, &$0)
        }
    }

    /// Keeps what has been repaired, and what was refused since.
    fileprivate func save(
        repairs: VerifyCounters, _ letters: [DeadLetter], _ verdict: TableVerdict
    ) throws(JobError) {
        try store.save(table: table) { file throws(JobError) in
            try file.save(repairs: repairs, letters, table: table)
        } update: {
            progress(verdict, &$0)
        }
    }

    /// Keeps where the table stands, and nothing else.
    func save(_ verdict: TableVerdict) throws(FlowFailure) {
        try save(verdict) { (_) throws(JobError) in }
    }

    private func save(
        _ verdict: TableVerdict, _ body: (JobFile) throws(JobError) -> Void
    ) throws(FlowFailure) {
        do throws(JobError) {
            try store.save(table: table, body) { progress(verdict, &$0) }
        } catch {
            throw FlowFailure(error)
        }
    }
}

extension JobProgress {
    fileprivate init(_ progress: VerifyProgress, after earlier: JobProgress) {
        self.init()
        let (source, target) = (progress.source, progress.target)
        counters = source.counters.after(target.counters)
        counters.segmentsFinished =
            source.counters.segmentsFinished + target.counters.segmentsFinished
        counters.writeUnits = progress.writeUnits
        counters = counters.after(earlier.counters)
        seconds = earlier.seconds + progress.elapsed.inSeconds
        itemsDone = earlier.itemsDone + source.counters.itemsRead + target.counters.itemsRead
        if let one = source.itemsEstimated, let other = target.itemsEstimated {
            itemsEstimated = earlier.itemsDone + one + other
        }
        fraction = (source.fraction + target.fraction) / 2
        itemsPerSecond = source.itemsPerSecond + target.itemsPerSecond
        // Limits are the source's: what is read of the target does not count against them.
        (readUnitsPerSecond, readLimit) = (source.readUnitsPerSecond, source.readLimit)
        (writeUnitsPerSecond, writeLimit) = (progress.writeUnitsPerSecond, progress.writeLimit)
        hold = (source.hold ?? target.hold)?.rawValue
    }
}

/// Keeps what one side of a first pass adds up to, with its cursors.
final class SideJournal: FlowJournal {
    private let journal: VerifyJournal
    private let side: Int
    private let verdict: @Sendable () -> TableVerdict
    private let queue = DispatchQueue(label: "verify.saves")

    /// - Parameter verdict: where the verification stands; may ask the flow itself.
    init(_ journal: VerifyJournal, side: Int, verdict: @escaping @Sendable () -> TableVerdict) {
        self.journal = journal
        self.side = side
        self.verdict = verdict
    }

    func save(
        _ entry: JournalEntry, completion: @escaping @Sendable (Result<Void, JobError>) -> Void
    ) {
        queue.async { [self] in
            completion(
                Result { () throws(JobError) -> Void in
                    let digests = entry.folds.lazy.compactMap { $0 as? DigestState }.first
                    try journal.save(side: side, digests ?? DigestState(), verdict())
                })
        }
    }
}

/// Keeps what a repair has come to, and what the target refuses.
final class RepairJournal: FlowJournal {
    private let journal: VerifyJournal
    private let schema: KeySchema
    private let state: @Sendable () -> (TableVerdict, repairs: VerifyCounters)
    private let queue = DispatchQueue(label: "verify.saves")

    /// - Parameter state: where the repair stands; may ask the flow itself.
    init(
        _ journal: VerifyJournal, schema: KeySchema,
        state: @escaping @Sendable () -> (TableVerdict, repairs: VerifyCounters)
    ) {
        self.journal = journal
        self.schema = schema
        self.state = state
    }

    func save(
        _ entry: JournalEntry, completion: @escaping @Sendable (Result<Void, JobError>) -> Void
    ) {
        queue.async { [self] in
            completion(
                Result { () throws(JobError) -> Void in
                    let letters = try DeadLetter.all(of: entry, schema: schema)
                    let (verdict, repairs) = state()
                    try journal.save(repairs: repairs, letters, verdict)
                })
        }
    }
}
