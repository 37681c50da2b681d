import AWS
import System

/// What `dynaferry --version` and `dynaferry version` say.
package enum Version {
    package static let text = "0.1.0"

    /// The day of the commit that it was built from, or else of the version: never that of today.
    package static var date: String { OwnProgram.commitDate ?? "2026-12-01" }

    /// Version and commit.
    package static var line: String { "dynaferry \(text) (commit \(OwnProgram.commit))" }

    /// The version, and the libraries that the program runs with.
    package static var lines: [String] {
        [
            line,
            "libcurl \(CurlLibrary.version)",
            "OpenSSL \(SHA256.libraryVersion)",
            "expat \(XMLTree.libraryVersion)",
            "SQLite \(DatabaseError.libraryVersion)",
            "zlib \(Zlib.version)",
            "libdeflate \(Checksum.libraryVersion)",
            "zstd \(ZstdWriter.version)",
        ]
    }
}
