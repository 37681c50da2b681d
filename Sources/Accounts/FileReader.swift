import AWS
import Glibc

/// How configuration files are read; tests bring their own.
package protocol FileReader: Sendable {
    /// The whole file; nil when there is none. Throws when it is there and can't be read.
    func bytes(ofFileAt path: String) throws(ConfigurationError) -> [UInt8]?
}

/// The machine's files. The corresponding C functions are `open` and `read`.
package struct SystemFiles: FileReader {
    /// More than this of a file is not read; what configuration is larger is refused anyway.
    package static let bytesMax = 4 << 20

    package init() {}

    package func bytes(ofFileAt path: String) throws(ConfigurationError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure(path, errno)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= Self.bytesMax {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path, errno)
            }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return bytes
    }

    private func failure(_ path: String, _ code: Int32) -> ConfigurationError {
        ConfigurationError(.file, "can't read \(path): \(String(cString: strerror(code)))")
    }
}
