import JSON
import System

/// Writes the lines of an export's data files (guide, "DynamoDB table export output format").
struct ExportLines {
    let format: ExportRequest.Format
    let filter: ExportFilter?
    /// Of the table: it says which attributes are the key.
    let layout: TableLayout

    /// Appends an item's line: `{"Item":{...}}`, or the same in Ion. Nothing when the filter leaves
    /// the item out; then false is returned.
    func append(
        item: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, to output: ByteBuffer
    ) -> Bool {
        guard filter?.holds(for: item, key: key) ?? true else { return false }
        let part = filter?.part(of: item) ?? Array(item)
        switch format {
        case .dynamoDBJSON:
            output.append("{\"Item\":")
            output.append(part)
            output.append("}\n")
        case .ion:
            output.append("$ion_1_0 {Item:")
            output.append(IonText.item(part))
            output.append("}\n")
        }
        return true
    }

    /// Appends a change's line, its images' attributes in the order of their names. Nothing when
    /// the filter leaves out its latest image; then false is returned.
    func append(
        _ change: TableHistory.Change, _ viewType: ExportRequest.ViewType, to output: ByteBuffer
    ) -> Bool {
        guard let latest = change.new ?? change.old else { return false }
        let isKept = latest.withUnsafeBytes { item in
            change.key.withUnsafeBytes { filter?.holds(for: item, key: $0) ?? true }
        }
        guard isKept else { return false }
        let old = viewType == .newAndOldImages ? change.old.map(image) : nil
        let new = change.new.map(image)
        let keys = latest.withUnsafeBytes {
            KeyText.of($0, Array(0..<layout.keyCount), layout: layout)
        }
        switch format {
        case .dynamoDBJSON:
            output.append("{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"")
            output.append(Array(String(change.microseconds).utf8))
            output.append("\"}},\"Keys\":")
            output.append(keys)
            Self.append(",\"OldImage\":", old, to: output)
            Self.append(",\"NewImage\":", new, to: output)
        case .ion:
            output.append("$ion_1_0 {Metadata:{WriteTimestampMicros:")
            output.append(Array("\(change.microseconds).},Keys:".utf8))
            output.append(IonText.item(keys))
            Self.append(",OldImage:", old.map(IonText.item), to: output)
            Self.append(",NewImage:", new.map(IonText.item), to: output)
        }
        output.append("}\n")
        return true
    }

    private static func append(_ name: StaticString, _ image: [UInt8]?, to output: ByteBuffer) {
        guard let image else { return }
        output.append(name)
        output.append(image)
    }

    /// What is exported of an item, with its attributes in order.
    private func image(_ item: [UInt8]) -> [UInt8] {
        let part = item.withUnsafeBytes { filter?.part(of: $0) } ?? item
        var members: [(name: [UInt8], text: [UInt8])] = []
        part.withUnsafeBytes { part in
            var reader = WireReader(part)
            // The item was checked when it was stored: there is nothing to throw.
            try? reader.members { (reader, name) throws(ServiceError) in
                let value = try reader.skipValue()
                members.append(
                    (name.bytes, [0x22] + Array(name.raw) + [0x22, 0x3A] + Array(value)))
            }
        }
        members.sort { $0.name.lexicographicallyPrecedes($1.name) }
        return [0x7B] + members.map(\.text).joined(separator: [0x2C]) + [0x7D]
    }
}
