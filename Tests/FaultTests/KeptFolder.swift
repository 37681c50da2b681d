import Flow
import System
import TestSupport

@testable import Connectors

/// A folder that lasts as long as what reads it.
final class KeptFolder: FileStore {
    private let folder: TemporaryFolder
    private let store: FolderStore

    init(_ folder: TemporaryFolder) {
        self.folder = folder
        store = FolderStore(folder.path(""))
    }

    var title: String { store.title }

    func list(_ prefix: String, _ done: @escaping Done<[FileEntry]>) { store.list(prefix, done) }

    func read(
        _ name: String, _ range: Range<Int>, version: String?, into buffer: ByteBuffer,
        _ done: @escaping Done<FilePart>
    ) {
        store.read(name, range, version: version, into: buffer, done)
    }
}
