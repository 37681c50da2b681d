import Dispatch
import Flow
import Glibc
import System

/// Writes items as lines of JSON, `{"Item":{...}}`, into a stream: a pipe, a terminal, a file that
/// somebody else opened. Items of all partitions are mixed. An item is taken once it has been
/// written; a reader that has gone away ends the flow.
package final class LineSink: BatchSink, @unchecked Sendable {
    // @unchecked: what changes is touched only on `queue`.
    package let shape: BatchShape
    private let descriptor: Int32
    /// A reader may keep its writer waiting.
    private let queue = DispatchQueue(label: "lines")
    private let lines = ByteBuffer()

    private static let batchBytes = 256 << 10

    /// - Parameter descriptor: stays open.
    package init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var shape = BatchShape.inPlace(itemsMax: 1_000)
        shape.bytesMax = Self.batchBytes
        self.shape = shape
    }

    package func write(_ batch: [BatchItem], _ done: @escaping Done<BatchReply>) {
        queue.async { [self] in
            lines.removeAll()
            for item in batch { ExportLine.write(item.bytes, to: lines) }
            guard let code = writeAll(lines.bytes) else {
                return done(.success(BatchReply(units: [0])))
            }
            done(.failure(failure(code)))
        }
    }

    /// - Returns: the system's number for why not.
    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Int32? {
        var rest = bytes
        while let start = rest.baseAddress, rest.count > 0 {
            let count = Glibc.write(descriptor, start, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno == EAGAIN {
                // Whoever shares the stream has made it one that does not wait.
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wanted, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }

    private func failure(_ code: Int32) -> FlowFailure {
        if code == EPIPE {
            return FlowFailure(
                .giveUp, code: "BrokenPipe",
                message: "what reads the lines has gone away before the last one")
        }
        return FlowFailure(
            .giveUp, code: "File",
            message: SystemError("cannot write the lines", code: code).description)
    }
}
