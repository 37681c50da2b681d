import Dispatch
import Glibc

/// Opens files whose names a user gave. A named pipe whose other end is not open lets open(2) wait
/// (fifo(7)): after a few seconds a message on stderr says so.
package enum NamedPipe {
    private static let queue = DispatchQueue(label: "system.named-pipe")
    private static let patience = DispatchTimeInterval.seconds(4)

    /// As open(2) does; -1 with `errno` set where it fails.
    package static func open(_ path: String, _ flags: Int32, mode: mode_t = 0) -> Int32 {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
            return Glibc.open(path, flags, mode)
        }
        let isRead = flags & O_ACCMODE == O_RDONLY
        let message = "waiting for a program to \(isRead ? "write to" : "read") the pipe \(path)\n"
        let note = DispatchWorkItem { _ = write(2, message, message.utf8.count) }
        queue.asyncAfter(deadline: .now() + patience, execute: note)
        let descriptor = Glibc.open(path, flags, mode)
        let number = errno
        note.cancel()
        errno = number
        return descriptor
    }
}
