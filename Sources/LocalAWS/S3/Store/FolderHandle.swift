import Glibc
import System

/// An open folder, and what can be done inside of it by names.
///
/// Nothing here follows a symbolic link or takes a path: whoever goes from folder to folder by
/// these methods never leaves the one that it began with. The corresponding C functions are
/// `openat`, `mkdirat`, `fstatat`, `renameat` and `unlinkat`.
final class FolderHandle: Sendable {
    let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    private static let folderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC

    /// Opens the folder at a path that a user gave.
    static func open(_ path: String) throws(SystemError) -> FolderHandle {
        let descriptor = Glibc.open(path, folderFlags)
        guard descriptor >= 0 else { throw SystemError("cannot open \(path)", code: errno) }
        return FolderHandle(descriptor: descriptor)
    }

    // MARK: Folders

    /// A folder in this one; nil when there is none of this name.
    func folder(_ name: String) throws(SystemError) -> FolderHandle? {
        let descriptor = openat(self.descriptor, name, Self.folderFlags | O_NOFOLLOW)
        if descriptor >= 0 { return FolderHandle(descriptor: descriptor) }
        if errno == ENOENT || errno == ENOTDIR || errno == ELOOP { return nil }
        throw SystemError("cannot open the folder \(name)", code: errno)
    }

    /// A folder in this one, made if there is none.
    func makeFolder(_ name: String) throws(SystemError) -> FolderHandle {
        if mkdirat(descriptor, name, 0o755) != 0, errno != EEXIST {
            throw SystemError("cannot make the folder \(name)", code: errno)
        }
        guard let folder = try folder(name) else {
            throw SystemError("cannot make the folder \(name)", code: ENOTDIR)
        }
        return folder
    }

    /// Removes a folder; false when it is not empty or not there.
    @discardableResult
    func removeFolder(_ name: String) -> Bool { unlinkat(descriptor, name, AT_REMOVEDIR) == 0 }

    /// Removes a folder and all that is in it.
    func removeTree(_ name: String) throws(SystemError) {
        guard let folder = try folder(name) else { return }
        for entry in try folder.entries() {
            if entry.isFolder {
                try folder.removeTree(entry.name)
            } else {
                folder.removeFile(entry.name)
            }
        }
        removeFolder(name)
    }

    // MARK: What is in it

    struct Entry {
        var name: String
        var isFolder: Bool
    }

    /// Files and folders; what is neither is passed over, and so are names that are no UTF-8.
    func entries() throws(SystemError) -> [Entry] {
        // A descriptor of its own, since closedir closes it and its place in the folder is shared.
        let own = openat(descriptor, ".", Self.folderFlags)
        guard own >= 0, let stream = fdopendir(own) else {
            throw SystemError("cannot list a folder", code: errno)
        }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let name, name != ".", name != "..", let status = status(name) else { continue }
            if status.isFile || status.isFolder {
                entries.append(Entry(name: name, isFolder: status.isFolder))
            }
        }
        return entries
    }

    struct Status: Equatable {
        var isFile: Bool
        var isFolder: Bool
        var size: Int
        /// Nanoseconds since 1970.
        var modified: Int
    }

    /// What there is of this name; nil for nothing.
    func status(_ name: String) -> Status? {
        var status = stat()
        guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        return Status(status)
    }

    // MARK: Files

    /// Opens a file to be read; nil when there is none.
    func open(_ name: String, aside: AsideFile? = nil) throws(SystemError) -> ContentFile? {
        // A named pipe that somebody put there must not hold up the server.
        let descriptor = openat(
            self.descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ELOOP || errno == ENOTDIR { return nil }
            throw SystemError("cannot read \(name)", code: errno)
        }
        return try ContentFile(descriptor: descriptor, aside: aside)
    }

    /// Makes a file that must not be there yet, to be written.
    func make(_ name: String) throws(SystemError) -> OutputFile {
        let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw SystemError("cannot make \(name)", code: errno) }
        return OutputFile(descriptor: file)
    }

    @discardableResult
    func removeFile(_ name: String) -> Bool { unlinkat(descriptor, name, 0) == 0 }

    /// Moves a file, over one that has the name already.
    func rename(_ name: String, to folder: FolderHandle, _ other: String) throws(SystemError) {
        guard renameat(descriptor, name, folder.descriptor, other) == 0 else {
            throw SystemError("cannot move \(name) to \(other)", code: errno)
        }
    }
}

extension FolderHandle.Status {
    init(_ status: stat) {
        let kind = status.st_mode & S_IFMT
        self.init(
            isFile: kind == S_IFREG, isFolder: kind == S_IFDIR, size: Int(status.st_size),
            modified: Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec))
    }
}

/// A file that is being written. Belongs to one thread.
final class OutputFile {
    private let descriptor: Int32

    fileprivate init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                throw SystemError("cannot write a file", code: count == 0 ? ENOSPC : errno)
            }
        }
    }
}

/// An open file whose bytes are some object's. May be read from any thread. The corresponding C
/// function is `pread`.
final class ContentFile: Sendable {
    let count: Int
    let status: FolderHandle.Status
    private let descriptor: Int32
    /// What is to be done with the file when nobody needs it, if it is no object's by then.
    private let aside: AsideFile?

    /// - Parameter descriptor: of the file, which this owns from now on.
    init(descriptor: Int32, aside: AsideFile? = nil) throws(SystemError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, FolderHandle.Status(status).isFile else {
            let number = errno
            close(descriptor)
            throw SystemError("cannot read a file", code: number)
        }
        self.status = FolderHandle.Status(status)
        self.descriptor = descriptor
        self.aside = aside
        count = self.status.size
    }

    deinit { close(descriptor) }

    /// The name that it was written under; nil when it is an object's.
    var asideName: String? { aside?.name }

    /// Appends some of the bytes, or throws when the file has become shorter.
    func append(_ range: Range<Int>, to output: inout ByteStorage) throws(SystemError) {
        output.reserve(range.count)
        var done = 0
        while done < range.count {
            let count = pread(
                descriptor, output.tail, range.count - done, range.lowerBound + done)
            if count > 0 {
                output.commit(count)
                done += count
            } else if count == 0 || errno != EINTR {
                throw SystemError("cannot read a file", code: count == 0 ? ENODATA : errno)
            }
        }
    }
}

/// A file that is written aside, and removed with this object: once it has been moved away, there
/// is none of its name.
final class AsideFile: Sendable {
    let name: String
    private let folder: FolderHandle

    init(_ name: String, in folder: FolderHandle) {
        self.name = name
        self.folder = folder
    }

    deinit { folder.removeFile(name) }
}
