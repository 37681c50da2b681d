import System

/// Buffers that are kept between requests: the first touch of fresh memory costs more than the
/// copy of what is put into it.
///
/// Not thread-safe: it belongs to one queue.
package struct BufferPool {
    /// Bytes that unused buffers may keep.
    private let idleBytesMax: Int
    private var idle: [ByteBuffer] = []
    private var idleBytes = 0

    package init(idleBytesMax: Int) {
        self.idleBytesMax = idleBytesMax
    }

    /// An empty buffer whose memory is at most `capacityMax` bytes, so that it stays within what
    /// was reserved for it.
    package mutating func take(capacityMax: Int = .max) -> ByteBuffer {
        guard let buffer = idle.popLast() else { return ByteBuffer() }
        idleBytes -= buffer.capacity
        if buffer.capacity > capacityMax { buffer.release() }
        buffer.removeAll()
        return buffer
    }

    package mutating func give(_ buffer: ByteBuffer) {
        if idleBytes + buffer.capacity > idleBytesMax { buffer.release() }
        idleBytes += buffer.capacity
        idle.append(buffer)
    }
}
