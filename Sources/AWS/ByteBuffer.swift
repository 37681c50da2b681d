import Glibc

/// A growable raw byte buffer that is kept and reused between requests.
///
/// After the last byte there are always ``paddingBytes`` readable zero bytes, so that a scanner may
/// read whole words past the end and finds no quote or bracket there.
///
/// Growing at least doubles the capacity, so that appending costs amortised constant time a byte.
package final class ByteBuffer: @unchecked Sendable {
    // @unchecked: a buffer belongs to one request or one queue at a time; handing it over is what
    // synchronises.

    /// Zero bytes that can be read after the last byte.
    package static let paddingBytes = 64

    /// What a buffer without memory of its own points to: padding and nothing else.
    nonisolated(unsafe) private static let empty: UnsafeMutableRawPointer = {
        let block = UnsafeMutableRawPointer.allocate(byteCount: paddingBytes, alignment: 64)
        memset(block, 0, paddingBytes)
        return block
    }()

    private var storage = ByteBuffer.empty
    package private(set) var count = 0
    /// Bytes that fit without growing.
    package private(set) var capacity = 0

    package init(capacity: Int = 0) {
        reserve(capacity)
    }

    deinit { release() }

    /// The bytes; valid until the next change of the buffer.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: storage, count: count)
    }

    /// Forgets the bytes and keeps the memory.
    package func removeAll() { truncate(to: 0) }

    /// Forgets all bytes after the first `count`.
    package func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "can't truncate to \(count) bytes")
        self.count = count
        pad()
    }

    /// Makes room for `capacity` bytes in all.
    package func reserve(_ capacity: Int) {
        guard capacity > self.capacity else { return }
        let owned = self.capacity > 0 ? storage : nil
        guard let block = realloc(owned, capacity + Self.paddingBytes) else {
            preconditionFailure("no memory for a buffer of \(capacity) bytes")
        }
        storage = block
        self.capacity = capacity
        pad()
    }

    package func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        grow(by: bytes.count)
        memcpy(storage + count, source, bytes.count)
        count += bytes.count
        pad()
    }

    package func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    package func append(_ byte: UInt8) {
        grow(by: 1)
        storage.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
        pad()
    }

    /// Lets `fill` write up to `room` bytes after the last one; it returns how many it wrote.
    package func append(room: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        grow(by: room)
        let written = fill(UnsafeMutableRawBufferPointer(start: storage + count, count: room))
        precondition(written >= 0 && written <= room, "wrote \(written) bytes in room for \(room)")
        count += written
        pad()
    }

    /// Forgets the bytes and gives the memory back.
    package func release() {
        if capacity > 0 { free(storage) }
        storage = Self.empty
        count = 0
        capacity = 0
    }

    private func grow(by bytes: Int) {
        guard count + bytes > capacity else { return }
        reserve(max(count + bytes, capacity * 2, 256))
    }

    private func pad() {
        if capacity > 0 { memset(storage + count, 0, Self.paddingBytes) }
    }
}
