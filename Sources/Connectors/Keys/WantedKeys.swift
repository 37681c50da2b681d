import DynamoModel
import System

/// Keys that are looked for in files, with what is known of each: as many as fit a part of memory.
/// Their names are left to the files.
package struct WantedKeys: Sendable {
    private struct Entry {
        var hash: UInt128
        /// What the other side had when all was read, and when it was looked at last.
        var first: UInt128
        var last: UInt128
        var flags: Flags
    }

    private struct Flags: OptionSet {
        let rawValue: UInt8

        static let hasFirst = Flags(rawValue: 1)
        static let hasLast = Flags(rawValue: 2)
        static let hasStood = Flags(rawValue: 4)
        static let hasChanged = Flags(rawValue: 8)
        static let trustsAbsence = Flags(rawValue: 16)
    }

    /// The side that is files; what is wanted is on it.
    package enum FileSide: Sendable {
        case source
        case target
    }

    package let side: FileSide
    private let countMax: Int
    private var entries: [Entry] = []
    private var isSorted = true

    /// - Parameter bytesMax: of memory; one key fits whatever it is.
    package init(on side: FileSide, bytesMax: Int) {
        self.side = side
        countMax = max(1, bytesMax / MemoryLayout<Entry>.stride)
    }

    package var count: Int { entries.count }
    package var isEmpty: Bool { entries.isEmpty }
    package var isFull: Bool { entries.count >= countMax }

    package mutating func add(_ asked: AskedPair) {
        let difference = asked.difference
        let first = (side == .source ? difference.target : difference.source)?.item
        let last = side == .source ? asked.last.target : asked.last.source
        var flags: Flags = []
        if first != nil { flags.insert(.hasFirst) }
        if last != nil { flags.insert(.hasLast) }
        if difference.hasStood == true { flags.insert(.hasStood) }
        if difference.hasStood == false { flags.insert(.hasChanged) }
        if asked.trustsAbsence { flags.insert(.trustsAbsence) }
        let entry = Entry(
            hash: difference.keyHash, first: first ?? 0, last: last ?? 0, flags: flags)
        if let before = entries.last, before.hash > entry.hash { isSorted = false }
        entries.append(entry)
    }

    /// Nothing is added after.
    package mutating func sort() {
        guard !isSorted else { return }
        entries.sort { $0.hash < $1.hash }
        isSorted = true
    }

    func contains(_ hash: UInt128) -> Bool { entry(of: hash) != nil }

    /// What is known of an item of the files, if it is wanted.
    /// - Parameter key: its key, as JSON.
    func asked(_ item: ItemDigest, key: [UInt8]) -> AskedPair? {
        guard let entry = entry(of: item.key) else { return nil }
        let other =
            entry.flags.contains(.hasFirst)
            ? ItemDigest(key: item.key, item: entry.first) : nil
        let difference = KeyDifference(
            source: side == .source ? item : other, target: side == .source ? other : item,
            keyHash: item.key, key: key,
            hasStood: entry.flags.contains(.hasStood)
                ? true : entry.flags.contains(.hasChanged) ? false : nil)
        var asked = AskedPair(difference, trustsAbsence: false)
        let last = entry.flags.contains(.hasLast) ? entry.last : nil
        if side == .source { asked.last.target = last } else { asked.last.source = last }
        asked.trustsAbsence = entry.flags.contains(.trustsAbsence)
        return asked
    }

    private func entry(of hash: UInt128) -> Entry? {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].hash < hash { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count, entries[low].hash == hash else { return nil }
        return entries[low]
    }
}
