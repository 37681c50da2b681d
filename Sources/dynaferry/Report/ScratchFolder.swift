import Arguments
import Glibc

/// An empty folder that is removed, with all that was put into it, when no one holds it any more.
final class ScratchFolder: Sendable {
    let path: String

    /// The corresponding C function is `mkdtemp`.
    init() throws(CommandFailure) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/dynaferry-\(String(repeating: "X", count: 6))".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandFailure(
                "cannot create a folder in \(parent): \(String(cString: strerror(errno)))")
        }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit { Self.removeAll(path) }

    /// Where temporary files go.
    static func parent(_ environment: [String: String]) -> String {
        environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    }

    private static func removeAll(_ folder: String) {
        if let stream = opendir(folder) {
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                        String(cString: $0)
                    }
                }
                guard name != ".", name != ".." else { continue }
                let path = folder + "/" + name
                // A folder is no file to be unlinked (unlink(2): EISDIR).
                if unlink(path) != 0 { removeAll(path) }
            }
            closedir(stream)
        }
        rmdir(folder)
    }
}
