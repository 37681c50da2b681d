import DynamoModel
import Flow
import JSON
import System

/// Which items were written under which keys: kept with the cursors, so that in the end two that
/// came to one key are found, whatever was stopped and sent again meanwhile.
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

    mutating func append(key: UInt128, origin: [UInt8], as text: [UInt8]) {
        withUnsafeBytes(of: key.littleEndian) { bytes.append(contentsOf: $0[..<12]) }
        withUnsafeBytes(of: Self.hash(origin).littleEndian) {
            bytes.append(contentsOf: $0[..<8])
        }
        let told = text.prefix(Self.textMax)
        bytes.append(UInt8(told.count))
        bytes += told
    }

    mutating func append(_ records: ArraySlice<UInt8>) { bytes += records }

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
    ///   - key: hashes keys that must not appear in reports; nil: they may.
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
        var position = 0
        do throws(JSONError) {
            for item in page.items.indices {
                if page.isToBeWritten(item) {
                    let hash = try digester.keyHash(page.written(item), in: page.buffer.bytes)
                    let read = page.read(item)
                    position =
                        item > 0 && page.origin(of: item - 1) == read.number ? position + 1 : 0
                    if let lines {
                        let place = Array(lines.place(of: read.number).text.utf8)
                        made.records.append(
                            key: hash, origin: place + Self.suffix(position), as: place)
                    } else {
                        let told = told(
                            try read.slice.key(in: page.buffer.bytes, schema: source))
                        made.records.append(
                            key: hash, origin: told + Self.suffix(position), as: told)
                    }
                }
                made.ends.append(made.records.bytes.count)
            }
        } catch {
            throw FlowFailure(malformed: error, "Scan")
        }
        page.made.append(made)
    }

    /// Tells items apart that came of one.
    private static func suffix(_ position: Int) -> [UInt8] {
        position == 0 ? [] : Array(" \(position)".utf8)
    }

    /// A key, or its code where it must not be told: nothing is kept of it otherwise.
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
