import System

/// The changes of a table's items from when point-in-time recovery was switched on: they tell what
/// the table held at any time since, and what changed between two times.
///
/// What was there before, filled or written, is no change. Guarded by its table's `itemLock`.
final class TableHistory: @unchecked Sendable {
    // @unchecked: guarded by the lock that the comment above names.

    /// An item that was put, updated or deleted.
    struct Change: Equatable, Sendable {
        /// Since 1970.
        var microseconds: Int
        let hash: UInt64
        /// In the store's spelling.
        let key: [UInt8]
        /// In JSON as stored; nil for no item.
        let old: [UInt8]?
        var new: [UInt8]?
    }

    private let clock: ServiceClock
    /// In the order of their times.
    private var changes: [Change] = []
    /// No change from now on is before this.
    private var earliest = 0
    /// False when recovery is off and only exports that have begun still need the changes.
    var isOn = true
    /// Exports that have begun and are not made yet.
    var exports = 0

    init(_ clock: ServiceClock) { self.clock = clock }

    /// Keeps a change. A write that leaves the item as it was, byte for byte, is none.
    func record(_ hash: UInt64, _ key: UnsafeRawBufferPointer, old: Record?, new: Record?) {
        let (oldJSON, newJSON) = (old.map { Array($0.json) }, new.map { Array($0.json) })
        guard oldJSON != newJSON else { return }
        // The clock is read under the lock: what an export sees is complete up to its time.
        let now = max(earliest, clock.microseconds)
        if changes.count % Self.changesBetweenLooks == Self.changesBetweenLooks - 1, exports == 0 {
            changes.removeFirst(place(from: now - Self.microsecondsMax))
        }
        changes.append(
            Change(microseconds: now, hash: hash, key: Array(key), old: oldJSON, new: newJSON))
    }

    /// Lets all changes from now on be at this time or later, however coarse the clock is.
    func close(before end: Int) { earliest = max(earliest, end) }

    private static let changesBetweenLooks = 4096
    /// 35 days, the longest recovery period (API reference, PointInTimeRecoverySpecification).
    private static let microsecondsMax = 35 * 86_400 * 1_000_000

    /// The place of the first change that is not before a time.
    private func place(from microseconds: Int) -> Int {
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].microseconds < microseconds {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// The items, by key, that changed at or after `end`, as they were before; nil for no item.
    func items(before end: Int, in segment: HashSegment) -> [[UInt8]: [UInt8]?] {
        var items: [[UInt8]: [UInt8]?] = [:]
        for change in changes[place(from: end)...] where segment.contains(change.hash) {
            if items[change.key] == nil { items[change.key] = .some(change.old) }
        }
        return items
    }

    /// The net changes of a window, an item at most once: what it was before and what it came to
    /// be, at the time of its last change. One that was inserted and deleted is not there.
    func netChanges(from start: Int, to end: Int) -> [Change] {
        var places: [[UInt8]: Int] = [:]
        var net: [Change] = []
        for change in changes[place(from: start)..<max(place(from: start), place(from: end))] {
            if let place = places[change.key] {
                net[place].new = change.new
                net[place].microseconds = change.microseconds
            } else {
                places[change.key] = net.count
                net.append(change)
            }
        }
        return net.filter { $0.old != nil || $0.new != nil }
    }
}

extension Table {
    /// Keeps each change from now on, or no longer. The caller holds `itemLock` for writing.
    func keepHistory(_ isOn: Bool, _ clock: ServiceClock) {
        if isOn, history == nil { history = TableHistory(clock) }
        history?.isOn = isOn
        forgetHistoryIfUnneeded()
    }

    /// Keeps the history until ``endExport()``, even when recovery is switched off. The caller
    /// holds `itemLock` for writing.
    func beginExport(_ span: ExportSpan) {
        history?.exports += 1
        history?.close(before: span.end)
    }

    func endExport() {
        itemLock.writing {
            history?.exports -= 1
            forgetHistoryIfUnneeded()
        }
    }

    private func forgetHistoryIfUnneeded() {
        if let history, !history.isOn, history.exports == 0 { self.history = nil }
    }

    /// Calls `body` with the key and the JSON of each item that the table held just before a time,
    /// since 1970 in microseconds, in one part of its hash space.
    func forEachItem(
        before end: Int, in segment: HashSegment,
        _ body: (_ key: UnsafeRawBufferPointer, _ item: UnsafeRawBufferPointer) -> Void
    ) {
        itemLock.reading {
            let earlier = history?.items(before: end, in: segment) ?? [:]
            store.forEach(
                from: store.position(from: segment.firstHash),
                to: store.position(behind: segment.lastHash)
            ) { _, record in
                if earlier.isEmpty || earlier[Array(record.key)] == nil {
                    body(record.key, record.json)
                }
                return true
            }
            for case (let key, let item?) in earlier {
                key.withUnsafeBytes { key in item.withUnsafeBytes { body(key, $0) } }
            }
        }
    }

    /// See ``TableHistory/netChanges(from:to:)``.
    func netChanges(from start: Int, to end: Int) -> [TableHistory.Change] {
        itemLock.reading { history?.netChanges(from: start, to: end) ?? [] }
    }
}
