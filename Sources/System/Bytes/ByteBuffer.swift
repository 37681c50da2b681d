/// Bytes that are kept and reused between requests, and handed from one owner to the next: a
/// ``ByteStorage`` behind a reference, its padding of zero bytes included.
package final class ByteBuffer: @unchecked Sendable {
    // @unchecked: a buffer belongs to one request or one queue at a time; handing it over is what
    // synchronises.

    /// Zero bytes that can be read after the last byte.
    package static let paddingBytes = ByteStorage.paddingBytes

    // At a place of its own, since a stored property of a class is guarded against two accesses at
    // once, which is dear for what every request does a dozen times.
    private let storage: UnsafeMutablePointer<ByteStorage>

    package init(capacity: Int = 0) {
        storage = .allocate(capacity: 1)
        storage.initialize(to: ByteStorage(capacity: capacity))
    }

    deinit {
        storage.deinitialize(count: 1)
        storage.deallocate()
    }

    package var count: Int { storage.pointee.count }
    /// Bytes that fit without growing.
    package var capacity: Int { storage.pointee.capacity }

    /// The bytes; valid until the next change of the buffer.
    package var bytes: UnsafeRawBufferPointer { storage.pointee.bytes }

    /// Forgets the bytes and keeps the memory.
    package func removeAll() { storage.pointee.removeAll() }

    /// Forgets all bytes after the first `count`.
    package func truncate(to count: Int) {
        precondition(count <= storage.pointee.count, "can't truncate to \(count) bytes")
        storage.pointee.resize(count)
    }

    /// Makes room for `capacity` bytes in all.
    package func reserve(_ capacity: Int) { storage.pointee.grow(to: capacity) }

    package func append(_ bytes: UnsafeRawBufferPointer) { storage.pointee.append(bytes) }
    package func append(_ text: StaticString) { storage.pointee.append(text) }
    package func append(_ bytes: [UInt8]) { storage.pointee.append(array: bytes) }
    package func append(_ byte: UInt8) { storage.pointee.append(byte) }

    /// Lets `fill` write up to `room` bytes after the last one; it returns how many it wrote.
    package func append(room: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        storage.pointee.reserve(room)
        let written = fill(UnsafeMutableRawBufferPointer(start: storage.pointee.tail, count: room))
        precondition(written >= 0 && written <= room, "wrote \(written) bytes in room for \(room)")
        storage.pointee.commit(written)
    }

    /// Forgets the bytes and gives the memory back.
    package func release() { storage.pointee.release() }
}
