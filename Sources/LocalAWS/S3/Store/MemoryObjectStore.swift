import System

/// Buckets and objects in memory, gone with the server.
final class MemoryObjectStore: ObjectStore, @unchecked Sendable {
    // @unchecked: `all` is touched only under the lock that the protocol demands.

    /// 256 MiB: the bytes of a request are in memory twice until they are an object.
    let objectBytesMax = 256 << 20

    private struct Contents {
        var bucket: Bucket
        /// In their order.
        var keys: [ObjectKey] = []
        var objects: [ObjectKey: StoredObject] = [:]
    }

    private var all: [String: Contents] = [:]

    func buckets() -> [Bucket] { all.values.map(\.bucket) }

    func bucket(named name: String) -> Bucket? { all[name]?.bucket }

    func add(_ bucket: Bucket) { all[bucket.name] = Contents(bucket: bucket) }

    func removeBucket(named name: String) { all[name] = nil }

    func keys(in bucket: String) -> [ObjectKey] { all[bucket]?.keys ?? [] }

    func object(_ key: ObjectKey, in bucket: String) -> StoredObject? { all[bucket]?.objects[key] }

    func content(_ pieces: [UnsafeRawBufferPointer]) -> ObjectContent {
        .memory(pieces.filter { !$0.isEmpty }.map { Array($0) })
    }

    /// The pieces stay where they are.
    func content(
        joining parts: [ObjectContent], _ visit: (UnsafeRawBufferPointer) -> Void
    ) throws(SystemError) -> ObjectContent {
        var pieces: [[UInt8]] = []
        for part in parts {
            try part.forEachPiece { bytes throws(SystemError) in visit(bytes) }
            switch part {
            case .memory(let own): pieces += own
            case .file:
                try part.forEachPiece { bytes throws(SystemError) in pieces.append(Array(bytes)) }
            }
        }
        return .memory(pieces)
    }

    func put(
        _ content: ObjectContent, _ metadata: ObjectMetadata, as key: ObjectKey, in bucket: String
    ) {
        let object = StoredObject(metadata: metadata, content: content)
        let place = place(of: key, in: bucket)
        if all[bucket]?.objects.updateValue(object, forKey: key) == nil {
            all[bucket]?.keys.insert(key, at: place)
        }
    }

    func update(_ metadata: ObjectMetadata, of key: ObjectKey, in bucket: String) {
        all[bucket]?.objects[key]?.metadata = metadata
    }

    func remove(_ key: ObjectKey, in bucket: String) {
        let place = place(of: key, in: bucket)
        if all[bucket]?.objects.removeValue(forKey: key) != nil {
            all[bucket]?.keys.remove(at: place)
        }
    }

    /// Where a key stands, or would.
    private func place(of key: ObjectKey, in bucket: String) -> Int {
        keys(in: bucket).firstPlace { $0 < key }
    }
}

extension [ObjectKey] {
    /// The place of the first key, of keys in their order, that is not among the first.
    func firstPlace(behind isBefore: (ObjectKey) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
