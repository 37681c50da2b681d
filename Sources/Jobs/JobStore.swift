import Connectors
import Flow
import Schema
import Status
import System

/// Where the state of one job lives. Belongs to one serial queue at a time.
///
/// What a method has written is there when it returns, and stays when the process is killed.
protocol JobStore: AnyObject {
    /// Commits `save`, and how far the table and the job have come, together or not at all.
    /// - Parameter seconds: now, since 1970.
    func save(
        _ save: TableSave, ofTable table: Int, _ progress: (table: JobProgress, job: JobProgress),
        at seconds: Double
    ) throws(JobError)

    /// - Parameter reason: why it failed or was stopped, in one line.
    func setState(_ state: JobRecord.State, reason: String?, at seconds: Double) throws(JobError)

    /// What `throttle` sets holds from now on, for later runs too.
    func addThrottle(_ throttle: RequestedLimits) throws(JobError)

    /// The target's units are about to be raised from `boost`, or (with nil) have been set back.
    func setBoost(table: Int, _ boost: UnitBoost?) throws(JobError)

    /// The job has made the target, which has this id where there are any.
    func setTargetCreated(table: Int, id: String?) throws(JobError)

    /// What is about to be brought into a table.
    func setChain(table: Int, _ chain: AppliedChain) throws(JobError)

    /// Which export a table becomes.
    func setExport(_ export: ExportRecord, ofTable table: Int) throws(JobError)

    /// What a table has DynamoDB do.
    func setRequests(_ requests: [ServiceRequest], ofTable table: Int) throws(JobError)

    /// Files that have been written of a table.
    func filesWritten(ofTable table: Int) throws(JobError) -> [DataFile]

    /// Bytes of all that was kept of a table's ``KeyOrigins``.
    func originsBytes(ofTable table: Int) throws(JobError) -> Int

    /// What was kept of them behind a number, and its own; nil at the end.
    func origins(
        ofTable table: Int, after number: Int
    ) throws(JobError) -> (number: Int, bytes: [UInt8])?

    /// nil before the table's verification has begun.
    func verifyState(ofTable table: Int) throws(JobError) -> VerifyState?

    /// A table's verification begins, with this key.
    func beginVerify(table: Int, key: DigestKey) throws(JobError)

    func deadLetters(ofTable table: Int) throws(JobError) -> [DeadLetter]
    /// All but those of items that could not be changed.
    func forgetDeadLetters(ofTable table: Int) throws(JobError)
}

/// What is committed together of one table. What is nil or empty stays as it was.
package struct TableSave: Sendable {
    /// How far segments have come, or files that are read.
    var partitions: [PartitionRecord] = []
    /// Files that have been written, and whose items the segments' cursors have passed.
    var files: [DataFile] = []
    /// Under which keys items have been written since.
    var origins = KeyOrigins()
    /// Items that were refused since.
    package var letters: [DeadLetter] = []
    /// Of one side, 0 is the source: all buckets, and the segments that have come further.
    var digests: (side: Int, state: DigestState)?
    /// What has been repaired.
    package var repairs: VerifyCounters?
    /// What was done about the target's settings.
    var settings: SettingsReport?
    /// The result of comparing a copy with its source.
    var comparison: Comparison?
    /// Places that changes name and items have had.
    var placesMet: [String]?
    /// Items that got the same key, once they have been looked for.
    var collisions: KeyCollisions?
    /// Its last run has ended: every item arrived, or it failed, or was stopped.
    var end: (isFinished: Bool, failure: String?)?

    package init(
        partitions: [PartitionRecord] = [], letters: [DeadLetter] = [],
        digests: (side: Int, state: DigestState)? = nil, repairs: VerifyCounters? = nil,
        settings: SettingsReport? = nil, comparison: Comparison? = nil,
        collisions: KeyCollisions? = nil, end: (isFinished: Bool, failure: String?)? = nil
    ) {
        self.partitions = partitions
        self.letters = letters
        self.digests = digests
        self.repairs = repairs
        self.settings = settings
        self.comparison = comparison
        self.collisions = collisions
        self.end = end
    }
}

extension TableSave {
    package init(_ partitions: [PartitionRecord]) { self.init(partitions: partitions) }
}

/// Keeps a job's state as long as the process runs.
final class MemoryJobStore: JobStore {
    private var states: [Int: VerifyState] = [:]
    private var letters: [Int: [DeadLetter]] = [:]
    private let folder: String
    private var spool: Spool?
    private var originBlocks: [Int: [Spool.Block]] = [:]

    /// - Parameter folder: for what memory should not hold.
    init(folder: String) { self.folder = folder }

    func save(
        _ save: TableSave, ofTable table: Int, _ progress: (table: JobProgress, job: JobProgress),
        at seconds: Double
    ) throws(JobError) {
        letters[table, default: []] += save.letters
        guard !save.origins.bytes.isEmpty else { return }
        do {
            let spool = try self.spool ?? Spool(inFolder: folder)
            self.spool = spool
            let block = try save.origins.bytes.withUnsafeBytes { try spool.add($0) }
            originBlocks[table, default: []].append(block)
        } catch {
            throw JobError(
                "cannot keep the keys of the items that are written: \(error)",
                hint: "make room in \(folder), or set TMPDIR to another folder")
        }
    }

    func setState(_ state: JobRecord.State, reason: String?, at seconds: Double) throws(JobError) {}
    func addThrottle(_ throttle: RequestedLimits) throws(JobError) {}
    func setBoost(table: Int, _ boost: UnitBoost?) throws(JobError) {}
    func setChain(table: Int, _ chain: AppliedChain) throws(JobError) {}
    func setExport(_ export: ExportRecord, ofTable table: Int) throws(JobError) {}
    func setRequests(_ requests: [ServiceRequest], ofTable table: Int) throws(JobError) {}
    func setTargetCreated(table: Int, id: String?) throws(JobError) {}
    func filesWritten(ofTable table: Int) throws(JobError) -> [DataFile] { [] }
    func originsBytes(ofTable table: Int) throws(JobError) -> Int {
        originBlocks[table, default: []].reduce(0) { $0 + $1.count }
    }

    func origins(
        ofTable table: Int, after number: Int
    ) throws(JobError) -> (number: Int, bytes: [UInt8])? {
        guard let blocks = originBlocks[table], number < blocks.count, let spool else { return nil }
        let buffer = ByteBuffer()
        guard spool.read(blocks[number], into: buffer) else {
            throw JobError("what was kept of the items' keys can't be read back")
        }
        return (number + 1, Array(buffer.bytes))
    }

    func verifyState(ofTable table: Int) throws(JobError) -> VerifyState? { states[table] }

    func beginVerify(table: Int, key: DigestKey) throws(JobError) {
        states[table] = VerifyState(key: key)
    }

    func deadLetters(ofTable table: Int) throws(JobError) -> [DeadLetter] { letters[table] ?? [] }
    func forgetDeadLetters(ofTable table: Int) throws(JobError) {
        letters[table]?.removeAll { !$0.isUnchangeable }
    }
}
