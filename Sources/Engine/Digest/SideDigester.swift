import DynamoModel
import JSON

/// Picks the keys of one side. It belongs to the queue of the side's driver.
package final class SideDigester: @unchecked Sendable {
    // @unchecked: touched only on the driver's queue, and after the driver has ended.
    private let digester: ItemDigester
    /// What the items of each bucket that is looked at add up to this time.
    package private(set) var sums: [UInt128]

    package init(_ digester: ItemDigester, buckets: Int) {
        self.digester = digester
        sums = Array(repeating: 0, count: buckets)
    }

    package func keys(
        of page: ScannedPage, schema: KeySchema, isTarget: Bool, where difference: SumDifference
    ) throws(CopyFailure) -> KeyTable {
        var table = KeyTable()
        do throws(JSONError) {
            for slice in page.cut.items {
                let digest = try digester.digest(slice, in: page.bytes)
                guard difference.concerns(digest.key) else { continue }
                let key = try slice.key(in: page.bytes, schema: schema)
                table.add(digest, isTarget: isTarget, key: key)
            }
        } catch {
            throw CopyFailure(malformed: error, "Scan")
        }
        // All of the page or nothing of it: one that is refused is asked for again.
        for entry in table.entries {
            sums[difference.bucket(of: entry.digest.key)] &+= entry.digest.item
        }
        return table
    }
}
