import Glibc

/// Writes files that nobody else may read, whole or not at all. The corresponding C functions are
/// `open`, `write`, `fsync`, `rename`.
enum PrivateFile {
    /// Replaces the file at `path`, whose folder must be there.
    static func write(_ bytes: [UInt8], to path: String) throws(ConfigurationError) {
        let draft = "\(path).\(getpid()).new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        let isWritten = writeAll(bytes, descriptor) && fsync(descriptor) == 0
        guard close(descriptor) == 0, isWritten, rename(draft, path) == 0 else {
            let error = failure(path)
            unlink(draft)
            throw error
        }
    }

    private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return false }
            if count > 0 { rest = rest.dropFirst(count) }
        }
        return true
    }

    private static func failure(_ path: String) -> ConfigurationError {
        ConfigurationError(.file, "can't write \(path): \(String(cString: strerror(errno)))")
    }
}
