import CZlib

/// gzip of whole messages in both directions, by zlib: the only file that knows the library.
package enum Zlib {
    /// Of the library that the program runs with.
    package static var version: String { String(cString: zlibVersion()) }

    /// 15 bits of window, and 16 for "gzip wrapper only" (zlib manual, inflateInit2).
    static let gzipWindowBits: Int32 = 15 + 16

    /// Inflates one gzip member into `output`, which is emptied first, up to `bytesMax` bytes.
    ///
    /// Returns the full length of what was compressed: when that is more than `bytesMax`, `output`
    /// is left empty. Returns nil when `bytes` are not exactly one whole gzip member, or when they
    /// inflate to more than ``inflatedBytesMax``. The corresponding C function is `inflate`.
    package static func gunzip(
        _ bytes: UnsafeRawBufferPointer, into output: ByteBuffer, bytesMax: Int
    ) -> Int? {
        output.removeAll()
        var stream = z_stream()
        guard shim_inflate_init2(&stream, gzipWindowBits) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.next_in = UnsafeMutablePointer(mutating: start)
        stream.avail_in = UInt32(clamping: bytes.count)

        var length = 0
        var status = Z_OK
        while status == Z_OK {
            if length > bytesMax { output.removeAll() }
            output.append(room: roomFor(output, length: length, inputLeft: stream.avail_in)) {
                stream.next_out = $0.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.avail_out = UInt32($0.count)
                status = inflate(&stream, Z_NO_FLUSH)
                let written = $0.count - Int(stream.avail_out)
                length += written
                return written
            }
            if length > inflatedBytesMax { return nil }
        }
        guard status == Z_STREAM_END, stream.avail_in == 0 else { return nil }
        if length > bytesMax { output.removeAll() }
        return length
    }

    /// Nothing that DynamoDB sends inflates to more; what does is an attack or damage.
    package static let inflatedBytesMax = 256 << 20

    /// Room for the next step: what is reserved already, or as much as JSON usually needs.
    private static func roomFor(_ output: ByteBuffer, length: Int, inputLeft: UInt32) -> Int {
        let spare = output.capacity - output.count
        if spare >= 4_096 { return min(spare, 1 << 20) }
        return min(max(Int(inputLeft) * 8, 16_384), 1 << 20)
    }

    /// Appends `bytes`, compressed fast rather than well. The corresponding C function is
    /// `deflate`.
    package static func gzip(_ bytes: UnsafeRawBufferPointer, into output: inout ByteStorage) {
        var stream = z_stream()
        let status = shim_deflate_init2(&stream, 1, gzipWindowBits)
        precondition(status == Z_OK, "deflateInit2 failed: \(status)")
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        output.reserve(bound)
        stream.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(bytes.count)
        stream.next_out = output.tail
        stream.avail_out = UInt32(bound)
        let end = deflate(&stream, Z_FINISH)
        precondition(end == Z_STREAM_END, "deflate needed more than deflateBound: \(end)")
        output.commit(bound - Int(stream.avail_out))
    }
}

/// gzip that is made piece by piece, as one member (RFC 1952). Belongs to one thread at a time.
package final class GzipWriter: Compressor, @unchecked Sendable {
    // @unchecked: handed from one owner to the next, as a buffer is.
    // At a place of its own: zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter level: 1, the fastest, to 9, the smallest (zlib manual, deflateInit2).
    package init(level: Int32) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = shim_deflate_init2(stream, level, Zlib.gzipWindowBits)
        precondition(status == Z_OK, "deflateInit2 failed: \(status)")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    package func write(_ bytes: UnsafeRawBufferPointer, into output: ByteBuffer) {
        run(bytes, Z_NO_FLUSH, into: output)
    }

    package func finish(into output: ByteBuffer) {
        run(UnsafeRawBufferPointer(start: nil, count: 0), Z_FINISH, into: output)
    }

    private func run(_ bytes: UnsafeRawBufferPointer, _ flush: Int32, into output: ByteBuffer) {
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
        stream.pointee.avail_in = UInt32(bytes.count)
        var isFull = true
        while isFull {
            output.append(room: Self.room) {
                stream.pointee.next_out = $0.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32($0.count)
                let status = deflate(stream, flush)
                precondition(status != Z_STREAM_ERROR, "deflate failed")
                isFull = stream.pointee.avail_out == 0
                return $0.count - Int(stream.pointee.avail_out)
            }
        }
    }

    private static let room = 65_536
}

/// gzip that is read piece by piece, of one member or several (RFC 1952 section 2.2). Belongs to
/// one thread at a time.
package final class GzipReader: Decompressor, @unchecked Sendable {
    // @unchecked: handed from one owner to the next, as a buffer is.
    private let stream: UnsafeMutablePointer<z_stream>
    package private(set) var isAtEnd = false
    package var flaw: String { "is damaged: its gzip can't be read" }

    package init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = shim_inflate_init2(stream, Zlib.gzipWindowBits)
        precondition(status == Z_OK, "inflateInit2 failed: \(status)")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    package func read(
        _ bytes: UnsafeRawBufferPointer, into output: ByteBuffer, room: Int
    ) -> Int? {
        let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
        stream.pointee.avail_in = UInt32(clamping: bytes.count)
        var isSound = true
        output.append(room: room) {
            stream.pointee.next_out = $0.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(clamping: $0.count)
            isSound = fill()
            return $0.count - Int(stream.pointee.avail_out)
        }
        return isSound ? bytes.count - Int(stream.pointee.avail_in) : nil
    }

    private func fill() -> Bool {
        repeat {
            if isAtEnd {
                if stream.pointee.avail_in == 0 { return true }
                guard inflateReset(stream) == Z_OK else { return false }
                isAtEnd = false
            }
            switch inflate(stream, Z_NO_FLUSH) {
            case Z_OK: break
            case Z_BUF_ERROR: return true
            case Z_STREAM_END: isAtEnd = true
            default: return false
            }
        } while stream.pointee.avail_out > 0 && stream.pointee.avail_in > 0
        return true
    }
}
