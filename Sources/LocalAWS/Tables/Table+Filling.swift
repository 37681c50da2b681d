import System

/// Why a table can't be filled.
package struct FillRefusal: Error {
    /// The place of the item that is refused.
    package let index: Int
    package let reason: ServiceError
}

/// Items without requests, free of charge.
extension Table {
    /// Fills the table with generated items.
    package func fill(
        _ count: Int, _ shape: ItemShape, seed: UInt64, keepsNumbers: Bool
    ) throws(FillRefusal) {
        var encoder = ItemEncoder(keepsNumbers: keepsNumbers)
        var text = ByteStorage(capacity: 4096)
        for index in 0..<count {
            text.removeAll()
            ItemGenerator.write(shape, seed: seed, index: index, to: &text)
            do throws(ServiceError) { try put(text.bytes, &encoder) } catch {
                throw FillRefusal(index: index, reason: error)
            }
        }
    }

    /// Fills the table with items in DynamoDB JSON.
    package func fill(_ items: [[UInt8]], keepsNumbers: Bool) throws(FillRefusal) {
        var encoder = ItemEncoder(keepsNumbers: keepsNumbers)
        var text = ByteStorage(capacity: 4096)
        for (index, item) in items.enumerated() {
            text.removeAll()
            text.append(array: item)
            do throws(ServiceError) { try put(text.bytes, &encoder) } catch {
                throw FillRefusal(index: index, reason: error)
            }
        }
    }

    private func put(
        _ bytes: UnsafeRawBufferPointer, _ encoder: inout ItemEncoder
    ) throws(ServiceError) {
        encoder.removeAll()
        var reader = WireReader(bytes)
        let layout = layout
        let item = try encoder.attributes(&reader, layout: layout)
        let key = try encoder.key(of: item, layout: layout, wording: .detailed)
        place(PendingWrite(kind: .put, item: item, key: key), from: encoder)
    }
}
