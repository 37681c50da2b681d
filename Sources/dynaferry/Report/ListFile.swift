import AWS
import Arguments
import CommandLine
import Glibc
import System

/// A file of lines that is put in its place when it is whole: until then, and when it never becomes
/// so, what stood there stays. Any thread may call its methods.
final class ListFile: Sendable {
    private let place: OutputPlace
    private let part: String
    private let descriptor: Int32
    private let buffer = Locked<[UInt8]>([])

    private static let bufferBytes = 1 << 16

    init(_ path: String) throws(CommandFailure) {
        place = try OutputPlace(path)
        (descriptor, part) = try place.open(mode: 0o600)
    }

    deinit {
        close(descriptor)
        if place.isRegular { unlink(part) }
    }

    func append(_ line: String) throws(CommandFailure) {
        let isWritten = buffer.withLock { buffer in
            buffer += line.utf8
            buffer.append(0x0A)
            return buffer.count < Self.bufferBytes || flush(&buffer)
        }
        guard isWritten else { throw failure() }
    }

    /// - Returns: the file's path.
    func finish() throws(CommandFailure) -> String {
        guard buffer.withLock({ flush(&$0) }) else { throw failure() }
        if place.isRegular {
            guard fsync(descriptor) == 0, rename(part, place.path) == 0 else { throw failure() }
        }
        return place.path
    }

    private func flush(_ buffer: inout [UInt8]) -> Bool {
        defer { buffer.removeAll(keepingCapacity: true) }
        return buffer.withUnsafeBytes { OutputStream.writeAll($0, to: descriptor) }
    }

    private func failure() -> CommandFailure {
        CommandFailure(unwritable: place.path, errno)
    }
}
