import Glibc
import JSON
import System

/// A line of an incremental export: what became of one item in its window.
package struct CutChange: Equatable, Sendable {
    /// Its new image; of one that was deleted its key.
    package var item: ItemSlice
    package var isDelete: Bool
    /// `Keys`; nil where the line has none.
    package var key: ItemSlice?
    /// What it was before the window; nil where there was none, or the export does not say.
    package var old: ItemSlice?
    /// When it was written last in the window, in microseconds since 1970; nil where the line does
    /// not say.
    package var written: Int?
}

extension LineCutter {
    /// The same of lines that are changes, `{"Metadata":{...},"Keys":{...},"OldImage":{...},
    /// "NewImage":{...}}` in any order (developer guide, "DynamoDB table export output format").
    package func cutChanges(
        _ lines: [Range<Int>], of bytes: UnsafeRawBufferPointer
    ) -> [Result<CutChange, JSONError>] {
        guard bytes.count > 0 else { return [] }
        return ByteWalk.overItems(bytes) { walk in
            lines.map { line in
                Result { () throws(JSONError) in
                    let change = try walk.walkLine(line) { (walk) throws(JSONError) in
                        try self.change(&walk)
                    }
                    try checkKey(of: change.item, in: bytes, line)
                    return change
                }
            }
        }
    }

    /// - Throws: for what is no change, or one whose parts are of several items.
    func change(_ walk: inout ByteWalk) throws(JSONError) -> CutChange {
        var (key, old, new): (ItemSlice?, ItemSlice?, ItemSlice?) = (nil, nil, nil)
        var written: Int?
        try walk.walkObject { (walk, name) throws(JSONError) in
            if walk.equals(name, "NewImage") {
                try image(&walk, into: &new)
            } else if walk.equals(name, "OldImage") {
                try image(&walk, into: &old)
            } else if walk.equals(name, "Keys") {
                try image(&walk, into: &key)
            } else if walk.equals(name, "Metadata") {
                written = try walk.walkMetadata()
            } else {
                throw walk.failure("it has a member that no change has")
            }
        }
        if let key {
            try walk.checkMembers(of: key, keys)
            for image in [old, new] {
                guard let image else { continue }
                guard walk.haveSameKey(key, image) else {
                    throw walk.failure("Keys and its images are of different items")
                }
            }
        }
        guard let item = new ?? key else {
            throw walk.failure("it is no change: it has neither Keys nor NewImage")
        }
        return CutChange(
            item: item, isDelete: new == nil, key: key, old: old, written: written)
    }

    private func image(
        _ walk: inout ByteWalk, into slice: inout ItemSlice?
    ) throws(JSONError) {
        guard slice == nil else { throw walk.failure("a part of the change stands twice") }
        slice = try walk.walkItem(keys)
    }
}

extension ByteWalk {
    /// Walks over `{"WriteTimestampMicros":{"N":"1768387654353205"}}`: some write the number
    /// without its type, or as text.
    fileprivate mutating func walkMetadata() throws(JSONError) -> Int? {
        var written: Int?
        try walkObject { (walk, name) throws(JSONError) in
            guard walk.equals(name, "WriteTimestampMicros") else { return try walk.walkValue() }
            let isTyped = walk.take(0x7B)
            if isTyped {
                guard walk.equals(try walk.walkString(), "N") else {
                    throw walk.failure("WriteTimestampMicros is no number")
                }
                try walk.expect(0x3A)
            }
            let isText = walk.peek() == 0x22
            guard isText || !isTyped else {
                throw walk.failure("WriteTimestampMicros: the number of N must be in quotes")
            }
            let digits =
                isText ? walk.bytes(try walk.walkString().range) : walk.bytes(try walk.walkNumber())
            written = CheckedNumber.int(String(decoding: digits, as: UTF8.self), in: 0 ... .max)
            guard written != nil else {
                throw walk.failure("WriteTimestampMicros is no whole number")
            }
            if isTyped { try walk.expect(0x7D) }
        }
        return written
    }

    /// Refuses a key that has more than its attributes.
    fileprivate mutating func checkMembers(
        of key: ItemSlice, _ names: KeyNames
    ) throws(JSONError) {
        let after = position
        defer { position = after }
        position = base + Int(key.offset)
        var count = 0
        try walkObject { (walk, _) throws(JSONError) in
            count += 1
            try walk.walkValue()
        }
        guard count == (names.sort == nil ? 1 : 2) else {
            throw failure("Keys has more than the attributes of the key")
        }
    }

    /// By value: spellings may differ, but hardly ever do.
    fileprivate mutating func haveSameKey(_ one: ItemSlice, _ other: ItemSlice) -> Bool {
        isSameValue(one.partitionKey, other.partitionKey)
            && (one.sortKey == 0 || isSameValue(one.sortKey, other.sortKey))
    }

    private mutating func isSameValue(_ one: UInt32, _ other: UInt32) -> Bool {
        let after = position
        defer { position = after }
        position = base + Int(one)
        let whole = UnsafeRawBufferPointer(start: base, count: end - base)
        guard (try? walkValue()) != nil else { return false }
        let count = offset - Int(one)
        if count <= whole.count - Int(other),
            memcmp(base + Int(one), base + Int(other), count) == 0
        {
            return true
        }
        guard let first = try? AttributeValue(keyAt: one, in: whole),
            let second = try? AttributeValue(keyAt: other, in: whole)
        else { return false }
        return first == second
    }
}
