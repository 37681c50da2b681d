import DynamoModel
import JSON
import System

/// Text in Amazon Ion as DynamoDB writes and reads it (developer guide, "Import formats"): a struct
/// an item, `$ion_1_0 {Item:{pk:"a",n:1.}}`. Strings are S, decimals N, blobs B, and lists with an
/// annotation `$dynamodb_SS`, `$dynamodb_NS` or `$dynamodb_BS` are sets.
struct IonRecords: RecordFormat {
    let noun = "item"

    func length(of bytes: UnsafeRawBufferPointer, isLast: Bool) -> Int? {
        var scan = IonScan(bytes)
        guard let start = scan.skipBetween() else { return isLast ? end(bytes) : nil }
        guard start == 0x7B else {
            return TextLine.length(
                of: UnsafeRawBufferPointer(rebasing: bytes[scan.position...]), isLast: isLast
            ).map { $0 + scan.position }
        }
        return scan.skipContainer() ? scan.position : end(isLast ? bytes : nil)
    }

    private func end(_ bytes: UnsafeRawBufferPointer?) -> Int? {
        bytes.flatMap { $0.isEmpty ? nil : $0.count }
    }

    func isBlank(_ record: UnsafeRawBufferPointer) -> Bool {
        var scan = IonScan(record)
        return scan.skipBetween() == nil
    }

    func item(_ record: UnsafeRawBufferPointer) throws(RecordDefect) -> [UInt8] {
        var reader = Self.reader(record)
        return try reader.item()
    }

    fileprivate static func reader(_ record: UnsafeRawBufferPointer) -> IonReader {
        var scan = IonScan(record)
        _ = scan.skipBetween()
        return IonReader(record, at: scan.position)
    }
}

/// The same of an incremental export: `$ion_1_0 {Metadata:{...},Keys:{...},NewImage:{...}}`. Lines
/// become what they are in DynamoDB JSON.
struct IonChanges: RecordFormat {
    private let records = IonRecords()
    let noun = "change"

    func length(of bytes: UnsafeRawBufferPointer, isLast: Bool) -> Int? {
        records.length(of: bytes, isLast: isLast)
    }

    func isBlank(_ record: UnsafeRawBufferPointer) -> Bool { records.isBlank(record) }

    func item(_ record: UnsafeRawBufferPointer) throws(RecordDefect) -> [UInt8] {
        var reader = IonRecords.reader(record)
        return try reader.change()
    }
}

/// Finds where values end, and looks at nothing else.
private struct IonScan {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private func starts(with text: StaticString) -> Bool {
        let rest = bytes.count - position
        guard rest >= text.utf8CodeUnitCount else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy {
            bytes[position + $0] == text.utf8Start[$0]
        }
    }

    /// White space, comments, version markers, and what may stand around structs in a list.
    /// - Returns: the byte that follows; nil at the end.
    mutating func skipBetween() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            if byte <= 0x20 || byte == 0x2C || byte == 0x5B || byte == 0x5D {
                position += 1
            } else if starts(with: "$ion_1_0") {
                position += 8
            } else if !skipComment() {
                return byte
            }
        }
        return nil
    }

    private mutating func skipComment() -> Bool {
        if starts(with: "//") {
            while position < bytes.count, bytes[position] != 0x0A { position += 1 }
            return true
        }
        guard starts(with: "/*") else { return false }
        position += 2
        while position < bytes.count, !starts(with: "*/") { position += 1 }
        position = min(bytes.count, position + 2)
        return true
    }

    /// From `{` to the `}` that closes it.
    /// - Returns: false where the bytes end before that.
    mutating func skipContainer() -> Bool {
        var depth = 0
        while position < bytes.count {
            if skipComment() { continue }
            switch bytes[position] {
            case 0x22: skipText("\"")
            case 0x27: skipText(starts(with: "'''") ? "'''" : "'")
            case 0x7B where starts(with: "{{"): skipBlob()
            case 0x7B, 0x5B: (depth, position) = (depth + 1, position + 1)
            case 0x7D, 0x5D: (depth, position) = (depth - 1, position + 1)
            default: position += 1
            }
            if depth == 0 { return true }
        }
        return false
    }

    /// Base 64 may have `//` in it, which is no comment there.
    private mutating func skipBlob() {
        while position < bytes.count, !starts(with: "}}") { position += 1 }
        position = min(bytes.count, position + 2)
    }

    private mutating func skipText(_ quote: StaticString) {
        position += quote.utf8CodeUnitCount
        while position < bytes.count {
            if bytes[position] == 0x5C {
                position += 2
            } else if starts(with: quote) {
                position += quote.utf8CodeUnitCount
                return
            } else {
                position += 1
            }
        }
        position = bytes.count
    }
}
