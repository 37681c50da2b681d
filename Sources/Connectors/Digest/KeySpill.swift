import Flow
import System

/// An item that differs, as far as the scans of both sides show: it is on one side only, or
/// different.
package struct KeyDifference: Equatable, Sendable {
    package var source: ItemDigest?
    package var target: ItemDigest?
    package var keyHash: UInt128
    /// As the source spells it, where it has it.
    package var key: [UInt8]
    /// Whether both sides were as they are now when each was read first; false: they were equal
    /// then. nil where that is unknown.
    package var hasStood: Bool?
}

/// Collects keys of both sides in bounded memory: what does not fit is written as sorted runs,
/// which are merged. Items that are equal on both sides are dropped as soon as they meet, so that
/// tables which are read in the same order hardly ever fill it.
///
/// Any thread may add to it.
package final class KeySpill: Sendable {
    private let folder: String
    private let bytesMax: Int
    private let state = Locked(State())

    /// Runs that are merged at a time, each with its buffer.
    private static let width = 64

    private struct State {
        var table = KeyTable()
        /// Runs, and runs merged of so many of them, and so on.
        var levels: [[KeyRun]] = []
    }

    /// - Parameters:
    ///   - folder: where runs are kept.
    ///   - bytesMax: that keys may take in memory.
    package init(folder: String, bytesMax: Int) {
        self.folder = folder
        self.bytesMax = bytesMax
    }

    /// Adds a page's keys.
    /// - Throws: when the disk does not take what memory does not hold.
    package func add(_ page: KeyTable) throws(FlowFailure) {
        guard !page.entries.isEmpty else { return }
        try attempt { (state) throws(FlowFailure) in
            for entry in page.entries {
                state.table.add(entry.digest, isTarget: entry.isTarget, key: page.key(of: entry))
            }
            guard state.table.bytes > bytesMax / 2 else { return }
            state.table.settle()
            if state.table.bytes > bytesMax / 4 { try spill(&state) }
        }
    }

    /// Runs that have been written, those that were merged since included.
    package var runs: Int { state.withLock { $0.levels.reduce(0) { $0 + $1.count } } }

    /// What is left of all that was added, in the order of the hashes. Nothing may be added after.
    /// - Throws: when the disk does not take, or give back, what memory does not hold.
    package func merge() throws(FlowFailure) -> KeyMerge {
        var merge: KeyMerge?
        try attempt { (state) throws(FlowFailure) in
            state.table.settle()
            merge = try KeyMerge(state.levels.flatMap { $0 }, state.table)
            state = State()
        }
        return merge!
    }

    private func attempt(_ body: (inout State) throws(FlowFailure) -> Void) throws(FlowFailure) {
        let result = state.withLock { state in
            Result { () throws(FlowFailure) in try body(&state) }
        }
        try result.get()
    }

    private func spill(_ state: inout State) throws(FlowFailure) {
        let table = state.table
        let run = try KeyRun.write(in: folder) { (writer) throws(FlowFailure) in
            for entry in table.entries {
                try writer.put(entry.digest, isTarget: entry.isTarget, key: table.key(of: entry))
            }
        }
        state.table = KeyTable()
        try keep(run, level: 0, &state)
    }

    private func keep(_ run: KeyRun, level: Int, _ state: inout State) throws(FlowFailure) {
        if state.levels.count == level { state.levels.append([]) }
        state.levels[level].append(run)
        guard state.levels[level].count == Self.width else { return }
        var merge = try KeyMerge(state.levels[level], KeyTable())
        let merged = try KeyRun.write(in: folder) { (writer) throws(FlowFailure) in
            while let record = try merge.nextRecord() {
                try writer.put(record.digest, isTarget: record.isTarget, key: record.key)
            }
        }
        state.levels[level] = []
        try keep(merged, level: level + 1, &state)
    }
}

/// Merges runs and what is still in memory, in the order of the keys' hashes.
package struct KeyMerge: Sendable {
    private struct Stream: Sendable {
        enum Origin: Sendable {
            case run(KeyRun.Reader)
            case memory(KeyTable, next: Int)
        }

        var origin: Origin
        /// The record that comes next.
        var head: KeyRecord

        init?(_ origin: Origin) throws(FlowFailure) {
            self.origin = origin
            head = KeyRecord(digest: ItemDigest(key: 0, item: 0), isTarget: false, key: [])
            guard try advance() else { return nil }
        }

        mutating func advance() throws(FlowFailure) -> Bool {
            var record: KeyRecord?
            switch origin {
            case .run(var reader):
                record = try reader.next()
                origin = .run(reader)
            case .memory(let table, let next):
                if next < table.entries.count { record = table.record(next) }
                origin = .memory(table, next: next + 1)
            }
            guard let record else { return false }
            head = record
            return true
        }

        func isBefore(_ other: Stream) -> Bool {
            let (left, right) = (head.digest.key, other.head.digest.key)
            return left != right ? left < right : !head.isTarget && other.head.isTarget
        }
    }

    /// A heap: each stream is before those at twice its place and one and two behind that.
    private var streams: [Stream] = []
    private var ahead: KeyRecord?

    init(_ runs: [KeyRun], _ table: KeyTable) throws(FlowFailure) {
        for run in runs { try add(.run(KeyRun.Reader(run))) }
        try add(.memory(table, next: 0))
    }

    private mutating func add(_ origin: Stream.Origin) throws(FlowFailure) {
        guard let stream = try Stream(origin) else { return }
        streams.append(stream)
        var place = streams.count - 1
        while place > 0, streams[place].isBefore(streams[(place - 1) / 2]) {
            streams.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func nextRecord() throws(FlowFailure) -> KeyRecord? {
        guard let first = streams.first?.head else { return nil }
        if try streams[0].advance() == false {
            streams.swapAt(0, streams.count - 1)
            streams.removeLast()
        }
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < streams.count {
                if streams[child].isBefore(streams[least]) { least = child }
            }
            guard least != place else { return first }
            streams.swapAt(place, least)
            place = least
        }
    }

    /// The next key that is not equal on both sides; nil at the end.
    /// - Throws: when a file can't be read.
    package mutating func next() throws(FlowFailure) -> KeyDifference? {
        while true {
            var first = ahead
            if first == nil { first = try nextRecord() }
            guard let first else { return nil }
            ahead = nil
            var (sources, targets) = (first.isTarget ? [] : [first], first.isTarget ? [first] : [])
            while let record = try nextRecord() {
                guard record.digest.key == first.digest.key else {
                    ahead = record
                    break
                }
                if record.isTarget { targets.append(record) } else { sources.append(record) }
            }
            // A key that a scan has met twice has changed in between: one of both is enough.
            let isEqual = sources.contains { source in
                targets.contains { $0.digest == source.digest }
            }
            if isEqual { continue }
            return KeyDifference(
                source: sources.first?.digest, target: targets.first?.digest,
                keyHash: first.digest.key, key: (sources.first ?? targets.first)!.key)
        }
    }
}
