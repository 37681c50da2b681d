import DynamoModel
import Glibc
import Pacing
import System
import Testing

@testable import LocalAWS

@Suite struct StoreTests {
    /// A key as the store spells it.
    private static func key(_ partition: String, _ sort: String) -> [UInt8] {
        let bytes = Array(partition.utf8)
        return [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes + Array(sort.utf8)
    }

    private static func record(_ key: [UInt8], _ heap: inout RecordHeap, size: Int) -> Record {
        let record = heap.allocate(Record.headerBytes + key.count + size)
        record.header.pointee = Record.Header(
            keyCount: UInt32(key.count), jsonCount: UInt32(size), size: UInt32(size), indexes: 0)
        (record.address + Record.headerBytes).copyMemory(from: key, byteCount: key.count)
        return record
    }

    /// Goal: the store is a sorted map. Method: random inserts, replacements and removals, few keys
    /// to a partition or all in one, against a dictionary; then every entry in order.
    @Test(arguments: [1, 40, 3000])
    func `a store holds what a dictionary would, in order`(partitions: Int) {
        for seed in UInt64(1)...4 {
            var generator = SeededGenerator(seed: seed)
            var store = ItemStore()
            var heap = RecordHeap()
            var model: [[UInt8]: Int] = [:]
            for _ in 0..<8_000 {
                let key = Self.key(
                    "p\(Int(generator.next() % UInt64(partitions)))",
                    String(generator.next() % 3000))
                let hash = key.withUnsafeBytes(StoreKey.hash)
                if generator.next() % 3 == 0 {
                    let old = key.withUnsafeBytes { store.remove(hash, $0) }
                    #expect(old.map(\.size) == model.removeValue(forKey: key), "seed \(seed)")
                    if let old { heap.release(old) }
                } else {
                    let size = Int(generator.next() % 3000)
                    let old = store.insert(Self.record(key, &heap, size: size), hash: hash)
                    #expect(old.map(\.size) == model.updateValue(size, forKey: key))
                    if let old { heap.release(old) }
                }
            }
            let count = store.count
            #expect(count == model.count)
            var seen: [(hash: UInt64, key: [UInt8])] = []
            store.forEach(from: store.position(from: 0)) { hash, record in
                let key = Array(record.key)
                #expect(model[key] == record.size, "seed \(seed)")
                seen.append((hash, key))
                return true
            }
            #expect(seen.count == model.count)
            for (left, right) in zip(seen, seen.dropFirst()) {
                let isOrdered =
                    left.hash != right.hash
                    ? left.hash < right.hash : left.key.lexicographicallyPrecedes(right.key)
                #expect(isOrdered, "seed \(seed)")
            }
            for entry in seen {
                let found = entry.key.withUnsafeBytes { store.record(entry.hash, $0) }
                #expect(found.map { Array($0.key) } == entry.key)
                var next: [UInt8]?
                let position = entry.key.withUnsafeBytes { store.position(after: entry.hash, $0) }
                store.forEach(from: position) {
                    next = Array($1.key)
                    return false
                }
                let index = seen.firstIndex { $0.key == entry.key }!
                #expect(next == (index + 1 < seen.count ? seen[index + 1].key : nil))
                if index > 200 { break }
            }
        }
    }

    @Test(arguments: [1, 2, 3, 7, 64, 100, 999_983, 1_000_000])
    func `segments cut the hash space without gaps or overlaps`(total: Int) {
        #expect(HashSegment(index: 0, total: total).firstHash == 0)
        #expect(HashSegment(index: total - 1, total: total).lastHash == .max)
        var generator = SeededGenerator(seed: UInt64(total))
        for _ in 0..<1000 {
            let index = Int(generator.next() % UInt64(total))
            let segment = HashSegment(index: index, total: total)
            #expect(segment.contains(segment.firstHash) && segment.contains(segment.lastHash))
            if index > 0 {
                #expect(
                    HashSegment(index: index - 1, total: total).lastHash + 1 == segment.firstHash)
            }
        }
    }

    @Test func `hashes are spread evenly`() {
        var counts = [Int](repeating: 0, count: 64)
        for number in 0..<64_000 {
            let key = Self.key("item-\(number)", "")
            counts[HashSegment.index(of: key.withUnsafeBytes(StoreKey.hash), total: 64)] += 1
        }
        #expect(counts.allSatisfy { (850...1150).contains($0) }, "\(counts)")
    }

    @Test func `numbers sort by value, whatever their spelling`() {
        let ordered = [
            "-9.9E125", "-1E100", "-123456.7", "-123456.65", "-12", "-10.5", "-10", "-1",
            "-0.12", "-1E-130", "0", "1E-130", "0.0000001", "0.1", "0.12", "0.123", "1", "1.05",
            "9", "10", "10.5", "11", "99", "100", "101", "123456789012345678",
            "123456789012345678.5", "1E100", "9.9E125",
        ]
        let keys = ordered.map { text in
            var buffer = ByteStorage()
            Array(text.utf8).withUnsafeBytes { StoreKey.writeNumber($0, to: &buffer) }
            return Array(buffer.bytes)
        }
        for (left, right) in zip(keys, keys.dropFirst()) {
            #expect(left.lexicographicallyPrecedes(right))
        }
        for (one, other) in [("1", "1.0"), ("150", "1.5E2"), ("0", "-0"), ("-3", "-30e-1")] {
            var left = ByteStorage()
            var right = ByteStorage()
            Array(one.utf8).withUnsafeBytes { StoreKey.writeNumber($0, to: &left) }
            Array(other.utf8).withUnsafeBytes { StoreKey.writeNumber($0, to: &right) }
            let (leftBytes, rightBytes) = (Array(left.bytes), Array(right.bytes))
            #expect(leftBytes == rightBytes)
        }
    }

    @Test func `blocks do not overlap and are used again`() {
        var heap = RecordHeap()
        var generator = SeededGenerator(seed: 9)
        var live: [(record: Record, fill: UInt8, count: Int)] = []
        for step in 0..<20_000 {
            if live.count > 300 {
                let gone = live.remove(at: Int(generator.next() % UInt64(live.count)))
                let bytes = UnsafeRawBufferPointer(
                    start: gone.record.address + Record.headerBytes, count: gone.count)
                #expect(bytes.allSatisfy { $0 == gone.fill }, "step \(step)")
                heap.release(gone.record)
            }
            let power = generator.next() % 18
            let count = Int(generator.next() % (1 << power)) + 1
            let record = heap.allocate(Record.headerBytes + count)
            record.header.pointee = .init(
                keyCount: 0, jsonCount: UInt32(count), size: 0, indexes: 0)
            let fill = UInt8(step & 255)
            memset(record.address + Record.headerBytes, Int32(fill), count)
            live.append((record, fill, count))
        }
        for entry in live {
            let bytes = UnsafeRawBufferPointer(
                start: entry.record.address + Record.headerBytes, count: entry.count)
            #expect(bytes.allSatisfy { $0 == entry.fill })
        }
    }
}
