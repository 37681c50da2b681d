import DynamoModel
import Flow
import JSON
import System

/// Which items were written under which keys: kept with the cursors, so that in the end two that
/// got the same key are found, whatever was stopped and sent again meanwhile.
///
/// Records one behind the other: 12 bytes of the hash of the key as it is written, 8 of the hash of
/// where the item came from, the length of a text, and the text, which is for people.
package struct KeyOrigins: Equatable, Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Most bytes of a text; what is longer is cut.
    private static let textMax = 160
    /// Bytes before the text.
    static let head = 21
    /// Most bytes of a record.
    static let recordMax = head + textMax

    /// - Parameters:
    ///   - origin: what tells where the item came from: the text, and what may follow it.
    ///   - count: bytes of the text.
    mutating func append(key: UInt128, origin: [UInt8], text count: Int) {
        withUnsafeBytes(of: key.littleEndian) { bytes.append(contentsOf: $0[..<12]) }
        let hash = UInt64(truncatingIfNeeded: origin.withUnsafeBytes { Self.sipHash.hash($0) })
        withUnsafeBytes(of: hash.littleEndian) { bytes.append(contentsOf: $0) }
        let count = min(count, Self.textMax)
        bytes.append(UInt8(count))
        bytes += origin[..<count]
    }

    mutating func append(_ records: ArraySlice<UInt8>) { bytes += records }

    /// The same in every process.
    static let hashKey = DigestKey(bytes: Array("dynaferry origin".utf8))
    private static let sipHash = SipHash(key: hashKey.words)
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
    private let comeAgain: Bool

    /// - Parameters:
    ///   - source: keys of the items as they come.
    ///   - target: and as they are written.
    ///   - key: hashes keys that must not appear in reports; nil: they may.
    ///   - comeAgain: items of one key may come in several lines.
    package init(
        from source: KeySchema, to target: KeySchema, hiddenBy key: SecretKey?,
        comeAgain: Bool = false
    ) {
        self.source = source
        self.comeAgain = comeAgain
        self.key = key
        digester = ItemDigester(schema: target, key: KeyOrigins.hashKey)
    }

    package func growth(items: Int) -> Int {
        items * (KeyOrigins.recordMax + MemoryLayout<Int>.stride)
    }

    package func apply(to page: inout Page) throws(FlowFailure) {
        var made = PageOrigins()
        let lines = page.made(PageLines.self)
        var (origin, position): ([UInt8], Int) = ([], 0)
        do throws(JSONError) {
            for item in page.items.indices {
                if page.isToBeWritten(item) {
                    let hash = try digester.keyHash(page.written(item), in: page.buffer.bytes)
                    let read = page.read(item)
                    position =
                        item > 0 && page.origin(of: item - 1) == read.number ? position + 1 : 0
                    origin.removeAll(keepingCapacity: true)
                    if let lines, !comeAgain {
                        lines.place(of: read.number).write(to: &origin)
                    } else {
                        origin += shown(try read.slice.key(in: page.buffer.bytes, schema: source))
                    }
                    let count = origin.count
                    // Distinguishes items that were made of one.
                    if position > 0 { origin += " \(position)".utf8 }
                    made.records.append(key: hash, origin: origin, text: count)
                }
                made.ends.append(made.records.bytes.count)
            }
        } catch {
            throw FlowFailure(malformed: error, "Scan")
        }
        page.made.append(made)
    }

    /// A key, or its code where it must not be shown: nothing is kept of it otherwise.
    private func shown(_ origin: [UInt8]) -> [UInt8] {
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
