import DynamoModel
import System

/// Makes one page of what is read: filters, projects, counts, and says when it is full.
///
/// A page ends when it has read 1 MB or `limit` items; the item that crosses the line is still in
/// it. It then has a last key even when nothing follows.
struct PageBuilder {
    private let query: PageQuery
    private let isPlain: Bool
    private(set) var outcome = PageOutcome()
    private(set) var shares: PartitionShares
    /// Units for what was fetched from the table for an index.
    private(set) var fetchUnits = 0.0

    /// - Parameter partitions: how many the read is charged to.
    init(_ query: PageQuery, partitions: Int) {
        self.query = query
        isPlain = query.filter == nil && query.projection == nil
        shares = PartitionShares(partitions: partitions)
    }

    /// Takes what was read next into the page; false when the page is full.
    ///
    /// - Parameters:
    ///   - item: in JSON, as far as it can be seen.
    ///   - size: of what was read.
    @inline(__always)
    mutating func add(
        _ item: UnsafeRawBufferPointer, size: Int, hash: UInt64, to output: inout ByteStorage
    ) -> Bool {
        if isPlain || query.filter?.holds(for: item) ?? true {
            if query.wantsItems {
                if outcome.count > 0 { output.append(0x2C) }
                append(item, to: &output)
            }
            outcome.count += 1
        }
        outcome.scanned += 1
        outcome.bytes += size
        shares.add(size, at: hash)
        return outcome.scanned < query.limit && outcome.bytes < ServiceLimits.pageBytesMax
    }

    @inline(__always)
    private func append(_ item: UnsafeRawBufferPointer, to output: inout ByteStorage) {
        if let projection = query.projection {
            output.append(array: projection.bytes(of: item))
        } else {
            output.append(item)
        }
    }

    /// Each item that is fetched is paid by itself (guide, "Local secondary indexes", reads).
    mutating func countFetch(bytes: Int) {
        fetchUnits += CapacityUnits.scan(bytes: bytes, consistent: query.isConsistent)
    }

    /// The page ends here, behind the item whose key this is.
    mutating func end(behind key: [UInt8]) { outcome.lastKey = key }
}
