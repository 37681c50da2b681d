import CZlib

/// zlib: the checksum of every reply, gzip in both directions. The only file that knows the
/// library.
enum Zlib {
    static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard let start = bytes.baseAddress else { return 0 }
        // zlib counts in 32 bits; replies are far below that.
        precondition(bytes.count <= Int(UInt32.max), "\(bytes.count) bytes are too many")
        return UInt32(
            truncatingIfNeeded: CZlib.crc32(
                0, start.assumingMemoryBound(to: UInt8.self), UInt32(bytes.count)))
    }

    /// 15 bits of window, and the gzip wrapper.
    private static let gzipWindowBits: Int32 = 15 + 16

    /// Appends `bytes`, compressed fast rather than well.
    static func gzip(_ bytes: UnsafeRawBufferPointer, into output: inout ByteBuffer) {
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

    /// The content of a gzip stream; nil when it is broken or exceeds `limit` bytes.
    static func gunzip(_ bytes: UnsafeRawBufferPointer, limit: Int) -> [UInt8]? {
        var stream = z_stream()
        guard shim_inflate_init2(&stream, gzipWindowBits) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(bytes.count)
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let (status, produced) = chunk.withUnsafeMutableBufferPointer { space in
                stream.next_out = space.baseAddress
                stream.avail_out = UInt32(space.count)
                let status = inflate(&stream, Z_NO_FLUSH)
                return (status, space.count - Int(stream.avail_out))
            }
            output += chunk[..<produced]
            guard output.count <= limit else { return nil }
            if status == Z_STREAM_END { return output }
            guard status == Z_OK, produced > 0 || stream.avail_in > 0 else { return nil }
        }
    }
}
