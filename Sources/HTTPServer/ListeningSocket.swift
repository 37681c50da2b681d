import Glibc
import System

/// A TCP socket that listens.
struct ListeningSocket {
    let descriptor: Int32
    let port: UInt16

    private static let backlog: Int32 = 1024

    /// Listens at an address; port 0 lets the system choose.
    init(host: String, port: UInt16) throws(ServerError) {
        let host = host == "localhost" ? "127.0.0.1" : host
        let family = host.contains(":") ? AF_INET6 : AF_INET
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw .system("socket") }
        do throws(ServerError) {
            self.port = try Self.bind(descriptor, host: host, port: port)
            self.descriptor = descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func bind(
        _ descriptor: Int32, host: String, port: UInt16
    ) throws(ServerError) -> UInt16 {
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var (storage, length) = try address(host: host, port: port)
        let status = withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, length)
            }
        }
        guard status == 0 else { throw bindFailure(host: host, port: port) }
        guard listen(descriptor, backlog) == 0 else { throw .system("listen") }
        let named = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        guard named == 0 else { throw .system("getsockname") }
        // The port lies at the same place for both families.
        return withUnsafeBytes(of: storage) {
            UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
    }

    private static func bindFailure(host: String, port: UInt16) -> ServerError {
        let reason = String(cString: strerror(errno))
        let hint =
            switch errno {
            case EADDRINUSE: "another process listens there; choose another --port, or 0 for any"
            case EACCES: "ports below 1024 need rights; choose a higher --port"
            case EADDRNOTAVAIL: "--host must be an address of this machine"
            default: nil as String?
            }
        return ServerError("can't listen at \(host):\(port): \(reason)", hint: hint)
    }

    private static func address(
        host: String, port: UInt16
    ) throws(ServerError) -> (sockaddr_storage, socklen_t) {
        var storage = sockaddr_storage()
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = port.bigEndian
        if inet_pton(AF_INET, host, &four.sin_addr) == 1 {
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: four, as: sockaddr_in.self) }
            return (storage, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = port.bigEndian
        guard inet_pton(AF_INET6, host, &six.sin6_addr) == 1 else {
            throw ServerError(
                "'\(host)' is not an address",
                hint: "--host takes an IPv4 or IPv6 address, or localhost")
        }
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: six, as: sockaddr_in6.self) }
        return (storage, socklen_t(MemoryLayout<sockaddr_in6>.size))
    }
}
