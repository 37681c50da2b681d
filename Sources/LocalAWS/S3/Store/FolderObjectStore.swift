import Glibc
import HTTPServer
import System

/// Buckets and objects in a folder: a bucket is a folder in it, an object a file with the object's
/// bytes (``KeyPath`` says which). Whoever may read the folder can read the objects, and a file
/// that somebody else puts there is an object too.
///
/// What is known of objects besides their bytes lies in `.s3`, which is no bucket's name:
///
/// | file | contents |
/// |---|---|
/// | `.s3/lock` | held by the server that uses the folder |
/// | `.s3/aside/` | what is being written; emptied at the start |
/// | `.s3/buckets/NAME/bucket.json` | region and time |
/// | `.s3/buckets/NAME/objects/HASH.json` | an ``ObjectRecord``, by the SHA-256 of the key |
///
/// The folder is looked at anew for each request; nothing is remembered but what is in it.
final class FolderObjectStore: ObjectStore, @unchecked Sendable {
    // @unchecked: `asideCount` is guarded by its lock, the rest never changes.

    /// 1 GiB: the body of a request, or of a reply, is in memory once.
    let objectBytesMax = 1 << 30

    private let root: FolderHandle
    private let aside: FolderHandle
    private let records: FolderHandle
    private let lock: FileLock
    private let asideCount = Locked(0)
    private let region: String

    /// Takes a folder, which is made when there is none.
    /// - Parameter region: of buckets that somebody else made.
    init(_ path: String, region: String) throws(ServerError) {
        self.region = region
        do throws(SystemError) {
            if mkdir(path, 0o755) != 0, errno != EEXIST {
                throw SystemError("cannot make the folder \(path)", code: errno)
            }
            root = try FolderHandle.open(path)
            let own = try root.makeFolder(".s3")
            guard let lock = try FileLock.take("\(path)/.s3/lock") else {
                throw SystemError(
                    "cannot use \(path)", reason: "another server has it", code: EWOULDBLOCK)
            }
            self.lock = lock
            try own.removeTree("aside")
            aside = try own.makeFolder("aside")
            records = try own.makeFolder("buckets")
        } catch {
            throw ServerError("\(error)", hint: "--s3-dir takes a folder that can be written")
        }
    }

    // MARK: Buckets

    func buckets() throws(SystemError) -> [Bucket] {
        var buckets: [Bucket] = []
        for entry in try root.entries() where entry.isFolder && BucketName.isValid(entry.name) {
            if let bucket = try bucket(named: entry.name) { buckets.append(bucket) }
        }
        return buckets
    }

    /// A folder that somebody else made is a bucket too.
    func bucket(named name: String) throws(SystemError) -> Bucket? {
        guard BucketName.isValid(name), let status = root.status(name), status.isFolder else {
            return nil
        }
        if let record = try records.folder(name)?.text("bucket.json") {
            if let bucket = Bucket(record: record, name: name) { return bucket }
        }
        return Bucket(name: name, region: region, created: status.modified / 1_000_000_000)
    }

    func add(_ bucket: Bucket) throws(SystemError) {
        let folder = try records.makeFolder(bucket.name)
        try replace("bucket.json", in: folder, bucket.record.bytes)
        _ = try root.makeFolder(bucket.name)
    }

    func removeBucket(named name: String) throws(SystemError) {
        guard root.removeFolder(name) else {
            throw SystemError("cannot remove the folder \(name)", code: errno)
        }
        try records.removeTree(name)
    }

    // MARK: Objects

    func keys(in bucket: String) throws(SystemError) -> [ObjectKey] {
        var keys: [ObjectKey] = []
        // Each folder is opened from the first one on: a deep one costs no more descriptors.
        var waiting: [[String]] = [[]]
        while let folders = waiting.popLast() {
            guard let folder = try folder(folders, in: bucket) else { continue }
            for entry in try folder.entries() {
                if entry.isFolder {
                    waiting.append(folders + [entry.name])
                } else if let key = KeyPath.key(folders: folders, file: entry.name) {
                    keys.append(key)
                }
            }
        }
        keys.sort()
        // A file may stand there by both its names, when somebody else put one of them.
        return keys.indices.filter { $0 == 0 || keys[$0 - 1] != keys[$0] }.map { keys[$0] }
    }

    func object(_ key: ObjectKey, in bucket: String) throws(SystemError) -> StoredObject? {
        guard let (folder, name) = try place(of: key, in: bucket),
            let file = try folder.open(name)
        else { return nil }
        let content = ObjectContent.file(file)
        if let record = try record(of: key, in: bucket), record.describes(file.status, key) {
            return StoredObject(metadata: record.metadata, content: content)
        }
        // Somebody else's file: its MD5 is computed once.
        let md5 = RunningDigest(.md5)
        try content.forEachPiece { bytes throws(SystemError) in md5.add(bytes) }
        let metadata = ObjectMetadata(
            size: file.count, etag: Hex.text(md5.finish()),
            modified: file.status.modified / 1_000_000_000, headers: ObjectHeaders.usual)
        try write(ObjectRecord(key: key, metadata: metadata, file: file.status), in: bucket)
        return StoredObject(metadata: metadata, content: content)
    }

    func put(
        _ content: ObjectContent, _ metadata: ObjectMetadata, as key: ObjectKey, in bucket: String
    ) throws(SystemError) {
        guard case .file(let file) = content, let written = file.asideName else {
            let own = try self.content(joining: [content]) { _ in }
            return try put(own, metadata, as: key, in: bucket)
        }
        let path = KeyPath(key)
        var folder = try bucketFolder(bucket)
        for name in path.folders { folder = try Self.makeWay(name, in: folder) }
        try aside.rename(written, to: folder, Self.fileName(path.file, in: folder))
        try write(ObjectRecord(key: key, metadata: metadata, file: file.status), in: bucket)
    }

    func update(
        _ metadata: ObjectMetadata, of key: ObjectKey, in bucket: String
    ) throws(SystemError) {
        guard let (folder, name) = try place(of: key, in: bucket),
            let status = folder.status(name)
        else { return }
        try write(ObjectRecord(key: key, metadata: metadata, file: status), in: bucket)
    }

    /// Removes the folders too that hold nothing any more.
    func remove(_ key: ObjectKey, in bucket: String) throws(SystemError) {
        guard let (folder, name) = try place(of: key, in: bucket) else { return }
        folder.removeFile(name)
        try records.folder(bucket)?.folder("objects")?.removeFile(ObjectRecord.name(of: key))
        var folders = KeyPath(key).folders
        while let last = folders.popLast(), let parent = try self.folder(folders, in: bucket),
            parent.removeFolder(last)
        {}
    }

    // MARK: Contents

    func content(_ pieces: [UnsafeRawBufferPointer]) throws(SystemError) -> ObjectContent {
        let (file, output) = try makeAside()
        for piece in pieces { try output.write(piece) }
        return try content(of: file)
    }

    func content(
        joining parts: [ObjectContent], _ visit: (UnsafeRawBufferPointer) -> Void
    ) throws(SystemError) -> ObjectContent {
        let (file, output) = try makeAside()
        for part in parts {
            try part.forEachPiece { bytes throws(SystemError) in
                visit(bytes)
                try output.write(bytes)
            }
        }
        return try content(of: file)
    }

    private func makeAside() throws(SystemError) -> (AsideFile, OutputFile) {
        let number = asideCount.withLock { count in
            count += 1
            return count
        }
        let output = try aside.make("\(number)")
        return (AsideFile("\(number)", in: aside), output)
    }

    private func content(of file: AsideFile) throws(SystemError) -> ObjectContent {
        guard let content = try aside.open(file.name, aside: file) else {
            throw SystemError("cannot read what was written aside", code: ENOENT)
        }
        return .file(content)
    }

    // MARK: Places

    private func bucketFolder(_ name: String) throws(SystemError) -> FolderHandle {
        guard let folder = try root.folder(name) else {
            throw SystemError("cannot open the folder of the bucket \(name)", code: ENOENT)
        }
        return folder
    }

    private func folder(
        _ names: [String], in bucket: String
    ) throws(SystemError) -> FolderHandle? {
        var folder = try root.folder(bucket)
        for name in names { folder = try folder?.folder(name) }
        return folder
    }

    /// Where the file of an object lies; nil when there is none.
    private func place(
        of key: ObjectKey, in bucket: String
    ) throws(SystemError) -> (folder: FolderHandle, name: String)? {
        let path = KeyPath(key)
        guard let folder = try folder(path.folders, in: bucket) else { return nil }
        let names = [path.file, path.file + KeyPath.fileMark]
        return names.first { folder.status($0)?.isFile == true }.map { (folder, $0) }
    }

    /// A folder, made if need be: a file that has its name gets out of the way.
    private static func makeWay(
        _ name: String, in folder: FolderHandle
    ) throws(SystemError) -> FolderHandle {
        if folder.status(name)?.isFile == true {
            try folder.rename(name, to: folder, name + KeyPath.fileMark)
        }
        return try folder.makeFolder(name)
    }

    /// The name that a file has or will have beside the others.
    private static func fileName(_ name: String, in folder: FolderHandle) -> String {
        let marked = name + KeyPath.fileMark
        guard let status = folder.status(name) else {
            return folder.status(marked) == nil ? name : marked
        }
        return status.isFolder ? marked : name
    }

    // MARK: Records

    private func record(
        of key: ObjectKey, in bucket: String
    ) throws(SystemError) -> ObjectRecord? {
        let folder = try records.folder(bucket)?.folder("objects")
        return try folder?.text(ObjectRecord.name(of: key)).flatMap { ObjectRecord($0) }
    }

    private func write(_ record: ObjectRecord, in bucket: String) throws(SystemError) {
        let folder = try records.makeFolder(bucket).makeFolder("objects")
        try replace(ObjectRecord.name(of: record.key), in: folder, record.json.bytes)
    }

    private func replace(
        _ name: String, in folder: FolderHandle, _ bytes: [UInt8]
    ) throws(SystemError) {
        let (file, output) = try makeAside()
        try bytes.writeAll(to: output)
        try aside.rename(file.name, to: folder, name)
    }
}

extension [UInt8] {
    fileprivate func writeAll(to output: OutputFile) throws(SystemError) {
        var storage = ByteStorage(capacity: count)
        storage.append(array: self)
        try output.write(storage.bytes)
    }
}

extension FolderHandle {
    private static let textBytesMax = 64 * 1024

    /// The bytes of a short file; nil when there is none, or it is longer than any of ours.
    fileprivate func text(_ name: String) throws(SystemError) -> [UInt8]? {
        guard let file = try open(name), file.count <= Self.textBytesMax else { return nil }
        var storage = ByteStorage(capacity: file.count)
        try file.append(0..<file.count, to: &storage)
        return Array(storage.bytes)
    }
}
