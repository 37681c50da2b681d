import Glibc

/// Blocks of bytes on disk instead of in memory, in a file that has no name and is gone with its
/// owner, however that ends. Any thread may call its methods. The corresponding C functions are
/// `pwrite` and `pread`.
package final class Spool: Sendable {
    package struct Block: Equatable, Sendable {
        fileprivate var offset: Int
        package var count: Int
    }

    private let descriptor: Int32
    private let end = Locked(0)
    private let leaving: Int

    /// - Parameter leaving: bytes of the disk that must stay free: what is kept here can be had
    ///   again, and what else is written there may not.
    package init(inFolder folder: String, leaving: Int = 16 << 20) throws(SystemError) {
        self.leaving = leaving
        // One process may make several at once, and the folder may be everybody's.
        var generator = SystemRandomNumberGenerator()
        let name = UInt64.random(in: .min ... .max, using: &generator)
        let path = "\(folder)/spool.\(getpid()).\(name)"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SystemError("cannot make a file in \(folder)", code: errno)
        }
        unlink(path)
    }

    deinit { close(descriptor) }

    /// - Throws: with `ENOSPC` when the disk has no room to spare for it.
    package func add(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Block {
        guard hasRoom(for: bytes.count) else {
            throw SystemError("cannot keep bytes on disk", code: ENOSPC)
        }
        let offset = end.withLock { end in
            defer { end += bytes.count }
            return end
        }
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress! + done, bytes.count - done, offset + done)
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                throw SystemError("cannot keep bytes on disk", code: count == 0 ? ENOSPC : errno)
            }
        }
        return Block(offset: offset, count: bytes.count)
    }

    private func hasRoom(for count: Int) -> Bool {
        var disk = statvfs()
        guard fstatvfs(descriptor, &disk) == 0 else { return true }
        let (free, isHuge) = disk.f_bavail.multipliedReportingOverflow(by: disk.f_frsize)
        let (needed, isTooMuch) = leaving.addingReportingOverflow(count)
        return isHuge || (!isTooMuch && free >= UInt(needed))
    }

    /// Appends a block to `buffer`. False when it can't be read: then nothing is appended.
    package func read(_ block: Block, into buffer: ByteBuffer) -> Bool {
        let start = buffer.count
        buffer.append(room: block.count) { room in
            var done = 0
            while done < block.count {
                let count = pread(
                    descriptor, room.baseAddress! + done, block.count - done, block.offset + done)
                if count > 0 {
                    done += count
                } else if count == 0 || errno != EINTR {
                    return 0
                }
            }
            return done
        }
        return buffer.count == start + block.count
    }
}
