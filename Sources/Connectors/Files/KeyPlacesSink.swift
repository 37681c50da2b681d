import Dispatch
import DynamoModel
import Flow
import JSON
import System

/// Keeps where each key of an export's files lies, to find those that come twice: in bounded
/// memory, since what does not fit is written to files of ``KeySpill``. On a queue of its own: a
/// disk may be slow.
package final class KeyPlacesSink: BatchSink, @unchecked Sendable {
    // @unchecked: what changes is touched only on `queue`, and after the flow has ended.
    package let shape = BatchShape.inPlace(itemsMax: 250)
    private let spill: KeySpill
    private let digester: ItemDigester
    private let queue = DispatchQueue(label: "import.keys")

    /// Batches that wait for the disk at a time.
    package static let batchesMax = 2
    /// Items that are left out at most: their places are held in memory. An export has no key
    /// twice; files with more are none.
    private let supersededMax: Int
    private static let bytesOfPlace = 64

    /// - Parameters:
    ///   - folder: where keys are kept that memory does not hold.
    ///   - bytesMax: that they may take in memory.
    package init(schema: KeySchema, folder: String, bytesMax: Int) {
        var generator = SystemRandomNumberGenerator()
        spill = KeySpill(folder: folder, bytesMax: bytesMax)
        supersededMax = max(1, bytesMax / Self.bytesOfPlace)
        digester = ItemDigester(schema: schema, key: DigestKey(using: &generator))
    }

    package func write(_ batch: [BatchItem], _ done: @escaping Done<BatchReply>) {
        queue.async { [self] in
            do throws(FlowFailure) {
                try take(batch)
                done(.success(BatchReply(isCharged: false)))
            } catch {
                done(.failure(error))
            }
        }
    }

    private func take(_ batch: [BatchItem]) throws(FlowFailure) {
        var table = KeyTable()
        do throws(JSONError) {
            for item in batch {
                guard let lines = item.made(PageLines.self) else {
                    preconditionFailure("an item that is no line")
                }
                let place = lines.of.place(of: lines.item)
                table.add(
                    ItemDigest(
                        key: try digester.keyHash(item.slice, in: item.page), item: place.number),
                    isTarget: false, key: [])
            }
        } catch {
            throw FlowFailure(malformed: error, "the files")
        }
        try spill.add(table)
    }

    /// Every place of a key but its last. The flow has ended; this may read files.
    /// - Throws: when a file can't be read, or there are too many.
    package func superseded() throws(FlowFailure) -> Set<LinePlace> {
        var merge = try spill.merge()
        var places: Set<LinePlace> = []
        var last: ItemDigest?
        while let next = try merge.nextRecord()?.digest {
            if let before = last, before.key == next.key {
                places.insert(LinePlace(number: min(before.item, next.item)))
                last = ItemDigest(key: next.key, item: max(before.item, next.item))
                guard places.count <= supersededMax else {
                    throw FlowFailure(
                        .giveUp, code: "KeysTwice",
                        message:
                            "more than \(supersededMax.counted("key")) come twice in the files",
                        hint: "are they of one table? --memory has room for more of them")
                }
            } else {
                last = next
            }
        }
        return places
    }
}
