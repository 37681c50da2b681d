import Connectors
import Flow
import Pacing
import Transfer

/// The durable state of a simulated job, as SQLite keeps it in WAL mode with `synchronous=NORMAL`.
///
/// A commit is *written* at once and *synced* later. When the process dies all written commits
/// stay; when the power fails the newest that are not synced may be lost, whole and in order
/// (sqlite.org, "PRAGMA synchronous"). No commit is ever kept in part.
struct SimulatedJobFile {
    struct Segment: Equatable {
        /// Items of the segment that lie before it.
        var cursor: Int
        var isFinished: Bool
        var items: Int
        var bytes: Int
    }

    struct Commit {
        var number: Int
        var segments: [(index: Int, state: Segment)]
        /// Ordinals of items.
        var deadLetters: [Int]
        /// The model's own account: items of each segment that were safe, with all before them,
        /// when the save was asked for.
        var safe: [Int]
    }

    struct State {
        /// By segment; nil for one that has not been begun.
        var segments: [Segment?]
        /// By ordinal of the item.
        var isDeadLetter: [Bool]
        /// See ``Commit/safe``, of the newest commit.
        var safe: [Int]

        mutating func apply(_ commit: Commit) {
            for (index, state) in commit.segments { segments[index] = state }
            for ordinal in commit.deadLetters { isDeadLetter[ordinal] = true }
            safe = commit.safe
        }

        func cursor(of segment: Int) -> Int { segments[segment]?.cursor ?? 0 }
        func isFinished(_ segment: Int) -> Bool { segments[segment]?.isFinished ?? false }
    }

    /// What the next process would find.
    private(set) var state: State
    private var synced: State
    private var unsynced: [(commit: Commit, syncedAt: Instant)] = []

    init(_ world: SimulatedWorld) {
        state = State(
            segments: [Segment?](repeating: nil, count: world.segments.count),
            isDeadLetter: [Bool](repeating: false, count: world.items.count),
            safe: [Int](repeating: 0, count: world.segments.count))
        synced = state
    }

    /// - Parameter syncedAt: when nothing takes it back any more, if the earlier ones are synced
    ///   too by then.
    mutating func write(_ commit: Commit, syncedAt: Instant, at now: Instant) {
        sync(at: now)
        state.apply(commit)
        unsynced.append((commit, max(syncedAt, unsynced.last?.syncedAt ?? now)))
    }

    private mutating func sync(at now: Instant) {
        let count = unsynced.prefix { $0.syncedAt <= now }.count
        for entry in unsynced[..<count] { synced.apply(entry.commit) }
        unsynced.removeFirst(count)
    }

    /// - Returns: how many commits are lost.
    mutating func losePower(_ generator: inout SeededGenerator, at now: Instant) -> Int {
        sync(at: now)
        let kept = Int.random(in: 0...unsynced.count, using: &generator)
        let lost = unsynced.count - kept
        for entry in unsynced[..<kept] { synced.apply(entry.commit) }
        unsynced.removeAll()
        state = synced
        return lost
    }

    /// The cursor behind so many items of a segment, and back.
    static func cursor(_ items: Int) -> Cursor { Cursor(bytes: Array("\(items)".utf8)) }
    static func items(_ cursor: Cursor) -> Int? {
        Int(String(decoding: cursor.bytes, as: UTF8.self))
    }

    /// What a further process of the job is to go on from.
    var progress: [PartitionProgress] {
        state.segments.enumerated().compactMap { index, segment in
            guard let segment else { return nil }
            return PartitionProgress(
                partition: index,
                position: segment.isFinished ? .finished : .at(Self.cursor(segment.cursor)),
                items: segment.items, bytes: segment.bytes)
        }
    }
}
