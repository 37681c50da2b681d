import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import JSON
import System

extension PageShape {
    /// Items of both sides by their keys, read consistently: each is rounded up by itself (guide,
    /// "Read and write operations"; API reference, BatchGetItem).
    static let keys: PageShape = {
        var shape = PageShape(
            itemBytesMax: 2 * ServiceLimits.itemBytesMax, pageBytesMax: 16 << 20,
            replyBytesPerByteMax: ServiceLimits.replyBytesPerStoredByteMax, envelope: 48 * 1024,
            unitBytes: ServiceLimits.readUnitBytes, unit: 1)
        shape.itemsMax = ServiceLimits.batchGetKeysMax
        shape.roundsEachItem = true
        return shape
    }()
}

/// Items that two tables are said to differ in, as both sides have them now. Its partitions draw on
/// one list of keys, so that several requests are under way; nothing of it is good in another
/// process, which finds out anew what differs.
///
/// An item of the source is to be put, on the condition that the target has what it was found to
/// have; one that only the target has is to be deleted. What is equal by now is left out.
package final class PairSource: PageSource, @unchecked Sendable {
    // @unchecked: `blocks` and `returned` are touched only on `keys`, the rest never changes.

    /// Keys to be looked at, one after the other; nil at the end. May read files.
    package typealias Feed = () throws(FlowFailure) -> AskedPair?

    package let shape = PageShape.keys
    private let lookups: (source: KeyLookup?, target: KeyLookup?)
    private let comparison: PairComparison
    private let queue: DispatchQueue
    /// A disk may be slow: the flow's queue does not wait for it.
    private let keys = DispatchQueue(label: "verify.keys")
    private var feed: Feed
    /// What was taken for each partition's page that is being read, and behind which cursor.
    private var blocks: [Flow.Partition: (after: Cursor?, pairs: [AskedPair])] = [:]
    /// Taken and not looked at.
    private var returned: [AskedPair] = []

    /// Requests under way on each side.
    private static let width = 4

    /// - Parameters:
    ///   - source: nil: it has none of the keys, as does the target where it is nil.
    ///   - queue: the flow's.
    package init(
        _ source: (any ReadableTable)?, _ target: (any ReadableTable)?,
        _ comparison: PairComparison, on queue: DispatchQueue, feed: @escaping Feed
    ) {
        let schema = comparison.schema
        lookups = (
            source.map { KeyLookup($0, side: "source", schema: schema, on: queue) },
            target.map { KeyLookup($0, side: "target", schema: schema, on: queue) }
        )
        self.comparison = comparison
        self.queue = queue
        self.feed = feed
    }

    package func open(_ saved: [PartitionRecord], _ done: @escaping Done<[Flow.Partition]>) {
        done(.success((0..<Self.width).map { Flow.Partition(name: "keys-\($0)") }))
    }

    package func cursor(after item: Int, of page: Page) -> Cursor {
        Self.cursor(behind: page.request.after)
    }

    /// Pages are counted: asked for twice, the same keys are looked at.
    private static func cursor(behind cursor: Cursor?) -> Cursor {
        let count = (cursor?.bytes ?? []).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        return Cursor(bytes: withUnsafeBytes(of: (count + 1).littleEndian) { Array($0) })
    }

    package func read(
        _ request: PageRequest, into buffer: ByteBuffer, _ done: @escaping Done<Page>
    ) {
        keys.async { [self] in
            do throws(FlowFailure) {
                let pairs = try block(for: request)
                queue.async { [self] in look(at: pairs, request, buffer, done) }
            } catch {
                done(.failure(error))
            }
        }
    }

    private func block(for request: PageRequest) throws(FlowFailure) -> [AskedPair] {
        var pairs: [AskedPair] = []
        if let block = blocks[request.partition], block.after == request.after {
            pairs = block.pairs
            if pairs.count > request.itemsMax {
                returned += pairs[request.itemsMax...]
                pairs.removeSubrange(request.itemsMax...)
            }
        } else {
            while pairs.count < min(request.itemsMax, ServiceLimits.batchGetKeysMax) {
                if let next = returned.popLast() {
                    pairs.append(next)
                } else if let next = try feed() {
                    pairs.append(next)
                } else {
                    break
                }
            }
        }
        blocks[request.partition] = (request.after, pairs)
        return pairs
    }

    private func giveBack(_ pairs: [AskedPair]) {
        if !pairs.isEmpty { keys.async { [self] in returned += pairs } }
    }

    // MARK: Both sides

    /// One side after the other, so that what is set aside for the page is enough for both.
    private func look(
        at pairs: [AskedPair], _ request: PageRequest, _ buffer: ByteBuffer,
        _ done: @escaping Done<Page>
    ) {
        if pairs.isEmpty {
            var page = Page(request, in: buffer)
            (page.units, page.unitsElsewhere) = (0, 0)
            return done(.success(page))
        }
        let keys = pairs.map(\.difference.key)
        guard let lookup = lookups.source else {
            buffer.removeAll()
            return lookThere(for: pairs, request, (CutBatchGet(), buffer), done)
        }
        lookup.read(keys, into: buffer, bytesMax: request.bytesMax) { [self] source in
            do throws(FlowFailure) {
                lookThere(for: pairs, request, (try source.get(), buffer), done)
            } catch {
                done(.failure(error))
            }
        }
    }

    private func lookThere(
        for pairs: [AskedPair], _ request: PageRequest,
        _ source: (cut: CutBatchGet, buffer: ByteBuffer), _ done: @escaping Done<Page>
    ) {
        let keys = pairs.lazy.filter { !$0.trustsAbsence }.map(\.difference.key)
        let other = ByteBuffer()
        let bytesMax = max(0, request.bytesMax - source.buffer.count)
        guard let lookup = lookups.target else {
            return done(compared(pairs, request, source, (CutBatchGet(), other)))
        }
        lookup.read(Array(keys), into: other, bytesMax: bytesMax) { [self] target in
            do throws(FlowFailure) {
                done(compared(pairs, request, source, (try target.get(), other)))
            } catch {
                var failure = error
                if let bytes = failure.replyBytes {
                    failure.replyBytes = source.buffer.count + bytes
                }
                done(.failure(failure))
            }
        }
    }

    private func compared(
        _ pairs: [AskedPair], _ request: PageRequest, _ source: PairComparison.Side,
        _ target: PairComparison.Side
    ) -> Result<Page, FlowFailure> {
        do throws(FlowFailure) {
            let states = try comparison.states(source, target)
            guard states.postponed.count < pairs.count else { throw .unprocessedKeys }
            let isPostponed = { (pair: AskedPair) in
                states.postponed.contains(pair.difference.keyHash)
            }
            giveBack(pairs.filter(isPostponed))
            var page = comparison.page(of: pairs.filter { !isPostponed($0) }, request, states)
            page.next = .more(Self.cursor(behind: request.after))
            return .success(page)
        } catch {
            return .failure(error)
        }
    }
}
