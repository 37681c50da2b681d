import Glibc

/// A growable run of bytes that is kept and reused: requests are read into one, replies built in
/// another. Fresh memory costs more than filling it (a page fault each 4 KB), hence the reuse.
///
/// Owned by one thread at a time; not copyable, so that nothing is copied by accident.
struct ByteBuffer: ~Copyable {
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var capacity: Int
    /// Bytes that hold something, from the start.
    private(set) var count = 0

    init(capacity: Int = 256) {
        precondition(capacity > 0, "capacity must be positive, not \(capacity)")
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Where the next byte goes; `reserve` first.
    var tail: UnsafeMutablePointer<UInt8> { base + count }

    /// Makes room for `more` bytes after those that are there.
    @inline(__always)
    mutating func reserve(_ more: Int) {
        if count + more > capacity { grow(to: count + more) }
    }

    @inline(never)
    private mutating func grow(to needed: Int) {
        let enlarged = max(needed, capacity * 2)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: enlarged)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
        capacity = enlarged
    }

    /// Counts `more` bytes that were written at `tail`.
    @inline(__always)
    mutating func commit(_ more: Int) {
        precondition(more >= 0 && count + more <= capacity, "\(more) bytes were never reserved")
        count += more
    }

    /// Makes `count` bytes hold something: fewer than now, or bytes about to be overwritten.
    mutating func resize(_ count: Int) {
        if count > capacity { grow(to: count) }
        self.count = count
    }

    mutating func removeAll() { count = 0 }

    mutating func removeFirst(_ removed: Int) {
        precondition(removed <= count, "\(removed) bytes of \(count) can't be removed")
        if removed < count { memmove(base, base + removed, count - removed) }
        count -= removed
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append(_ source: UnsafePointer<UInt8>, count more: Int) {
        reserve(more)
        memcpy(base + count, source, more)
        count += more
    }

    mutating func append(_ source: UnsafeRawBufferPointer) {
        guard let start = source.baseAddress else { return }
        append(start.assumingMemoryBound(to: UInt8.self), count: source.count)
    }

    mutating func append(_ text: StaticString) {
        append(text.utf8Start, count: text.utf8CodeUnitCount)
    }

    mutating func append(text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    mutating func append(array: [UInt8]) {
        array.withUnsafeBytes { append($0) }
    }

    mutating func append(decimal number: Int) {
        guard number >= 10 || number < 0 else { return append(UInt8(number) + 0x30) }
        append(text: String(number))
    }
}
