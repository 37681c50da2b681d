import CommandLine
import Glibc
import System

/// A file that is written whole, at the end, or not at all.
///
/// That it can be written is found out at once, before the work whose outcome it is to hold.
package struct OutputFile: Sendable {
    private let path: String
    /// Devices and pipes are written to as they are: they can't be replaced.
    private let isRegular: Bool

    package init(_ path: String) throws(CommandFailure) {
        var status = stat()
        let exists = stat(path, &status) == 0
        let kind = exists ? status.st_mode & S_IFMT : S_IFREG
        guard kind != S_IFDIR else { throw Self.failure(path, EISDIR) }
        isRegular = kind == S_IFREG
        // A link stays one: what it points to is replaced.
        let target = exists && isRegular ? realpath(path, nil) : nil
        defer { free(target) }
        self.path = target.map { String(cString: $0) } ?? path
        let (descriptor, probe) = try openForWriting()
        close(descriptor)
        if isRegular { unlink(probe) }
    }

    /// Throws when no file can be made at `path`, before the work that may want to.
    static func checkFolder(of path: String, _ option: String) throws(CommandFailure) {
        let probe = "\(path).\(getpid()).part"
        let descriptor = open(probe, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor < 0 else {
            close(descriptor)
            unlink(probe)
            return
        }
        var failure = Self.failure(path, errno)
        failure.message = "\(option): \(failure.message)"
        throw failure
    }

    /// Puts `text` where the file was, in one step; its mode is 0644, less the umask.
    package func write(_ text: String) throws(CommandFailure) {
        let (descriptor, written) = try openForWriting()
        var text = text
        var isWritten = text.withUTF8 {
            OutputStream.writeAll(UnsafeRawBufferPointer($0), to: descriptor)
        }
        if isRegular { isWritten = isWritten && fsync(descriptor) == 0 }
        let reason = errno
        close(descriptor)
        guard isRegular else {
            if !isWritten { throw Self.failure(path, reason) }
            return
        }
        guard isWritten, rename(written, path) == 0 else {
            let reason = isWritten ? errno : reason
            unlink(written)
            throw Self.failure(path, reason)
        }
    }

    /// A new file beside the real one, on the same file system; what is no file, itself.
    private func openForWriting() throws(CommandFailure) -> (descriptor: Int32, path: String) {
        let path = isRegular ? "\(path).\(getpid()).part" : path
        let flags = isRegular ? O_CREAT | O_EXCL : 0
        let descriptor = open(path, flags | O_WRONLY | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(self.path, errno) }
        return (descriptor, path)
    }

    private static func failure(_ path: String, _ reason: Int32) -> CommandFailure {
        CommandFailure(unwritable: path, reason)
    }
}

extension CommandFailure {
    fileprivate init(unwritable path: String, _ reason: Int32) {
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
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
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
