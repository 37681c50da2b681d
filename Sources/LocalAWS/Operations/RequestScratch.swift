/// What one thread needs to perform requests, kept from one to the next: the encoder of items and
/// its buffers. Confined to the thread that made it.
final class RequestScratch {
    var encoder: ItemEncoder
    var batch = BatchWrites()

    init(keepsNumbers: Bool) {
        encoder = ItemEncoder(keepsNumbers: keepsNumbers)
    }

    /// Reads a key that stands alone; `reword` may change what is said about a wrong one.
    func key(
        _ bytes: UnsafeRawBufferPointer, layout: TableLayout,
        reword: (ServiceError) -> ServiceError = { $0 }
    ) throws(ServiceError) -> EncodedKey {
        do throws(ServiceError) {
            var reader = WireReader(bytes)
            let item = try encoder.attributes(&reader, layout: layout)
            return try encoder.bareKey(of: item, layout: layout)
        } catch {
            throw reword(error)
        }
    }
}
