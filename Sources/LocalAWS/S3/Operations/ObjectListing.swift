/// What a listing asks for: keys that begin with a prefix, those behind a delimiter as one.
///
/// A value that decides which keys are on a page; it knows nothing of objects.
struct ObjectListing {
    var prefix = ObjectKey("")
    /// Empty for none.
    var delimiter = ObjectKey("")
    /// Keys and common prefixes up to this one are left out.
    var after: ObjectKey?
    var limit: Int

    struct Page: Equatable {
        var keys: [ObjectKey] = []
        var commonPrefixes: [ObjectKey] = []
        /// The key or the common prefix that came last.
        var last: ObjectKey?
        var isTruncated = false

        var count: Int { keys.count + commonPrefixes.count }
    }

    /// The first page of `keys`, which are in their order, behind ``after``.
    func page(of keys: [ObjectKey]) -> Page {
        var page = Page()
        // Of none it is not said that there are more.
        guard limit > 0 else { return page }
        var place = keys.firstPlace { $0 < prefix || isDone($0) }
        while place < keys.count, keys[place].hasPrefix(prefix) {
            let common = commonPrefix(of: keys[place])
            let next = common ?? keys[place]
            if !isDone(next) {
                guard page.count < limit else {
                    page.isTruncated = true
                    break
                }
                if common == nil {
                    page.keys.append(next)
                } else {
                    page.commonPrefixes.append(next)
                }
                page.last = next
            }
            place =
                common.map { common in keys.firstPlace { $0 < common || $0.hasPrefix(common) } }
                ?? place + 1
        }
        return page
    }

    private func isDone(_ key: ObjectKey) -> Bool { after.map { key <= $0 } ?? false }

    /// The key up to the first delimiter behind the prefix; nil when there is none.
    private func commonPrefix(of key: ObjectKey) -> ObjectKey? {
        let mark = delimiter.bytes
        guard let first = mark.first else { return nil }
        var place = prefix.bytes.count
        while let found = key.bytes[place...].firstIndex(of: first) {
            let end = found + mark.count
            guard end <= key.bytes.count else { return nil }
            if key.bytes[found..<end].elementsEqual(mark) {
                return ObjectKey(Array(key.bytes[..<end]))
            }
            place = found + 1
        }
        return nil
    }
}
