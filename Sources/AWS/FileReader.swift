import Glibc
import System

/// How configuration files are read; tests bring their own.
package protocol FileReader: Sendable {
    /// The whole file; nil when there is none. Throws when it is there and can't be read.
    func bytes(ofFileAt path: String) throws(ConfigurationError) -> [UInt8]?
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
}
