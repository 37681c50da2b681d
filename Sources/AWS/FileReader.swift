import Glibc
import System

/// How configuration files are read; tests bring their own.
package protocol FileReader: Sendable {
    /// The whole file; nil when there is none. Throws when it is there and can't be read.
    func bytes(ofFileAt path: String) throws(ConfigurationError) -> [UInt8]?

    /// Whether there is a file that can be read and is not empty.
    func hasFile(at path: String) -> Bool

    /// Whether there is a folder that has a name for which `isWanted` holds.
    func hasName(inFolder path: String, where isWanted: (String) -> Bool) -> Bool

    /// The program that runs; nil when that is not known.
    var programPath: String? { get }
}

extension FileReader {
    package func hasFile(at path: String) -> Bool { false }
    package func hasName(inFolder path: String, where isWanted: (String) -> Bool) -> Bool { false }
    package var programPath: String? { nil }
}

/// The machine's files.
package struct SystemFiles: FileReader {
    /// More than this of a file is not read; what configuration is larger is refused anyway.
    package static let bytesMax = 4 << 20

    package init() {}

    /// - Returns: nil when there is no such file.
    /// - Throws: when the file can't be read, or is larger than 4 MiB.
    package func bytes(ofFileAt path: String) throws(ConfigurationError) -> [UInt8]? {
        do {
            return try WholeFile.bytes(ofFileAt: path, bytesMax: Self.bytesMax)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return nil }
            throw ConfigurationError(.file, error.description)
        }
    }

    package func hasFile(at path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_size > 0
            && access(path, R_OK) == 0
    }

    package func hasName(inFolder path: String, where isWanted: (String) -> Bool) -> Bool {
        guard let folder = opendir(path) else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if isWanted(name) { return true }
        }
        return false
    }

    package var programPath: String? {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(OwnProgram.path, &path, path.count)
        guard count > 0 else { return nil }
        return String(decoding: path.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
