import DynamoModel
import Flow
import JSON
import System

/// An item that the target refused for good.
package struct DeadLetter: Equatable, Sendable {
    package var code: String
    package var reason: String
    /// The item's key as JSON: a table's dead letters have one entry a key.
    package var key: [UInt8]
    /// Its JSON, as it was to be written, or its key where no more may be shown.
    package var item: [UInt8]

    /// It is a line of a file that is no item, of which at most the first bytes are kept.
    package var isLine: Bool { code == BadLine.code }

    package init(code: String, reason: String, key: [UInt8], item: [UInt8]) {
        self.code = code
        self.reason = reason
        self.key = key
        self.item = item
    }

    /// The items that a save is to keep.
    /// - Throws: for an item whose key can't be read.
    package static func all(
        of entry: JournalEntry, schema: KeySchema
    ) throws(JobError) -> [DeadLetter] {
        do throws(JSONError) {
            return try entry.deadLetters.map { refused throws(JSONError) in
                try DeadLetter(refused, schema: schema)
            }
        } catch {
            // A source has cut them out before.
            throw JobError("an item that was refused can't be read: \(error)")
        }
    }

    private init(_ refused: RefusedBytes, schema: KeySchema) throws(JSONError) {
        // A line of a file that is no item has no key: its place tells it from others.
        guard refused.code != BadLine.code else {
            self.init(
                code: refused.code, reason: refused.reason, key: Array(refused.reason.utf8),
                item: refused.item)
            return
        }
        if let key = refused.key {
            self.init(code: refused.code, reason: refused.reason, key: key, item: refused.item)
            return
        }
        let page = ByteBuffer()
        let slice = try PageCutter(schema: schema).cut(item: refused.item, in: page)
        self.init(
            code: refused.code, reason: refused.reason,
            key: try slice.key(in: page.bytes, schema: schema), item: refused.item)
    }
}

extension PageCutter {
    /// Where an item's parts lie that comes alone; `page` holds it then.
    func cut(item: [UInt8], in page: ByteBuffer) throws(JSONError) -> ItemSlice {
        page.append("{\"Count\":1,\"Items\":[")
        page.append(item)
        page.append("]}")
        guard let slice = try cut(page.bytes).items.first else {
            throw JSONError(offset: 0, reason: "no item")
        }
        return slice
    }
}
