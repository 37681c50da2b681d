import Glibc

/// A growable run of bytes that is kept and reused. Fresh memory costs more than filling it (a page
/// fault each 4 KB), hence the reuse.
///
/// After the last byte there are always ``paddingBytes`` readable zero bytes, so that a scanner may
/// read whole words past the end and finds no quote or bracket there. Growing at least doubles the
/// capacity, so that appending costs amortised constant time a byte.
///
/// Owned by one thread at a time; not copyable, so that nothing is copied by accident. What several
/// hold in turn is a ``ByteBuffer``.
package struct ByteStorage: ~Copyable {
    /// Zero bytes that can be read after the last byte.
    package static let paddingBytes = 64

    /// What storage without memory of its own points to: padding and nothing else.
    nonisolated(unsafe) private static let empty: UnsafeMutablePointer<UInt8> = {
        let block = UnsafeMutablePointer<UInt8>.allocate(capacity: paddingBytes)
        block.initialize(repeating: 0, count: paddingBytes)
        return block
    }()

    package private(set) var base = ByteStorage.empty
    /// Bytes that hold something, from the start.
    package private(set) var count = 0
    /// Bytes that fit without growing.
    package private(set) var capacity = 0

    package init(capacity: Int = 0) {
        grow(to: capacity)
    }

    deinit {
        if capacity > 0 { free(base) }
    }

    /// The bytes; valid until the next change.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Where the next byte goes; ``reserve(_:)`` first, ``commit(_:)`` afterwards.
    package var tail: UnsafeMutablePointer<UInt8> { base + count }

    /// Makes room for `more` bytes after those that are there.
    @inline(__always)
    package mutating func reserve(_ more: Int) {
        if count + more > capacity { grow(to: max(count + more, capacity * 2, 256)) }
    }

    /// Makes room for `capacity` bytes in all. The corresponding C function is `realloc`.
    @inline(never)
    package mutating func grow(to capacity: Int) {
        guard capacity > self.capacity else { return }
        let owned = self.capacity > 0 ? base : nil
        guard let block = realloc(owned, capacity + Self.paddingBytes) else {
            preconditionFailure("no memory for a buffer of \(capacity) bytes")
        }
        base = block.assumingMemoryBound(to: UInt8.self)
        self.capacity = capacity
        pad()
    }

    /// Counts `more` bytes that were written at ``tail``.
    @inline(__always)
    package mutating func commit(_ more: Int) {
        precondition(more >= 0 && more <= capacity - count, "\(more) bytes were never reserved")
        count += more
        pad()
    }

    /// Makes `count` bytes hold something: fewer than now, or bytes about to be overwritten.
    package mutating func resize(_ count: Int) {
        precondition(count >= 0, "there are no \(count) bytes")
        grow(to: count)
        self.count = count
        pad()
    }

    /// Forgets the bytes and keeps the memory.
    package mutating func removeAll() { resize(0) }

    package mutating func removeFirst(_ removed: Int) {
        precondition(removed <= count, "\(removed) bytes of \(count) can't be removed")
        if removed < count { memmove(base, base + removed, count - removed) }
        resize(count - removed)
    }

    /// Forgets the bytes and gives the memory back.
    package mutating func release() {
        if capacity > 0 { free(base) }
        base = Self.empty
        (count, capacity) = (0, 0)
    }

    @inline(__always)
    package mutating func append(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count += 1
        // All other bytes of the padding are zero already.
        base[count + Self.paddingBytes - 1] = 0
    }

    @inline(__always)
    package mutating func append(_ source: UnsafePointer<UInt8>, count more: Int) {
        reserve(more)
        memcpy(base + count, source, more)
        count += more
        pad()
    }

    package mutating func append(_ source: UnsafeRawBufferPointer) {
        guard let start = source.baseAddress else { return }
        append(start.assumingMemoryBound(to: UInt8.self), count: source.count)
    }

    package mutating func append(_ text: StaticString) {
        append(text.utf8Start, count: text.utf8CodeUnitCount)
    }

    package mutating func append(text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    package mutating func append(array: [UInt8]) {
        array.withUnsafeBytes { append($0) }
    }

    package mutating func append(decimal number: Int) {
        guard (0..<10).contains(number) else { return append(text: String(number)) }
        append(UInt8(truncatingIfNeeded: number) + 0x30)
    }

    @inline(__always)
    private mutating func pad() {
        if capacity > 0 { memset(base + count, 0, Self.paddingBytes) }
    }
}
