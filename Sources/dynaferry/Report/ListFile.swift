import AWS
import CommandLine
import Glibc
import System

/// A file of lines that is put in its place when it is whole: until then, and when it never becomes
/// so, what stood there stays. Any thread may call its methods.
final class ListFile: Sendable {
    private let path: String
    private let part: String
    private let descriptor: Int32
    private let buffer = Locked<[UInt8]>([])

    private static let bufferBytes = 1 << 16

    init(_ path: String) throws(CommandFailure) {
        self.path = path
        part = "\(path).\(getpid()).part"
        descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit {
        close(descriptor)
        unlink(part)
    }

    func append(_ line: String) throws(CommandFailure) {
        let isWritten = buffer.withLock { buffer in
            buffer += line.utf8
            buffer.append(0x0A)
            return buffer.count < Self.bufferBytes || flush(&buffer)
        }
        guard isWritten else { throw Self.failure(path) }
    }

    /// - Returns: the file's path.
    func finish() throws(CommandFailure) -> String {
        guard buffer.withLock({ flush(&$0) }), fsync(descriptor) == 0, rename(part, path) == 0
        else { throw Self.failure(path) }
        return path
    }

    private func flush(_ buffer: inout [UInt8]) -> Bool {
        defer { buffer.removeAll(keepingCapacity: true) }
        return buffer.withUnsafeBytes { OutputStream.writeAll($0, to: descriptor) }
    }

    private static func failure(_ path: String) -> CommandFailure {
        CommandFailure(
            "cannot write \(path): \(String(cString: strerror(errno)))",
            hints: ["name a file that may be written, in a folder that exists"])
    }
}
