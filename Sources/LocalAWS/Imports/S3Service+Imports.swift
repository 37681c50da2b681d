import System

/// Objects for those who read them without a request of their own.
extension S3Service {
    /// The objects that an import reads, in the order of their keys.
    func objects(of source: InputSource) throws(S3Error) -> [(key: ObjectKey, ObjectContent)] {
        guard source.owner ?? Tables.account == Tables.account else { throw .accessDenied }
        return try stored { store in
            guard try store.bucket(named: source.bucket) != nil else {
                throw S3Error.noSuchBucket(source.bucket)
            }
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

    /// All bytes of an object.
    func bytes(of content: ObjectContent) throws(S3Error) -> ByteBuffer {
        try aside { _ in
            let buffer = ByteBuffer(capacity: content.count)
            try content.forEachPiece { buffer.append($0) }
            return buffer
        }
    }
}
