import Glibc
import System

/// One stored item in the memory of a ``RecordHeap``: a header, the key in the store's spelling,
/// the item's JSON.
///
/// A reference that owns nothing: the table that holds the item decides when its memory goes.
package struct Record {
    struct Header {
        var keyCount: UInt32
        var jsonCount: UInt32
        /// The item in the bytes that the service counts.
        var size: UInt32
        /// Bit n is set when the item is in the table's nth index.
        var indexes: UInt32
    }

    static let headerBytes = MemoryLayout<Header>.size

    let address: UnsafeMutableRawPointer

    @inline(__always)
    var header: UnsafeMutablePointer<Header> {
        address.assumingMemoryBound(to: Header.self)
    }

    @inline(__always)
    var byteCount: Int {
        Self.headerBytes + Int(header.pointee.keyCount) + Int(header.pointee.jsonCount)
    }

    var size: Int { Int(header.pointee.size) }

    @inline(__always)
    var key: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: address + Self.headerBytes, count: Int(header.pointee.keyCount))
    }

    @inline(__always)
    package var json: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: address + Self.headerBytes + Int(header.pointee.keyCount),
            count: Int(header.pointee.jsonCount))
    }
}

/// The memory of one table's items: chunks of 2 MB, cut into blocks of some sizes, freed blocks
/// kept in a list for each size.
///
/// The chunks ask for huge pages: the first touch of ordinary fresh pages costs more than copying
/// an item into them. Blocks above `blockBytesMax` come from the C library.
/// Used under the table's lock.
struct RecordHeap: ~Copyable {
    private static let chunkBytes = 2 * 1024 * 1024
    private static let firstChunkBytes = 64 * 1024
    private static let blockBytesMax = 64 * 1024

    private var chunks: [(address: UnsafeMutableRawPointer, count: Int)] = []
    private var free: [UnsafeMutableRawPointer?]
    private var large: Set<UnsafeMutableRawPointer> = []
    private var next = UnsafeMutableRawPointer(bitPattern: 64)!
    private var left = 0

    init() {
        free = Array(repeating: nil, count: Self.sizeClass(of: Self.blockBytesMax) + 1)
    }

    deinit {
        for chunk in chunks { munmap(chunk.address, chunk.count) }
        for block in large { Glibc.free(block) }
    }

    /// Classes are 32 bytes apart up to 1 KB, then sixteen to each doubling.
    @inline(__always)
    private static func sizeClass(of count: Int) -> Int {
        if count <= 1024 { return (count + 31) >> 5 }
        let shift = 63 - (count - 1).leadingZeroBitCount - 4
        return 32 + (shift - 6) * 16 + ((count - 1) >> shift) - 15
    }

    /// The bytes of a block of a class; the inverse of `sizeClass`, rounded up.
    @inline(__always)
    private static func blockBytes(_ sizeClass: Int) -> Int {
        if sizeClass <= 32 { return sizeClass << 5 }
        let (octave, step) = (sizeClass - 33).quotientAndRemainder(dividingBy: 16)
        return (step + 17) << (octave + 6)
    }

    mutating func allocate(_ count: Int) -> Record {
        guard count <= Self.blockBytesMax else {
            guard let block = malloc(count) else {
                preconditionFailure("no memory for an item of \(count) bytes")
            }
            large.insert(block)
            return Record(address: block)
        }
        let sizeClass = Self.sizeClass(of: count)
        if let block = free[sizeClass] {
            free[sizeClass] = block.load(as: UnsafeMutableRawPointer?.self)
            return Record(address: block)
        }
        let bytes = Self.blockBytes(sizeClass)
        if left < bytes { addChunk() }
        let block = next
        next += bytes
        left -= bytes
        return Record(address: block)
    }

    mutating func release(_ record: Record) {
        let count = record.byteCount
        guard count <= Self.blockBytesMax else {
            large.remove(record.address)
            Glibc.free(record.address)
            return
        }
        let sizeClass = Self.sizeClass(of: count)
        record.address.storeBytes(of: free[sizeClass], as: UnsafeMutableRawPointer?.self)
        free[sizeClass] = record.address
    }

    /// What is left of the last chunk, less than one block, is given up.
    private mutating func addChunk() {
        let count = chunks.isEmpty ? Self.firstChunkBytes : Self.chunkBytes
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        let address = mmap(nil, count, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let address, address != MAP_FAILED else {
            preconditionFailure("no memory for items: errno \(errno)")
        }
        // Advice only: without huge pages it is slower, not wrong.
        if count == Self.chunkBytes { madvise(address, count, MADV_HUGEPAGE) }
        chunks.append((address, count))
        next = address
        left = count
    }
}
