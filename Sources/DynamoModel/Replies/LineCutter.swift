import JSON
import System

/// Cuts lines of files into items, one a line, above all those of an export's data files (developer
/// guide, "DynamoDB table export output format"). Each is checked as those of a page are.
package struct LineCutter: Sendable {
    /// How an item stands in its line.
    package enum Form: Sendable {
        /// `{"Item":{"pk":{"S":"a"}}}`
        case item
        /// `{"pk":{"S":"a"}}`
        case attributes
        /// `{"PutRequest":{"Item":{"pk":{"S":"a"}}}}`
        case putRequest
        /// `{"Keys":{...},"NewImage":{...}}`: see ``cutChanges(_:of:)``.
        case change
    }

    let keys: KeyNames

    package init(schema: KeySchema) {
        keys = KeyNames(schema)
    }

    /// - Parameters:
    ///   - lines: where each lies in `bytes`, without its end of line.
    ///   - bytes: followed by ``PageCutter/padding`` readable zero bytes.
    /// - Returns: for each line its item, or why it is none.
    package func cut(
        _ lines: [Range<Int>], of bytes: UnsafeRawBufferPointer, as form: Form = .item
    ) -> [Result<ItemSlice, JSONError>] {
        guard bytes.count > 0 else { return [] }
        return ByteWalk.overItems(bytes) { walk in
            lines.map { line in
                Result { () throws(JSONError) in
                    let item = try walk.walkLine(line) { (walk) throws(JSONError) in
                        try self.item(&walk, as: form)
                    }
                    try checkKey(of: item, in: bytes, line)
                    return item
                }
            }
        }
    }

    /// No service has looked at it: a key that none would take is no key (guide, "Quotas").
    func checkKey(
        of item: ItemSlice, in bytes: UnsafeRawBufferPointer, _ line: Range<Int>
    ) throws(JSONError) {
        do throws(JSONError) {
            try Self.checkKey(of: item, in: bytes)
        } catch {
            throw JSONError(offset: error.offset - line.lowerBound, reason: error.reason)
        }
    }

    /// Looks whether a key is as long as one may be.
    static func checkKey(
        of item: ItemSlice, in bytes: UnsafeRawBufferPointer
    ) throws(JSONError) {
        try check(
            "partition", at: item.partitionKey, ServiceLimits.partitionKeyBytesMax, item, bytes)
        guard item.sortKey != 0 else { return }
        try check("sort", at: item.sortKey, ServiceLimits.sortKeyBytesMax, item, bytes)
    }

    private static func check(
        _ name: String, at offset: UInt32, _ bytesMax: Int, _ item: ItemSlice,
        _ bytes: UnsafeRawBufferPointer
    ) throws(JSONError) {
        // `{"S":"x`: of an item of few bytes nothing else is to be looked at.
        let start = Int(offset)
        let isShort = item.size <= bytesMax
        if isShort, bytes[start + 1] == 0x22, bytes[start + 3] == 0x22, bytes[start + 4] == 0x3A,
            bytes[start + 5] == 0x22, bytes[start + 6] != 0x22
        {
            return
        }
        let count: Int?
        switch try? AttributeValue(keyAt: offset, in: bytes) {
        case .string(let value)?, .binary(let value)?: count = value.count
        case .number?: return
        default: count = nil
        }
        guard let count, count > 0, count <= bytesMax else {
            throw JSONError(
                offset: start,
                reason: count == 0
                    ? "the \(name) key is empty"
                    : "the \(name) key has \((count ?? 0).counted("byte")), and"
                        + " \(bytesMax) are allowed"
            )
        }
    }

    private func item(_ walk: inout ByteWalk, as form: Form) throws(JSONError) -> ItemSlice {
        if form == .attributes { return try walk.walkItem(keys) }
        if form == .change { return try change(&walk).item }
        if form == .putRequest {
            try walk.expect(0x7B)
            let name = try walk.walkString()
            if walk.equals(name, "DeleteRequest") {
                throw walk.failure("it is a DeleteRequest, and nothing is deleted")
            }
            guard walk.equals(name, "PutRequest") else {
                throw walk.failure("it is no request: PutRequest is missing")
            }
            try walk.expect(0x3A)
        }
        try walk.expect(0x7B)
        guard walk.equals(try walk.walkString(), "Item") else {
            throw walk.failure(
                form == .item
                    ? "it is no line of a full export: Item is missing"
                    : "it is no PutRequest: Item is missing")
        }
        try walk.expect(0x3A)
        let item = try walk.walkItem(keys)
        try walk.expect(0x7D)
        if form == .putRequest { try walk.expect(0x7D) }
        return item
    }
}

extension ByteWalk {
    /// Walks over a line, which must be what `body` walks over and nothing else.
    /// - Throws: with offsets from the beginning of the line.
    mutating func walkLine<Value>(
        _ line: Range<Int>, _ body: (inout ByteWalk) throws(JSONError) -> Value
    ) throws(JSONError) -> Value {
        position = base + line.lowerBound
        do throws(JSONError) {
            let value = try body(&self)
            // What is not closed here may go on in the next line.
            guard offset <= line.upperBound else {
                throw JSONError(offset: line.upperBound, reason: "the line ends within its item")
            }
            skipSpace()
            guard offset >= line.upperBound else {
                throw failure("unexpected bytes after the item")
            }
            return value
        } catch {
            throw JSONError(offset: error.offset - line.lowerBound, reason: error.reason)
        }
    }
}
