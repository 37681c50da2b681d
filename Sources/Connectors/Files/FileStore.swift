import Flow
import System

/// Where files lie by name: a folder, or a prefix of a bucket. Names have `/` between their parts
/// and none at their beginning.
///
/// Calls make one attempt each, wait for nothing, and answer on any thread, once; whoever calls
/// repeats by the failure's remedy. Messages name the file as people know it.
package protocol FileStore: Sendable {
    /// For people, with its `/`: `dump/`, `s3://bucket/prefix/`.
    var title: String { get }

    /// Bytes that are best read at a time: a request has its price.
    var pieceBytes: Int { get }

    /// All files whose names begin with `prefix`, in the order of their names' bytes.
    func list(_ prefix: String, _ done: @escaping Done<[FileEntry]>)

    /// Reads a range of a file, which is not empty, into `buffer`, which is; what lies behind the
    /// file's end is left out.
    /// - Parameter version: of the file as it was read before: another one is a failure for good.
    ///   nil: whatever stands there.
    func read(
        _ name: String, _ range: Range<Int>, version: String?, into buffer: ByteBuffer,
        _ done: @escaping Done<FilePart>)
}

/// A place that files are written to.
package protocol WritableFileStore: FileStore {
    /// Writes a whole file: it is there with all its bytes, or not at all. `bytes` are not changed
    /// until `done` is called.
    /// - Parameter condition: with ``FileCondition/isNew`` a file that is there already stays, and
    ///   is ``FileWritten/wasThere``.
    func write(
        _ name: String, _ bytes: ByteBuffer, _ condition: FileCondition,
        _ done: @escaping Done<FileWritten>)

    /// Removes a file; one that is not there counts as removed.
    func remove(_ name: String, _ done: @escaping Done<Void>)

    /// How long after its process has died a write may still take effect.
    var landsWithin: Duration { get }
}

/// A file as a listing has it.
package struct FileEntry: Equatable, Sendable {
    package var name: String
    package var bytes: Int
    /// S3's name of it, where the file must be restored before it can be read (`GLACIER`).
    package var archive: String?

    package init(name: String, bytes: Int, archive: String? = nil) {
        self.name = name
        self.bytes = bytes
        self.archive = archive
    }
}

/// A part of a file that has been read.
package struct FilePart: Equatable, Sendable {
    /// Bytes of the whole file; nil while nobody knows, as of a stream before its end.
    package var fileBytes: Int?
    /// Of this state of the file (an ETag).
    package var version: String

    package init(fileBytes: Int?, version: String) {
        self.fileBytes = fileBytes
        self.version = version
    }
}

package enum FileCondition: Equatable, Sendable {
    case replaces
    /// No file of its name is there.
    case isNew
}

package enum FileWritten: Equatable, Sendable {
    /// - Parameter etag: as its server has it; nil where there is none.
    case written(etag: String?)
    case wasThere
}

extension FileStore {
    /// Messages call a file so.
    package func title(of name: String) -> String { title + name }
}

extension FileStore {
    package var pieceBytes: Int { 256 << 10 }
}
