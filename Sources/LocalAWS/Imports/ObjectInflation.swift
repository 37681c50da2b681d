import System

/// The bytes of an object as an import reads them: in memory, inflated.
enum ObjectInflation {
    /// Bytes of one object, inflated: what the server reads into memory at once.
    static let bytesMax = 1 << 30

    /// Why an object can't be read as it is said to be compressed.
    struct Flaw: Error, Equatable {
        let reason: String
    }

    /// An object without bytes has no items, however it is said to be compressed.
    static func bytes(
        of content: ByteBuffer, _ compression: InputForm.Compression
    ) throws(Flaw) -> ByteBuffer {
        let inflated = ByteBuffer()
        guard content.count > 0 else { return inflated }
        let reader: any Decompressor
        switch compression {
        case .none:
            return content
        case .gzip: reader = GzipReader()
        case .zstd: reader = ZstdReader()
        }
        let flaw = Flaw(reason: "The object is not compressed by \(compression.rawValue)")
        var place = 0
        while place < content.count || !reader.isAtEnd {
            let count = inflated.count
            let taken = withExtendedLifetime(content) {
                let rest = UnsafeRawBufferPointer(rebasing: content.bytes[place...])
                return reader.read(rest, into: inflated, room: step)
            }
            guard let taken, taken > 0 || inflated.count > count else { throw flaw }
            place += taken
            guard inflated.count <= bytesMax else {
                throw Flaw(reason: "The embedded server reads no object of more than 1 GiB")
            }
        }
        return inflated
    }

    private static let step = 1 << 20
}
