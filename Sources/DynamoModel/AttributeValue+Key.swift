import JSON

extension AttributeValue {
    /// Decodes the key attribute whose value begins at `offset`, as a cutter has found it.
    package init(keyAt offset: UInt32, in bytes: UnsafeRawBufferPointer) throws {
        var reader = JSONReader(UnsafeRawBufferPointer(rebasing: bytes[Int(offset)...]))
        try self.init(try reader.readValue())
    }
}
