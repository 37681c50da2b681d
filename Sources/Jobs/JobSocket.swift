import Flow
import Glibc
import System

/// A Unix socket that carries one line each way, and every call of C that it takes.
///
/// Its path may be longer than what `sockaddr_un` holds (108 bytes, unix(7)): it is reached through
/// the folder's descriptor. The corresponding C functions are `socket`, `bind`, `listen`, `accept`,
/// `connect`, `recv` and `send`.
enum JobSocket {
    private static let lineBytesMax = 65_536
    private static let backlog: Int32 = 8

    /// Listens at `path`, readable and writable by its owner alone. One that a process left behind
    /// is replaced: the caller holds the job's lock.
    static func listen(at path: String) throws(JobError) -> Int32 {
        unlink(path)
        let descriptor = try make()
        // The mode of the socket's file is what keeps others out; the folder does too.
        let before = umask(0o177)
        let status = withAddress(of: path) { bind(descriptor, $0, $1) }
        umask(before)
        guard status == 0, Glibc.listen(descriptor, backlog) == 0 else {
            let error = failure("\(path) can't be listened at")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// - Throws: when no process listens there.
    static func connect(to path: String) throws(JobError) -> Int32 {
        let descriptor = try make()
        guard withAddress(of: path, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let error = failure("\(path) does not answer")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// The next one that connects; nil when the socket has been closed.
    static func accept(on descriptor: Int32) -> Int32? {
        while true {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 { return connection }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    /// Lets no call on it take longer than this.
    static func setTimeout(seconds: Int, on descriptor: Int32) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    /// A line, without its end; nil when none came.
    static func readLine(from descriptor: Int32) -> [UInt8]? {
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while line.count < lineBytesMax {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            line += buffer[..<count]
            if let end = line.firstIndex(of: 0x0A) { return Array(line[..<end]) }
        }
        return nil
    }

    static func write(_ line: [UInt8], to descriptor: Int32) {
        var rest = (line + [0x0A])[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func make() throws(JobError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw failure("there is no socket to be had") }
        return descriptor
    }

    private static func failure(_ what: String) -> JobError {
        JobError("\(what): \(String(cString: strerror(errno)))")
    }

    private static func withAddress(
        of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let folder = open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return -1 }
        defer { close(folder) }
        let bytes = Array("/proc/self/fd/\(folder)\(path[slash...])".utf8)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            errno = ENAMETOOLONG
            return -1
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
