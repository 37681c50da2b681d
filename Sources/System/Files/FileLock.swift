import Glibc

/// A lock that is a file, held by one process at a time (flock(2)). It ends with its process.
package final class FileLock: Sendable {
    /// nil once it is free.
    private let descriptor: Locked<Int32?>

    private init(_ descriptor: Int32) { self.descriptor = Locked(descriptor) }

    deinit { release() }

    /// Takes the lock, and makes the file where there is none.
    /// - Returns: nil when another process holds it.
    package static func take(_ path: String) throws(SystemError) -> FileLock? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("\(path) can't be made", code: errno) }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
            if isAt(path, descriptor) { return FileLock(descriptor) }
            // Whoever held it has removed it: another file of this name is another lock.
            close(descriptor)
            return nil
        }
        let number = errno
        close(descriptor)
        guard number == EWOULDBLOCK else {
            throw SystemError("\(path) can't be locked", code: number)
        }
        return nil
    }

    /// Whether the file is still the one of that name.
    private static func isAt(_ path: String, _ descriptor: Int32) -> Bool {
        var (named, own) = (stat(), stat())
        return stat(path, &named) == 0 && fstat(descriptor, &own) == 0
            && named.st_ino == own.st_ino && named.st_dev == own.st_dev
    }

    /// Whether a process holds it now.
    package static func isHeld(_ path: String) -> Bool {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else { return true }
        flock(descriptor, LOCK_UN)
        return false
    }

    /// Frees it, whoever else still knows of it.
    package func release() {
        descriptor.withLock { descriptor in
            guard let open = descriptor else { return }
            // A child that is being started has the file open too, until it runs its program: to
            // close it here would not free the lock.
            flock(open, LOCK_UN)
            close(open)
            descriptor = nil
        }
    }
}
