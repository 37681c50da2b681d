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
    private let lookups: (source: KeyLookup, target: KeyLookup)
    /// The attributes that hold the time to live, and since when an item has expired.
    private let expiry: (source: ExpiryRule?, target: ExpiryRule?)
    private let now: Int
    private let digester: ItemDigester
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
    ///   - expiry: attributes of the time to live; nil where there is none.
    ///   - now: seconds since 1970.
    ///   - queue: the flow's.
    package init(
        _ source: any ReadableTable, _ target: any ReadableTable, schema: KeySchema,
        key: DigestKey, expiry: (source: String?, target: String?), now: Int,
        on queue: DispatchQueue, feed: @escaping Feed
    ) {
        lookups = (
            KeyLookup(source, side: "source", schema: schema, on: queue),
            KeyLookup(target, side: "target", schema: schema, on: queue)
        )
        self.expiry = (
            expiry.source.map { ExpiryRule(attribute: $0) },
            expiry.target.map { ExpiryRule(attribute: $0) }
        )
        self.now = now
        digester = ItemDigester(schema: schema, key: key)
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
        if pairs.isEmpty { return done(.success(Page(request, in: buffer))) }
        let keys = pairs.map(\.difference.key)
        lookups.source.read(keys, into: buffer, bytesMax: request.bytesMax) { [self] source in
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
        lookups.target.read(Array(keys), into: other, bytesMax: bytesMax) { [self] target in
            do throws(FlowFailure) {
                done(.success(try page(of: pairs, request, source, (try target.get(), other))))
            } catch {
                var failure = error
                if let bytes = failure.replyBytes {
                    failure.replyBytes = source.buffer.count + bytes
                }
                done(.failure(failure))
            }
        }
    }

    private func page(
        of pairs: [AskedPair], _ request: PageRequest,
        _ source: (cut: CutBatchGet, buffer: ByteBuffer),
        _ target: (cut: CutBatchGet, buffer: ByteBuffer)
    ) throws(FlowFailure) -> Page {
        var page = Page(request, in: source.buffer)
        var postponed: Set<UInt128> = []
        var here: [UInt128: (ItemSlice, UInt128)] = [:]
        var there: [UInt128: (ItemSlice, UInt128)] = [:]
        // Both replies lie in one buffer from here on.
        let shift = UInt32(source.buffer.count)
        source.buffer.append(target.buffer.bytes)
        let targetAnswered = target.buffer.count > 0
        target.buffer.release()
        let bytes = source.buffer.bytes
        do throws(JSONError) {
            for slice in source.cut.items {
                let digest = try digester.digest(slice, in: bytes)
                here[digest.key] = (slice, digest.item)
            }
            for slice in target.cut.items {
                let slice = slice.shifted(by: shift)
                let digest = try digester.digest(slice, in: bytes)
                there[digest.key] = (slice, digest.item)
            }
            for slice in source.cut.unprocessed {
                postponed.insert(try digester.keyHash(slice, in: bytes))
            }
            for slice in target.cut.unprocessed {
                postponed.insert(try digester.keyHash(slice.shifted(by: shift), in: bytes))
            }
        } catch {
            throw FlowFailure(malformed: error, "BatchGetItem")
        }
        guard postponed.count < pairs.count else {
            throw FlowFailure(
                .slowDown, code: "UnprocessedKeys", message: "no key was looked for",
                mayLandWithin: FlowFailure.landsWithin)
        }
        giveBack(pairs.filter { postponed.contains($0.difference.keyHash) })
        var made: [Pair] = []
        for asked in pairs where !postponed.contains(asked.difference.keyHash) {
            let (one, other) = (here[asked.difference.keyHash], there[asked.difference.keyHash])
            var pair = Pair(
                asked: asked, now: PairState(source: one?.1, target: other?.1),
                source: one?.0, target: other?.0)
            guard let item = pair.source ?? pair.target else { continue }
            pair.isPast = isPast(pair, in: bytes)
            page.items.append(item)
            page.operations.append(pair.source == nil ? .delete : .put)
            page.before.append(pair.target)
            page.storedBytes += Int(item.size)
            if pair.now.isEqual { page.leaveOut(page.items.count - 1, .equal) }
            made.append(pair)
        }
        page.made = [PagePairs(pairs: made)]
        page.units = source.cut.consumed
        page.unitsElsewhere = target.cut.consumed ?? (targetAnswered ? nil : 0)
        page.next = .more(Self.cursor(behind: request.after))
        return page
    }

    private func isPast(_ pair: Pair, in bytes: UnsafeRawBufferPointer) -> Bool {
        let (slice, rule) =
            pair.target == nil
            ? (pair.source, expiry.source)
            : pair.source == nil ? (pair.target, expiry.target) : (nil, nil)
        guard let slice, let rule else { return false }
        return (try? rule.expired([slice], in: bytes, at: now).isEmpty) == false
    }
}

extension ItemSlice {
    fileprivate func shifted(by bytes: UInt32) -> ItemSlice {
        ItemSlice(
            offset: offset + bytes, length: length, size: size,
            partitionKey: partitionKey + bytes, sortKey: sortKey == 0 ? 0 : sortKey + bytes)
    }
}
