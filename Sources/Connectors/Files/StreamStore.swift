import Dispatch
import Flow
import Glibc
import System

/// A stream, stdin for instance, as a store of one file that is read once, from its start to its
/// end, in the order in which its bytes come.
package final class StreamStore: FileStore, @unchecked Sendable {
    // @unchecked: `offset` is touched only on `queue`.
    package let title: String
    private let descriptor: Int32
    /// A read waits until something comes.
    private let queue: DispatchQueue
    private var offset = 0

    /// The name of its file: it has none but its title.
    package static let fileName = ""

    /// - Parameters:
    ///   - descriptor: stays open.
    ///   - title: what it is called.
    package init(_ descriptor: Int32, called title: String) {
        self.descriptor = descriptor
        self.title = title
        queue = DispatchQueue(label: "import.stream")
    }

    package func list(_ prefix: String, _ done: @escaping Done<[FileEntry]>) {
        done(.success([FileEntry(name: Self.fileName, bytes: 0)]))
    }

    package func read(
        _ name: String, _ range: Range<Int>, version: String?, into buffer: ByteBuffer,
        _ done: @escaping Done<FilePart>
    ) {
        queue.async { [self] in
            guard range.lowerBound == offset else {
                return done(.failure(failure("can't be read twice")))
            }
            // A pipe may give a byte at a time, and their format takes several to be found.
            var isAtEnd = false
            while buffer.count < min(range.count, Self.bytesMin), !isAtEnd {
                switch readOnce(range.count - buffer.count, into: buffer) {
                case 0: isAtEnd = true
                case let count where count > 0: break
                default:
                    let why = String(cString: strerror(errno))
                    return done(.failure(failure("can't be read: \(why)")))
                }
            }
            offset += buffer.count
            done(.success(FilePart(fileBytes: isAtEnd ? offset : nil, version: "")))
        }
    }

    private static let bytesMin = 16

    /// - Returns: what read(2) returns.
    private func readOnce(_ bytesMax: Int, into buffer: ByteBuffer) -> Int {
        var count = -1
        buffer.append(room: bytesMax) { room in
            while true {
                count = Glibc.read(descriptor, room.baseAddress, room.count)
                guard count < 0 else { return count }
                // Whoever opened it may have asked not to be kept waiting.
                if errno == EAGAIN {
                    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                    poll(&entry, 1, -1)
                } else if errno != EINTR {
                    return 0
                }
            }
        }
        return count
    }

    private func failure(_ what: String) -> FlowFailure {
        FlowFailure(.giveUp, code: "Stream", message: "\(title) \(what)")
    }
}
