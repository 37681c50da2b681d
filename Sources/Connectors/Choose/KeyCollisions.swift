import Flow
import JSON
import System

/// Items that got the same key, though they came from different places.
package struct KeyCollisions: Equatable, Sendable {
    /// How many keys there are that more than one item came to.
    package private(set) var count = 0
    /// Of the first of them, what two items were.
    package private(set) var examples: [[String]] = []

    package init() {}

    /// With other words for what the items were.
    package func described(_ words: (String) -> String) -> KeyCollisions {
        var other = self
        other.examples = examples.map { $0.map(words) }
        return other
    }

    package var json: JSON {
        [
            "count": JSON(count),
            "examples": .array(examples.map { .array($0.map { .string($0) }) }),
        ]
    }

    /// What was kept of it; nil for anything else.
    package init?(json: JSON?) {
        guard let count = json?["count"]?.int(in: 0 ... .max) else { return nil }
        self.count = count
        examples = (json?["examples"]?.array ?? []).map { example in
            (example.array ?? []).compactMap(\.string)
        }
    }
}

/// Looks for collisions in what was kept of a table, in bounded memory: what memory does not hold
/// at once is divided by its keys, on disk.
package struct CollisionSearch {
    /// What was kept behind a number, and its own; nil at the end.
    package typealias Next =
        (_ after: Int) throws(JobError) -> (number: Int, bytes: [UInt8])?

    private let next: Next
    private let folder: String
    private let parts: Int
    /// Records that there are, at most.
    private let recordsMax: Int

    /// What a record takes in memory when it is looked at, about.
    private static let recordMemory = 64
    private static let partsMax = 256
    private static let examplesMax = 10

    /// - Parameters:
    ///   - bytes: of all that was kept.
    ///   - bytesMax: that may be taken in memory.
    ///   - folder: for what memory does not hold.
    package init(bytes: Int, bytesMax: Int, folder: String, _ next: @escaping Next) {
        self.next = next
        self.folder = folder
        recordsMax = bytes / KeyOrigins.head
        let memory = recordsMax * Self.recordMemory
        parts = min(Self.partsMax, max(1, memory / max(1, bytesMax)))
    }

    private struct Record {
        var key: UInt128
        var origin: UInt64
        /// Valid during the call that it is given to.
        var text: Slice<UnsafeRawBufferPointer>
    }

    package func run() throws(JobError) -> KeyCollisions {
        let keys = try parts == 1 ? keysAtOnce() : keysInParts()
        guard keys.count > 0 else { return KeyCollisions() }
        return try KeyCollisions(keys.count, examples(of: keys.first))
    }

    /// Keys that more than one item came to.
    private struct Found {
        var count = 0
        var first: [UInt128] = []
        private var seen: [(key: UInt128, origin: UInt64)] = []

        mutating func reserve(_ count: Int) { seen.reserveCapacity(count) }

        mutating func add(_ key: UInt128, from origin: UInt64) { seen.append((key, origin)) }

        /// Looks at all that was added, and forgets it.
        mutating func look() {
            seen.sort { $0.key < $1.key }
            var place = 0
            while place < seen.count {
                let (key, origin) = seen[place]
                let start = place
                while place < seen.count, seen[place].key == key { place += 1 }
                guard seen[start..<place].contains(where: { $0.origin != origin }) else { continue }
                count += 1
                if first.count < CollisionSearch.examplesMax { first.append(key) }
            }
            seen.removeAll(keepingCapacity: true)
        }
    }

    private func keysAtOnce() throws(JobError) -> Found {
        var found = Found()
        found.reserve(recordsMax)
        try read { found.add($0.key, from: $0.origin) }
        found.look()
        return found
    }

    /// Divides all records by their keys, and looks at one part after the other.
    private func keysInParts() throws(JobError) -> Found {
        do {
            let spool = try Spool(inFolder: folder)
            var buffers = [[UInt8]](repeating: [], count: parts)
            var blocks = [[Spool.Block]](repeating: [], count: parts)
            func flush(_ part: Int) throws(SystemError) {
                blocks[part].append(try spool.add(buffers[part]))
                buffers[part].removeAll(keepingCapacity: true)
            }
            var failure: SystemError?
            try read { record in
                let part = Int(truncatingIfNeeded: record.key % UInt128(parts))
                withUnsafeBytes(of: record.key.littleEndian) {
                    buffers[part].append(contentsOf: $0[..<12])
                }
                withUnsafeBytes(of: record.origin.littleEndian) {
                    buffers[part].append(contentsOf: $0[..<8])
                }
                guard buffers[part].count >= Self.bufferBytes, failure == nil else { return }
                do throws(SystemError) { try flush(part) } catch { failure = error }
            }
            if let failure { throw failure }
            for part in 0..<parts where !buffers[part].isEmpty { try flush(part) }
            return try found(in: blocks, of: spool)
        } catch let error as JobError {
            throw error
        } catch {
            throw JobError(
                "cannot check whether items got the same key: \(error)",
                hint: "make room in \(folder), or set TMPDIR to another folder")
        }
    }

    private static let bufferBytes = 8_000

    private func found(in parts: [[Spool.Block]], of spool: Spool) throws -> Found {
        var found = Found()
        for blocks in parts {
            for block in blocks {
                let buffer = ByteBuffer()
                guard spool.read(block, into: buffer) else {
                    throw JobError("what was kept on disk can't be read back")
                }
                let bytes = buffer.bytes
                for place in stride(from: 0, to: bytes.count, by: 20) {
                    found.add(Self.key(bytes, at: place), from: Self.origin(bytes, at: place))
                }
            }
            found.look()
        }
        return found
    }

    /// What two items of each of these keys were.
    private func examples(of keys: [UInt128]) throws(JobError) -> [[String]] {
        var items: [UInt128: [UInt64: [UInt8]]] = [:]
        let wanted = Set(keys)
        try read { record in
            guard wanted.contains(record.key), items[record.key, default: [:]].count < 2 else {
                return
            }
            items[record.key, default: [:]][record.origin] = Array(record.text)
        }
        return keys.map { key in
            (items[key] ?? [:]).values.map { String(decoding: $0, as: UTF8.self) }.sorted()
        }
    }

    private func read(_ body: (Record) -> Void) throws(JobError) {
        var number = 0
        while let part = try next(number) {
            number = part.number
            let isWhole = part.bytes.withUnsafeBytes { bytes in
                var place = 0
                while place < bytes.count {
                    let text = place + KeyOrigins.head
                    guard text <= bytes.count, text + Int(bytes[text - 1]) <= bytes.count else {
                        return false
                    }
                    let end = text + Int(bytes[text - 1])
                    body(
                        Record(
                            key: Self.key(bytes, at: place), origin: Self.origin(bytes, at: place),
                            text: bytes[text..<end]))
                    place = end
                }
                return true
            }
            guard isWhole else {
                throw JobError("what was kept of the items' keys is damaged", isDamage: true)
            }
        }
    }

    private static func key(_ bytes: UnsafeRawBufferPointer, at place: Int) -> UInt128 {
        let low = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
        let high = bytes.loadUnaligned(fromByteOffset: place + 8, as: UInt32.self)
        return UInt128(high.littleEndian) << 64 | UInt128(low.littleEndian)
    }

    private static func origin(_ bytes: UnsafeRawBufferPointer, at place: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: place + 12, as: UInt64.self).littleEndian
    }
}

extension KeyCollisions {
    fileprivate init(_ count: Int, _ examples: [[String]]) {
        self.count = count
        self.examples = examples
    }
}

extension Spool {
    fileprivate func add(_ bytes: [UInt8]) throws(SystemError) -> Block {
        try bytes.withUnsafeBytes { buffer in
            Result { () throws(SystemError) in try add(buffer) }
        }.get()
    }
}
