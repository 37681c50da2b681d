import DynamoModel
import Flow
import JSON
import System

/// What else is known of the changes of a page, made by ``ExportSource``: its items are what they
/// have become, or the keys of what was deleted.
struct PageChanges: Sendable {
    /// The key of each, in the page's buffer; of a line that is no change the line.
    var keys: [ItemSlice] = []
    /// What each item was before; nil: there was none, or nothing says.
    var old: [ItemSlice?] = []
    /// What the items were before is what the target holds.
    var followsTarget = false
    /// What was before is said of all that was there.
    var showsOldImages = false
}

extension Page {
    /// A change that brings nothing the target is to have: what it held before goes.
    /// - Parameter reason: why, where the item is no change and is just left out.
    mutating func drop(_ item: Int, of changes: PageChanges?, _ reason: LeftOut) {
        guard let changes else { return leaveOut(item, reason) }
        if isDelete(item) { return }
        var key = changes.keys[item]
        key.size = written(item).size
        delete(item, key: key)
    }
}

/// Makes items of the lines of one file of changes.
struct ChangeLines {
    private let cutter: LineCutter
    private let schema: KeySchema
    private let window: ChainedWindow?
    /// Items that were put, and their stored bytes: what is deleted is taken to be like them.
    private var puts = (count: 0, bytes: 0)

    init(_ cutter: LineCutter, _ schema: KeySchema, _ window: ChainedWindow?) {
        (self.cutter, self.schema, self.window) = (cutter, schema, window)
    }

    /// The items of some lines: what else is known of them goes into the page.
    mutating func cut(
        _ lines: [Range<Int>], of buffer: ByteBuffer, into page: inout Page
    ) -> [Result<ItemSlice, JSONError>] {
        var known = PageChanges()
        known.followsTarget = window?.joinsExactly == true
        known.showsOldImages = window?.window.showsOldImages == true
        var operations: [Operation] = []
        var items: [Result<ItemSlice, JSONError>] = []
        for (number, result) in cutter.cutChanges(lines, of: buffer.bytes).enumerated() {
            switch result {
            case .success(let change):
                let key = key(of: change, in: buffer)
                let isDelete = change.isDelete || isLeftToLaterWindow(change)
                known.keys.append(key)
                known.old.append(change.old)
                operations.append(isDelete ? .delete : .put)
                items.append(.success(sized(isDelete ? key : change.item, change, isDelete)))
            case .failure(let error):
                known.keys.append(ItemSlice(line: lines[number]))
                known.old.append(nil)
                operations.append(.put)
                items.append(.failure(error))
            }
        }
        page.made.append(known)
        if operations.contains(.delete) { page.operations = operations }
        return items
    }

    /// The last write came after a later window had begun, whose lines count for it. That window
    /// has no line for an item that was not there at its begin nor at its end: so this one deletes
    /// the item, and where it is still there the later one puts it.
    private func isLeftToLaterWindow(_ change: CutChange) -> Bool {
        guard let cutoff = window?.cutoff, let written = change.written else { return false }
        return written >= Int(clamping: (cutoff * 1e6).rounded())
    }

    /// The key of a change; of a line that has none it is put behind what came.
    private func key(of change: CutChange, in buffer: ByteBuffer) -> ItemSlice {
        if let key = change.key { return key }
        let start = buffer.count
        guard let key = try? change.item.key(in: buffer.bytes, schema: schema) else {
            return change.item
        }
        buffer.append(key)
        let cut = cutter.cut([start..<buffer.count], of: buffer.bytes, as: .attributes)
        return (try? cut.first?.get()) ?? change.item
    }

    /// A delete takes the units of what it deletes: its old image tells, or the items that are put
    /// must do.
    private mutating func sized(
        _ slice: ItemSlice, _ change: CutChange, _ isDelete: Bool
    ) -> ItemSlice {
        var slice = slice
        if isDelete {
            let usual = puts.count > 0 ? UInt32(clamping: puts.bytes / puts.count) : slice.size
            slice.size = change.old?.size ?? usual
        } else {
            puts = (puts.count + 1, puts.bytes.addingClamped(Int(slice.size)))
        }
        return slice
    }
}

extension ItemSlice {
    /// Of a line that is no item.
    init(line: Range<Int>) {
        self.init(
            offset: UInt32(clamping: line.lowerBound), length: UInt32(clamping: line.count),
            size: 0)
    }
}
