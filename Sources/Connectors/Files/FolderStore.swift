import Dispatch
import Flow
import Glibc
import System

/// Files of a folder of this machine. A file is written without a name, synced, and then named, and
/// its folder is synced after that: what was answered stays when the power fails, and of a process
/// that dies half-way nothing is left (open(2), O_TMPFILE; linkat(2); fsync(2)).
package final class FolderStore: WritableFileStore {
    package let title: String
    package let landsWithin = Duration.zero
    package let pieceBytes = 64 << 10
    /// Ends with `/`.
    private let root: String
    /// Disks keep their callers waiting: several may.
    private let queues = WorkerQueues("files", count: 8)

    /// What a file is called while it is written, where the file system has none without a name.
    package static let asideSuffix = ".dynaferry-part"

    /// - Parameter path: as it was named; it need not be there.
    package init(_ path: String) {
        root = path.hasSuffix("/") ? path : path + "/"
        title = root
    }

    /// Whether a path is that of a file.
    package static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// The file that stands where this folder, or one that it lies in, has to be.
    package var fileInTheWay: String? { NewFolder.fileInTheWay(of: root) }

    // MARK: Reading

    package func list(_ prefix: String, _ done: @escaping Done<[FileEntry]>) {
        queues.next().async { [self] in
            do throws(FlowFailure) {
                var found: [FileEntry] = []
                // Names below the last folder that the prefix names in full.
                let folder = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
                try collect(folder, prefix, depth: 0, into: &found)
                found.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
                done(.success(found))
            } catch {
                done(.failure(error))
            }
        }
    }

    private static let depthMax = 64

    private func collect(
        _ folder: String, _ prefix: String, depth: Int, into found: inout [FileEntry]
    ) throws(FlowFailure) {
        guard depth <= Self.depthMax else {
            throw FlowFailure(
                .giveUp, code: "TooDeep", message: "\(title(of: folder)) lies too deep")
        }
        guard let directory = opendir(root + folder) else {
            if errno == ENOENT { return }
            throw failure("cannot list \(title(of: folder))", errno)
        }
        defer { closedir(directory) }
        while let entry = Glibc.readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name == "." || name == ".." { continue }
            let path = folder + name
            var status = stat()
            // What was removed meanwhile is not there.
            guard stat(root + path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                try collect(path + "/", prefix, depth: depth + 1, into: &found)
            case S_IFREG where path.hasPrefix(prefix):
                found.append(FileEntry(name: path, bytes: Int(status.st_size)))
            default: break
            }
        }
    }

    package func read(
        _ name: String, _ range: Range<Int>, version: String?, into buffer: ByteBuffer,
        _ done: @escaping Done<FilePart>
    ) {
        queues.next().async { [self] in
            done(
                Result { () throws(FlowFailure) in
                    try read(name, range, version: version, into: buffer)
                })
        }
    }

    private func read(
        _ name: String, _ range: Range<Int>, version: String?, into buffer: ByteBuffer
    ) throws(FlowFailure) -> FilePart {
        let file = title(of: name)
        let descriptor = NamedPipe.open(root + name, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot read \(file)", errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot read \(file)", errno) }
        let part = FilePart(fileBytes: Int(status.st_size), version: Self.version(status))
        guard version == nil || version == part.version else {
            throw FlowFailure(
                .giveUp, code: "FileChanged", message: "\(file) has changed while it was read",
                hint: "run it again once nothing writes there")
        }
        var offset = range.lowerBound
        let end = min(range.upperBound, Int(status.st_size))
        while offset < end {
            var count = 0
            buffer.append(room: min(end - offset, Self.readBytes)) {
                count = pread(descriptor, $0.baseAddress, $0.count, offset)
                return max(count, 0)
            }
            if count > 0 {
                offset += count
            } else if count == 0 || errno != EINTR {
                throw failure("cannot read \(file)", count == 0 ? EIO : errno)
            }
        }
        return part
    }

    private static let readBytes = 1 << 20

    private static func version(_ status: stat) -> String {
        let time = status.st_mtim
        return "\(status.st_ino)-\(status.st_size)-\(time.tv_sec).\(time.tv_nsec)"
    }

    // MARK: Writing

    package func write(
        _ name: String, _ bytes: ByteBuffer, _ condition: FileCondition,
        _ done: @escaping Done<FileWritten>
    ) {
        queues.next().async { [self] in
            done(
                Result { () throws(FlowFailure) in
                    try write(name, bytes.bytes, condition)
                })
        }
    }

    private func write(
        _ name: String, _ bytes: UnsafeRawBufferPointer, _ condition: FileCondition
    ) throws(FlowFailure) -> FileWritten {
        let (path, file) = (root + name, title(of: name))
        let folder = String(path[...(path.lastIndex(of: "/") ?? path.startIndex)])
        do throws(SystemError) {
            try NewFolder.make(folder)
            let isNew = try NewFile(path, in: folder, called: file).write(
                bytes, replaces: condition == .replaces)
            guard isNew else { return .wasThere }
            try NewFolder.sync(folder)
            return .written(etag: nil)
        } catch {
            throw FlowFailure(file: error)
        }
    }

    package func remove(_ name: String, _ done: @escaping Done<Void>) {
        queues.next().async { [self] in
            guard unlink(root + name) == 0 || errno == ENOENT else {
                return done(.failure(failure("cannot remove \(title(of: name))", errno)))
            }
            done(.success(()))
        }
    }

    private func failure(_ attempt: String, _ code: Int32) -> FlowFailure {
        FlowFailure(file: SystemError(attempt, code: code))
    }
}

/// A file that is to be there whole, or not at all.
private struct NewFile {
    let path: String
    let folder: String
    /// For people.
    let title: String

    init(_ path: String, in folder: String, called title: String) {
        self.path = path
        self.folder = folder
        self.title = title
    }

    private var aside: String { path + FolderStore.asideSuffix }

    /// - Returns: false where one of its name was there and is to stay.
    func write(_ bytes: UnsafeRawBufferPointer, replaces: Bool) throws(SystemError) -> Bool {
        let nameless = open(folder, O_WRONLY | Self.temporary | O_CLOEXEC, 0o666)
        if nameless >= 0 {
            defer { close(nameless) }
            try fill(nameless, bytes)
            // Without /proc a file can't be given a name so.
            let given = linkat(
                AT_FDCWD, "/proc/self/fd/\(nameless)", AT_FDCWD, path, AT_SYMLINK_FOLLOW)
            if given == 0 { return true }
            if errno == EEXIST, !replaces { return false }
            guard errno == EEXIST || errno == ENOENT else { throw failure(errno) }
        }
        return try writeAside(bytes, replaces: replaces)
    }

    /// `O_TMPFILE`, which is a macro of two flags.
    private static let temporary: Int32 = 0o20_000_000 | O_DIRECTORY

    private func writeAside(
        _ bytes: UnsafeRawBufferPointer, replaces: Bool
    ) throws(SystemError) -> Bool {
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(errno) }
        var isDone = false
        defer { if !isDone { unlink(aside) } }
        do {
            defer { close(descriptor) }
            try fill(descriptor, bytes)
        }
        if replaces {
            guard rename(aside, path) == 0 else { throw failure(errno) }
            isDone = true
            return true
        }
        // A link, unlike a rename, replaces nothing.
        if link(aside, path) == 0 { return true }
        if errno == EEXIST { return false }
        throw failure(errno)
    }

    private func fill(
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer
    ) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                throw failure(count == 0 ? ENOSPC : errno)
            }
        }
        guard fsync(descriptor) == 0 else { throw failure(errno) }
    }

    private func failure(_ code: Int32) -> SystemError {
        SystemError("cannot write \(title)", code: code)
    }
}

/// Folders that files are to be written into.
enum NewFolder {
    /// The file that stands where a folder has to be, if there is one.
    static func fileInTheWay(of path: String) -> String? {
        var path = path[...]
        while !path.isEmpty {
            while path.count > 1, path.hasSuffix("/") { path.removeLast() }
            var status = stat()
            if stat(String(path), &status) == 0 {
                return status.st_mode & S_IFMT == S_IFDIR ? nil : String(path)
            }
            path = path.lastIndex(of: "/").map { path[..<$0] } ?? ""
        }
        return nil
    }

    /// Makes a folder and those that it lies in, as far as they are not there.
    static func make(_ path: String) throws(SystemError) {
        if mkdir(path, 0o777) == 0 || errno == EEXIST { return try check(path) }
        let parent = path.hasSuffix("/") ? String(path.dropLast()) : path
        guard errno == ENOENT, let slash = parent.lastIndex(of: "/"), slash > parent.startIndex
        else { throw SystemError("cannot make the folder \(path)", code: errno) }
        try make(String(parent[..<slash]))
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
            throw SystemError("cannot make the folder \(path)", code: errno)
        }
        try sync(String(parent[...slash]))
    }

    private static func check(_ path: String) throws(SystemError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw SystemError("cannot look at \(path)", code: errno)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw SystemError("cannot make the folder \(path)", code: ENOTDIR)
        }
    }

    /// Names in a folder are durable once it is synced.
    static func sync(_ path: String) throws(SystemError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("cannot open \(path)", code: errno) }
        defer { close(descriptor) }
        // Some file systems can't sync folders (EINVAL), and need not.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw SystemError("cannot sync \(path)", code: errno)
        }
    }
}

extension FlowFailure {
    /// What the system says of a file it mostly says again: only a limit on open files is worth
    /// waiting for.
    package init(file error: SystemError) {
        self.init(
            error.code == EMFILE || error.code == ENFILE ? .retry : .giveUp, code: "File",
            message: error.description, hint: Self.hint(error.code))
    }

    private static func hint(_ code: Int32) -> String? {
        switch code {
        case ENOSPC, EDQUOT: "make room there, then run the same command: it resumes"
        case EACCES, EPERM, EROFS: "check its owner and its mode, or name another folder"
        case ENOTDIR: "name a folder: what stands there is a file"
        default: nil
        }
    }
}
