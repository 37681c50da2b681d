import Arguments
import CommandLine
import Glibc
import System

/// Where a file that is replaced as a whole stands.
struct OutputPlace: Equatable {
    let path: String
    /// Devices and pipes are written to as they are: they can't be replaced.
    let isRegular: Bool

    /// - Throws: for a folder.
    init(_ path: String) throws(CommandFailure) {
        var status = stat()
        let exists = stat(path, &status) == 0
        let kind = exists ? status.st_mode & S_IFMT : S_IFREG
        guard kind != S_IFDIR else { throw CommandFailure(unwritable: path, EISDIR) }
        isRegular = kind == S_IFREG
        // A link stays one: what it points to is replaced.
        let target = exists && isRegular ? realpath(path, nil) : nil
        defer { free(target) }
        self.path = target.map { String(cString: $0) } ?? path
    }

    /// Opens what is written: a new file beside the real one, on the same file system; what is no
    /// file, itself.
    func open(mode: mode_t) throws(CommandFailure) -> (descriptor: Int32, path: String) {
        let path = isRegular ? "\(path).\(getpid()).part" : path
        let flags = isRegular ? O_CREAT | O_EXCL : 0
        var descriptor = NamedPipe.open(path, flags | O_WRONLY | O_CLOEXEC, mode: mode)
        if descriptor < 0, errno == EEXIST, isRegular {
            // Of a dead process that had this one's number, as the first of a container has.
            unlink(path)
            descriptor = Glibc.open(path, flags | O_WRONLY | O_CLOEXEC, mode)
        }
        guard descriptor >= 0 else { throw CommandFailure(unwritable: self.path, errno) }
        return (descriptor, path)
    }
}

/// A file that is written whole, at the end, or not at all.
///
/// That it can be written is found out at once, before the work whose outcome it is to hold.
package struct OutputFile: Equatable, Sendable {
    /// As it was given.
    let path: String
    private let place: OutputPlace

    package init(_ path: String) throws(CommandFailure) {
        self.path = path
        place = try OutputPlace(path)
        let (descriptor, probe) = try place.open(mode: 0o644)
        close(descriptor)
        if place.isRegular { unlink(probe) }
    }

    /// Throws when no file can be made at `path`, before the work that may want to.
    static func checkFolder(of path: String, _ option: String) throws(CommandFailure) {
        var status = stat()
        let isFolder = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        let probe = "\(path).\(getpid()).part"
        let descriptor = isFolder ? -1 : open(probe, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor < 0 else {
            close(descriptor)
            unlink(probe)
            return
        }
        var failure = CommandFailure(unwritable: path, isFolder ? EISDIR : errno)
        failure.message = "\(option): \(failure.message)"
        throw failure
    }

    /// Puts `text` where the file was, in one step; its mode is 0644, less the umask.
    package func write(_ text: String) throws(CommandFailure) {
        let (descriptor, written) = try place.open(mode: 0o644)
        var text = text
        var isWritten = text.withUTF8 {
            OutputStream.writeAll(UnsafeRawBufferPointer($0), to: descriptor)
        }
        if place.isRegular { isWritten = isWritten && fsync(descriptor) == 0 }
        let reason = errno
        close(descriptor)
        guard place.isRegular else {
            if !isWritten { throw CommandFailure(unwritable: place.path, reason) }
            return
        }
        guard isWritten, rename(written, place.path) == 0 else {
            let reason = isWritten ? errno : reason
            unlink(written)
            throw CommandFailure(unwritable: place.path, reason)
        }
    }
}

extension CommandFailure {
    init(unwritable path: String, _ reason: Int32) {
        self.init(
            "cannot write \(path): \(String(cString: strerror(reason)))",
            hints: ["name a file that may be written, in a folder that exists"])
    }
}

/// A file to which lines are appended as they come, by any thread.
package final class LineFile: Sendable {
    private let descriptor: Int32
    private let path: String
    /// Why a line was lost; 0 where none was.
    private let reason = Locked<Int32>(0)

    /// Opens or creates it for its owner alone; what it holds already stays.
    package init(_ path: String) throws(CommandFailure) {
        self.path = path
        descriptor = NamedPipe.open(
            path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode: 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(unwritable: path, errno)
        }
    }

    deinit { close(descriptor) }

    /// One write a line: with O_APPEND, lines of several threads do not mix.
    package func append(_ line: String) {
        var text = line + "\n"
        let isWritten = text.withUTF8 { bytes in
            OutputStream.writeAll(UnsafeRawBufferPointer(bytes), to: descriptor)
        }
        if !isWritten {
            let number = errno
            reason.withLock { $0 = number }
        }
    }

    /// Throws when a line could not be written.
    package func check() throws(CommandFailure) {
        let reason = reason.withLock { $0 }
        if reason != 0 { throw CommandFailure(unwritable: path, reason) }
    }
}
