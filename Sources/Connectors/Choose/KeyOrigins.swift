import DynamoModel
import Flow
import JSON
import System

/// Which items were written under which keys: kept with the cursors, so that in the end two that
/// came to one key are found, whatever was stopped and sent again meanwhile.
///
/// Records of 33 bytes and a text each: the hash of the key as it is written, the hash of where the
/// item came from, the length of the text, and the text, which is for people.
package struct KeyOrigins: Equatable, Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Most bytes of a text; what is longer is cut.
    private static let textMax = 160
    /// Most bytes of a record.
    static let recordMax = 33 + textMax

    mutating func append(key: UInt128, origin: [UInt8], as text: [UInt8]) {
        withUnsafeBytes(of: key.littleEndian) { bytes.append(contentsOf: $0) }
        let hash = Self.hash(origin)
        withUnsafeBytes(of: hash.littleEndian) { bytes.append(contentsOf: $0) }
        let told = text.prefix(Self.textMax)
        bytes.append(UInt8(told.count))
        bytes += told
    }

    mutating func append(_ record: ArraySlice<UInt8>) { bytes += record }

    /// The same in every process.
    static let hashKey = DigestKey(bytes: Array("dynaferry origin".utf8))
    private static func hash(_ bytes: [UInt8]) -> UInt128 {
        bytes.withUnsafeBytes { SipHash(key: hashKey.words).hash($0) }
    }
}

/// The origins of a page's items, made by ``OriginStage`` for ``OriginFold``: one record behind the
/// other, and where each ends.
struct PageOrigins: Sendable {
    var records = KeyOrigins()
    var ends: [Int] = []
}

/// Notes under which key each item is written, and where it comes from.
package final class OriginStage: PageStage, @unchecked Sendable {
    // @unchecked: its flow has one page seen at a time.
    package let isHeavy = true
    private let digester: ItemDigester
    private let source: KeySchema
    private let key: SecretKey?

    /// - Parameters:
    ///   - source: keys of the items as they come.
    ///   - target: and as they are written.
    ///   - key: what keys are told by that must not be told; nil: they may be.
    package init(from source: KeySchema, to target: KeySchema, hiddenBy key: SecretKey?) {
        self.source = source
        self.key = key
        digester = ItemDigester(schema: target, key: KeyOrigins.hashKey)
    }

    package func growth(items: Int) -> Int {
        items * (KeyOrigins.recordMax + MemoryLayout<Int>.stride)
    }

    package func apply(to page: inout Page) throws(FlowFailure) {
        var made = PageOrigins()
        let lines = page.made(PageLines.self)
        do throws(JSONError) {
            for item in page.items.indices {
                if page.isToBeWritten(item) {
                    let hash = try digester.keyHash(page.written(item), in: page.buffer.bytes)
                    if let lines {
                        let line = lines.place(of: item).line + 1
                        let place = Array("\(page.request.partition.name):\(line)".utf8)
                        made.records.append(key: hash, origin: place, as: place)
                    } else {
                        let origin = try page.items[item].key(in: page.buffer.bytes, schema: source)
                        made.records.append(key: hash, origin: origin, as: told(origin))
                    }
                }
                made.ends.append(made.records.bytes.count)
            }
        } catch {
            throw FlowFailure(malformed: error, "Scan")
        }
        page.made.append(made)
    }

    private func told(_ origin: [UInt8]) -> [UInt8] {
        guard let key, let code = try? key.code(of: .string(origin)) else { return origin }
        return Array("a key whose hash is ".utf8) + code
    }
}

/// Collects what ``OriginStage`` has noted of items that are settled.
package final class OriginFold: SettledFold, @unchecked Sendable {
    // @unchecked: touched only on the flow's queue.
    private var settled = KeyOrigins()
    private var pending: [UnitID: KeyOrigins] = [:]

    package init() {}

    package func passed(_ items: Range<Int>, of page: Page, in unit: UnitID?) {
        guard let made = page.made(PageOrigins.self) else {
            preconditionFailure("a page without origins")
        }
        let start = items.lowerBound == 0 ? 0 : made.ends[items.lowerBound - 1]
        let records = made.records.bytes[start..<made.ends[items.upperBound - 1]]
        if let unit {
            pending[unit, default: KeyOrigins()].append(records)
        } else {
            settled.append(records)
        }
    }

    package func sealed(_ unit: UnitID) {
        if let records = pending.removeValue(forKey: unit) { settled.append(records.bytes[...]) }
    }

    /// ``KeyOrigins`` of what has been settled since it was asked for last: what is saved once is
    /// kept.
    package func state(of partitions: [PartitionRecord]) -> any Sendable {
        defer { settled = KeyOrigins() }
        return settled
    }
}

/// Items that came to one key, though they came from different places.
package struct KeyCollisions: Equatable, Sendable {
    /// How many keys there are that more than one item came to.
    package private(set) var count = 0
    /// Of the first of them, what the items were.
    package private(set) var examples: [[String]] = []

    private static let examplesMax = 10

    package init() {}

    /// Looks for them in bounded memory: as many passes over what was kept as it takes.
    /// - Parameters:
    ///   - bytesMax: that records may take in memory.
    ///   - next: what was kept behind this number, and its own; nil at the end.
    package init(
        bytes: Int, bytesMax: Int,
        _ next: (_ after: Int) throws(JobError) -> (number: Int, bytes: [UInt8])?
    ) throws(JobError) {
        // A record in a dictionary takes several times its own bytes.
        let passes = max(1, 4 * bytes / max(1, bytesMax))
        for pass in 0..<passes {
            var found: [UInt128: Record] = [:]
            var number = 0
            while let part = try next(number) {
                number = part.number
                try Self.records(part.bytes) { record in
                    guard Int(record.key % UInt128(passes)) == pass else { return }
                    guard let other = found[record.key] else {
                        found[record.key] = record
                        return
                    }
                    guard other.origin != record.origin, !other.isCounted else { return }
                    found[record.key]?.isCounted = true
                    add(other, record)
                }
            }
        }
    }

    private struct Record {
        var key: UInt128
        var origin: UInt128
        var text: ArraySlice<UInt8>
        var isCounted = false
    }

    private mutating func add(_ one: Record, _ other: Record) {
        count += 1
        guard examples.count < Self.examplesMax else { return }
        examples.append([one, other].map { String(decoding: $0.text, as: UTF8.self) })
    }

    private static func records(
        _ bytes: [UInt8], _ body: (Record) -> Void
    ) throws(JobError) {
        func number(_ place: Int) -> UInt128 {
            bytes[place..<place + 16].reversed().reduce(0) { $0 << 8 | UInt128($1) }
        }
        var place = 0
        while place < bytes.count {
            guard place + 33 <= bytes.count, place + 33 + Int(bytes[place + 32]) <= bytes.count
            else { throw JobError("what was kept of the items' keys is damaged", isDamage: true) }
            let end = place + 33 + Int(bytes[place + 32])
            body(
                Record(
                    key: number(place), origin: number(place + 16), text: bytes[place + 33..<end]))
            place = end
        }
    }
}
