/// Bytes that are kept and reused between requests, and handed from one owner to the next: a
/// ``ByteStorage`` behind a reference, its padding of zero bytes included.
package final class ByteBuffer: @unchecked Sendable {
    // @unchecked: a buffer belongs to one request or one queue at a time; handing it over is what
    // synchronises.

    /// Zero bytes that can be read after the last byte.
    package static let paddingBytes = ByteStorage.paddingBytes

    private var storage: ByteStorage

    package init(capacity: Int = 0) {
        storage = ByteStorage(capacity: capacity)
    }

    package var count: Int { storage.count }
    /// Bytes that fit without growing.
    package var capacity: Int { storage.capacity }

    /// The bytes; valid until the next change of the buffer.
    package var bytes: UnsafeRawBufferPointer { storage.bytes }

    /// Forgets the bytes and keeps the memory.
    package func removeAll() { storage.removeAll() }

    /// Forgets all bytes after the first `count`.
    package func truncate(to count: Int) {
        precondition(count <= storage.count, "can't truncate to \(count) bytes")
        storage.resize(count)
    }

    /// Makes room for `capacity` bytes in all.
    package func reserve(_ capacity: Int) { storage.grow(to: capacity) }

    package func append(_ bytes: UnsafeRawBufferPointer) { storage.append(bytes) }
    package func append(_ text: StaticString) { storage.append(text) }
    package func append(_ bytes: [UInt8]) { storage.append(array: bytes) }
    package func append(_ byte: UInt8) { storage.append(byte) }

    /// Lets `fill` write up to `room` bytes after the last one; it returns how many it wrote.
    package func append(room: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        storage.reserve(room)
        let written = fill(UnsafeMutableRawBufferPointer(start: storage.tail, count: room))
        precondition(written >= 0 && written <= room, "wrote \(written) bytes in room for \(room)")
        storage.commit(written)
    }

    /// Forgets the bytes and gives the memory back.
    package func release() { storage.release() }
}
