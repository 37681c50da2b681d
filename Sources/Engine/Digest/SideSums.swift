import DynamoModel
import JSON

/// The sums of one side. It belongs to the queue of the side's driver, until that has ended.
package final class SideSums: @unchecked Sendable {
    // @unchecked: touched only on the driver's queue, and after the driver has ended.
    package private(set) var sums: TableSums
    private let digester: ItemDigester
    private var digests: [ItemDigest] = []

    package init(_ sums: TableSums, _ digester: ItemDigester) {
        self.sums = sums
        self.digester = digester
    }

    package func take(_ page: ScannedPage) throws(CopyFailure) {
        digests.removeAll(keepingCapacity: true)
        do throws(JSONError) {
            for slice in page.cut.items {
                digests.append(try digester.digest(slice, in: page.bytes))
            }
        } catch {
            throw CopyFailure(malformed: error, "Scan")
        }
        // All of the page or nothing of it: one that is refused is asked for again.
        sums.add(digests, segment: page.segment)
    }
}
