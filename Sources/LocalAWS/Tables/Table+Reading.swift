import DynamoModel
import Glibc
import Pacing
import System

/// What a Scan asks of a table, checked.
struct ScanQuery {
    var segment = HashSegment.whole
    /// The key to go on behind, in the store's spelling.
    var start: (hash: UInt64, key: [UInt8])?
    var limit = Int.max
    var isConsistent = false
    /// False to count only.
    var wantsItems = true
    /// What an item must be like to be in the reply.
    var filter: ItemCondition?
    /// What of it is to be in the reply; nil for all.
    var projection: ItemProjection?
}

/// What a Scan found; the items' bytes have gone to the output.
struct ScanOutcome {
    /// Items read, and those of them that the filter let through.
    var scanned = 0
    var count = 0
    /// In the bytes that the service counts.
    var bytes = 0
    /// The last item's key in DynamoDB JSON, when the page ended before the segment.
    var lastKey: [UInt8]?
    var units = 0.0
}

/// What stood under a key.
struct ItemFound {
    /// What is wanted of the item; nil when there is none.
    var json: [UInt8]?
    /// Of the whole item, in the bytes that the service counts.
    var size = 0
    var units = 0.0
}

extension Table {
    /// Appends the items of one page to `output`, with commas between.
    ///
    /// A page ends when it has read 1 MB or `limit` items; the item that crosses the line is still
    /// in it. It then has a last key even when nothing follows.
    func scan(
        _ query: ScanQuery, into output: inout ByteStorage, now: Instant
    ) throws(ServiceError) -> ScanOutcome {
        let first = query.start?.hash ?? query.segment.firstHash
        try checkReading(hash: first, at: now)
        let lastHash = query.segment.lastHash
        var outcome = ScanOutcome()
        var shares = PartitionShares(partitions: partitionCount)
        let isPlain = query.filter == nil && query.projection == nil
        itemLock.reading {
            var lastRecord: Record?
            store.forEach(from: startPosition(query)) { hash, record in
                guard hash <= lastHash else { return false }
                if isPlain || query.filter?.holds(for: record) ?? true {
                    if query.wantsItems {
                        if outcome.count > 0 { output.append(0x2C) }
                        Self.append(record, query.projection, to: &output)
                    }
                    outcome.count += 1
                }
                outcome.scanned += 1
                outcome.bytes += record.size
                shares.add(record.size, at: hash)
                guard outcome.scanned < query.limit, outcome.bytes < ServiceLimits.pageBytesMax
                else {
                    lastRecord = record
                    return false
                }
                return true
            }
            outcome.lastKey = lastRecord.map { KeyText.of($0, layout: layout) }
        }
        outcome.units = CapacityUnits.scan(bytes: outcome.bytes, consistent: query.isConsistent)
        accountLock.withLock {
            traffic.itemsRead += outcome.scanned
            for (hash, units) in shares.split(outcome.units, first: first) {
                account.chargeRead(units, hash: hash, at: now)
            }
        }
        return outcome
    }

    private func startPosition(_ query: ScanQuery) -> ItemStore.Position {
        guard let start = query.start else {
            return store.position(from: query.segment.firstHash)
        }
        return start.key.withUnsafeBytes { store.position(after: start.hash, $0) }
    }

    @inline(__always)
    private static func append(
        _ record: Record, _ projection: ItemProjection?, to output: inout ByteStorage
    ) {
        if let projection {
            output.append(array: projection.bytes(of: record))
            return
        }
        let json = record.json
        output.reserve(json.count)
        memcpy(output.tail, json.baseAddress!, json.count)
        output.commit(json.count)
    }

    /// The item of a key; its bytes are copied. Nil, and nothing is charged, when it has more than
    /// `bytesMax` stored bytes.
    func item(
        _ key: EncodedKey, from encoder: borrowing ItemEncoder, isConsistent: Bool,
        projection: ItemProjection?, bytesMax: Int = .max, now: Instant
    ) throws(ServiceError) -> ItemFound? {
        try checkReading(hash: key.hash, at: now)
        let bytes = UnsafeRawBufferPointer(rebasing: encoder.keys.bytes[key.bytes])
        var found = ItemFound()
        itemLock.reading {
            guard let record = store.record(key.hash, bytes) else { return }
            found.size = record.size
            guard record.size <= bytesMax else { return }
            found.json = projection?.bytes(of: record) ?? Array(record.json)
        }
        guard found.size <= bytesMax else { return nil }
        found.units = CapacityUnits.scan(bytes: found.size, consistent: isConsistent)
        accountLock.withLock {
            account.chargeRead(found.units, hash: key.hash, at: now)
            traffic.itemsRead += found.json == nil ? 0 : 1
        }
        return found
    }

    private func checkReading(hash: UInt64, at now: Instant) throws(ServiceError) {
        guard rules.isLimited else { return }
        let refusal = accountLock.withLock { account.refusalOfReading(hash: hash, at: now) }
        guard let refusal else { return }
        throw .throttled([.init(reason: "TableRead\(refusal.rawValue)", resource: arn)])
    }

    /// How many partitions reads are charged to.
    private var partitionCount: Int {
        hasPartitions ? accountLock.withLock { account.partitionCount } : 1
    }
}

/// The bytes of a page by partition; a page goes through partitions in their order.
private struct PartitionShares {
    private let partitions: Int
    /// For each partition visited: where in it the page began to read, and how many bytes.
    private var shares: [(hash: UInt64, bytes: Int)] = []
    private var lastPartition = -1
    private var total = 0

    init(partitions: Int) { self.partitions = partitions }

    @inline(__always)
    mutating func add(_ bytes: Int, at hash: UInt64) {
        guard partitions > 1 else { return }
        total += bytes
        let partition = HashSegment.index(of: hash, total: partitions)
        if partition == lastPartition {
            shares[shares.count - 1].bytes += bytes
        } else {
            shares.append((hash, bytes))
            lastPartition = partition
        }
    }

    /// Splits the page's units by bytes; all go to where it began when nothing was read.
    func split(_ units: Double, first: UInt64) -> [(hash: UInt64, units: Double)] {
        guard shares.count > 1, total > 0 else { return [(shares.first?.hash ?? first, units)] }
        var left = units
        var parts: [(hash: UInt64, units: Double)] = []
        for (place, share) in shares.enumerated() {
            let isLast = place == shares.count - 1
            let part = isLast ? left : units * Double(share.bytes) / Double(total)
            left -= part
            parts.append((share.hash, part))
        }
        return parts
    }
}

/// The key of a stored item in DynamoDB JSON.
enum KeyText {
    static func of(_ record: Record, layout: TableLayout) -> [UInt8] {
        var reader = WireReader(record.json)
        var values: [[UInt8]] = Array(repeating: [], count: layout.keyCount)
        // The item was checked when it was stored: there is nothing to throw.
        try? reader.members { (reader, name) throws(ServiceError) in
            let value = try reader.skipValue()
            guard let position = layout.position(of: name), position < layout.keyCount else {
                return
            }
            values[position] = [0x22] + Array(name.raw) + [0x22, 0x3A] + Array(value)
        }
        var text: [UInt8] = [0x7B]
        for (place, value) in values.enumerated() {
            if place > 0 { text.append(0x2C) }
            text += value
        }
        return text + [0x7D]
    }
}
