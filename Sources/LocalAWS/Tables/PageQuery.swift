import System

/// What a Query or Scan asks of a table, checked.
struct PageQuery {
    /// What is read.
    enum Extent {
        case segment(HashSegment)
        case keys(KeyRange)
    }

    var extent = Extent.segment(.whole)
    /// The index that is read; nil for the table itself.
    var index: String?
    /// The key to go on behind, in the spelling of what is read.
    var start: (hash: UInt64, key: [UInt8])?
    var isForward = true
    var limit = Int.max
    var isConsistent = false
    /// False to count only.
    var wantsItems = true
    /// Whether what a local index does not hold is fetched from the table.
    var fetches = false
    /// What an item must be like to be in the reply.
    var filter: ItemCondition?
    /// What of it is to be in the reply; nil for all.
    var projection: ItemProjection?

    /// Where in the hash space the read begins.
    var firstHash: UInt64 {
        switch extent {
        case .segment(let segment): start?.hash ?? segment.firstHash
        case .keys(let range): range.hash
        }
    }
}

/// What one page found; the items' bytes have gone to the output.
struct PageOutcome {
    /// Items read, and those of them that the filter let through.
    var scanned = 0
    var count = 0
    /// Of what was read, in the bytes that the service counts.
    var bytes = 0
    /// The last item's key in DynamoDB JSON, when the page ended before its extent.
    var lastKey: [UInt8]?
    var used = UnitsUsed()
}

extension ItemStore {
    /// Calls `body` with each entry of an extent, in the order that the query asks for, until it
    /// returns false.
    @inline(__always)
    func forEach(of query: PageQuery, _ body: (UInt64, Record) -> Bool) {
        var (first, last) = bounds(of: query.extent)
        if let start = query.start {
            start.key.withUnsafeBytes { key in
                if query.isForward {
                    first = max(first, position(after: start.hash, key))
                } else {
                    last = min(last, position(before: start.hash, key))
                }
            }
        }
        switch query.extent {
        case .segment: forEach(from: first, to: last, body)
        case .keys(let range):
            let isOfRange = { (record: Record) in range.isOfPartition(record.key) }
            if query.isForward {
                forEach(from: first, to: last) { !isOfRange($1) || body($0, $1) }
            } else {
                forEachBackwards(from: last, to: first) { !isOfRange($1) || body($0, $1) }
            }
        }
    }

    private func bounds(of extent: PageQuery.Extent) -> (first: Position, last: Position) {
        switch extent {
        case .segment(let segment):
            return (position(from: segment.firstHash), position(behind: segment.lastHash))
        case .keys(let range):
            let first = range.lower.withUnsafeBytes { position(before: range.hash, $0) }
            guard let upper = range.upper else { return (first, position(behind: range.hash)) }
            return (first, upper.withUnsafeBytes { position(before: range.hash, $0) })
        }
    }
}
