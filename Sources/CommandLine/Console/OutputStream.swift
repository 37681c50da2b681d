import Glibc
import System

/// A descriptor that text is written to until its reader goes away.
///
/// A closed pipe or terminal ends the output, never the work: later text is dropped. That needs
/// SIGPIPE ignored, see ``StandardStreams``.
package struct OutputStream {
    package let descriptor: Int32
    package private(set) var isClosed = false
    /// Why text was lost, though its reader is still there: a full disk; nil where none was.
    package private(set) var failure: SystemError?

    /// - Parameter name: for messages.
    package init(_ descriptor: Int32, name: String = "output") {
        self.descriptor = descriptor
        self.name = name
    }

    private let name: String

    package mutating func write(_ text: String) {
        guard !isClosed else { return }
        var text = text
        let finished = text.withUTF8 { Self.writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
        guard !finished else { return }
        isClosed = true
        let reason = errno
        if reason != EPIPE, reason != EIO {
            failure = SystemError("cannot write to \(name)", code: reason)
        }
    }

    /// Writes every byte, or returns false with the reason in `errno`.
    package static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno == EAGAIN {
                // Someone else has made the terminal non-blocking: wait until it takes more.
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Glibc.poll(&poll, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// Makes descriptors 0 to 2 safe to have, once, before anything is opened.
package enum StandardStreams {
    package static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        // Where it is ignored, wait(2) can't say how a child has ended.
        signal(SIGCHLD, SIG_DFL)
        // Started with one of them closed, the next file opened would take its number, and console
        // text would land in it.
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 {
            _ = open("/dev/null", O_RDWR)
        }
    }
}
