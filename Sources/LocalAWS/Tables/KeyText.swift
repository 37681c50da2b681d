import System

/// The key of a stored item in DynamoDB JSON.
enum KeyText {
    /// - Parameter positions: of the key's attributes among those that the layout watches.
    static func of(
        _ item: UnsafeRawBufferPointer, _ positions: [Int], layout: TableLayout
    ) -> [UInt8] {
        var reader = WireReader(item)
        var values: [Int: [UInt8]] = [:]
        // The item was checked when it was stored: there is nothing to throw.
        try? reader.members { (reader, name) throws(ServiceError) in
            let value = try reader.skipValue()
            guard let position = layout.position(of: name), positions.contains(position) else {
                return
            }
            values[position] = [0x22] + Array(name.raw) + [0x22, 0x3A] + Array(value)
        }
        let members = positions.compactMap { values[$0] }
        return [0x7B] + members.joined(separator: [0x2C]) + [0x7D]
    }
}
