import System

/// Objects for those who read them without a request of their own.
extension S3Service {
    /// The objects that an import reads, in the order of their keys.
    func objects(of source: InputSource) throws(S3Error) -> [(key: ObjectKey, ObjectContent)] {
        _ = try bucket(of: source)
        return try stored { store in
            let prefix = ObjectKey(source.prefix)
            return try store.keys(in: source.bucket).filter { $0.hasPrefix(prefix) }.compactMap {
                guard let object = try store.object($0, in: source.bucket) else { return nil }
                guard !object.metadata.isArchived else {
                    throw S3Error.archived(object.metadata.storageClass)
                }
                return ($0, object.content)
            }
        }
    }

    /// The bucket of a place, which must belong to who it says.
    func bucket(of place: InputSource) throws(S3Error) -> Bucket {
        guard place.owner ?? Tables.account == Tables.account else { throw .accessDenied }
        return try bucket(named: place.bucket)
    }

    /// All bytes of an object.
    func bytes(of content: ObjectContent) throws(S3Error) -> ByteBuffer {
        try aside { _ in
            let buffer = ByteBuffer(capacity: content.count)
            try content.forEachPiece { buffer.append($0) }
            return buffer
        }
    }
}
