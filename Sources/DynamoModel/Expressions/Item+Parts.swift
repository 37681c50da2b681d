import JSON

extension Item {
    /// Decodes only the attributes called `names` of an item in DynamoDB JSON; all others are only
    /// walked over.
    /// - Throws: when the bytes are no item.
    package init(_ bytes: UnsafeRawBufferPointer, only names: Set<[UInt8]>) throws {
        self.init(minimumCapacity: names.count)
        var reader = JSONReader(bytes)
        try reader.expect(0x7B)
        if reader.take(0x7D) { return }
        repeat {
            let name = try reader.skipString()
            try reader.expect(0x3A)
            let value = try reader.skipValue()
            let raw = UnsafeRawBufferPointer(rebasing: bytes[name.range])
            let text = name.escaped ? JSONText.unescaped(raw) : Array(raw)
            guard names.contains(text) else { continue }
            let json = try JSON(parsing: UnsafeRawBufferPointer(rebasing: bytes[value]))
            self[text] = try AttributeValue(json)
        } while reader.take(0x2C)
        try reader.expect(0x7D)
    }
}
