import CZstd

/// zstd that is made piece by piece, as one frame with a checksum (RFC 8878). Belongs to one thread
/// at a time. The corresponding C function is `ZSTD_compressStream2`.
package final class ZstdWriter: Compressor, @unchecked Sendable {
    // @unchecked: handed from one owner to the next, as a buffer is.
    private let context: OpaquePointer

    package static let levels = 1...19

    /// Of the library that the program runs with.
    package static var version: String { String(cString: ZSTD_versionString()) }

    /// - Parameter level: 1, the fastest, to 19, the smallest.
    package init(level: Int32) {
        guard let made = ZSTD_createCCtx() else { preconditionFailure("no memory for zstd") }
        context = made
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit { ZSTD_freeCCtx(context) }

    /// Bytes that a compressor takes, by its own account. The corresponding C function is
    /// `ZSTD_sizeof_CCtx`.
    package static func memory(level: Int) -> Int {
        let (writer, output) = (ZstdWriter(level: Int32(clamping: level)), ByteBuffer())
        withUnsafeBytes(of: UInt64(0)) { writer.write($0, into: output) }
        return ZSTD_sizeof_CCtx(writer.context)
    }

    package func write(_ bytes: UnsafeRawBufferPointer, into output: ByteBuffer) {
        run(bytes, ZSTD_e_continue, into: output)
    }

    package func finish(into output: ByteBuffer) {
        run(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end, into: output)
    }

    private func run(
        _ bytes: UnsafeRawBufferPointer, _ end: ZSTD_EndDirective, into output: ByteBuffer
    ) {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var isDone = false
        while !isDone {
            output.append(room: ZSTD_CStreamOutSize()) { room in
                var piece = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
                let left = ZSTD_compressStream2(context, &piece, &input, end)
                precondition(ZSTD_isError(left) == 0, "zstd failed")
                isDone = end == ZSTD_e_end ? left == 0 : input.pos == input.size
                return piece.pos
            }
        }
    }
}

/// zstd that is read piece by piece, of one frame or several. Belongs to one thread at a time. The
/// corresponding C function is `ZSTD_decompressStream`.
package final class ZstdReader: Decompressor, @unchecked Sendable {
    // @unchecked: handed from one owner to the next, as a buffer is.
    private let context: OpaquePointer
    package private(set) var isAtEnd = false
    package private(set) var flaw = "is damaged: its zstd can't be read"

    /// A frame may ask for more: all levels but the "ultra" ones make do with this (RFC 8878
    /// section 3.1.1.1.2).
    private static let windowLogMax: Int32 = 23
    /// Bytes that a reader takes.
    package static let memory = (1 << 23) + (512 << 10)

    package init() {
        guard let made = ZSTD_createDCtx() else { preconditionFailure("no memory for zstd") }
        context = made
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLogMax)
    }

    deinit { ZSTD_freeDCtx(context) }

    package func read(
        _ bytes: UnsafeRawBufferPointer, into output: ByteBuffer, room: Int
    ) -> Int? {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var isSound = true
        output.append(room: room) { room in
            var piece = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
            isSound = fill(&piece, &input)
            return piece.pos
        }
        return isSound ? input.pos : nil
    }

    private func fill(_ output: inout ZSTD_outBuffer, _ input: inout ZSTD_inBuffer) -> Bool {
        repeat {
            // Between frames it would ask for a next one, which there need not be.
            if isAtEnd, input.pos == input.size { return true }
            let left = ZSTD_decompressStream(context, &output, &input)
            if ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge {
                flaw = "is compressed by zstd with a window of more than 8 MiB, which is not read"
            }
            guard ZSTD_isError(left) == 0 else { return false }
            isAtEnd = left == 0
        } while output.pos < output.size && input.pos < input.size
        return true
    }
}
