import Glibc

/// An empty file that is removed when no one holds it any more.
final class TemporaryFile: Sendable {
    let path: String

    /// The corresponding C function is `mkstemp`.
    init() throws(CommandFailure) {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/dynaferry-\(String(repeating: "X", count: 6))".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw CommandFailure(
                "cannot create a file in \(folder): \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit { unlink(path) }
}
