import DynamoModel
import Pacing
import System

/// What stood under a key.
struct ItemFound {
    /// What is wanted of the item; nil when there is none.
    var json: [UInt8]?
    /// Of the whole item, in the bytes that the service counts.
    var size = 0
    var units = 0.0
}

extension Table {
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
}
