import Dispatch
import DynamoModel
import Flow
import JSON
import System

/// Compares items of both sides that have been read, each by its key.
package final class PairComparison: @unchecked Sendable {
    // @unchecked: `digester` is used only on the queue of the flow that it is made for.
    package let schema: KeySchema
    /// The attributes that hold the time to live, and since when an item has expired.
    private let expiry: (source: ExpiryRule?, target: ExpiryRule?)
    private let now: Int
    private let digester: ItemDigester
    /// Of the source: what it does not want is not there.
    private let transform: ItemTransform
    private let rewriter: ItemRewriter?

    /// Items of one side, and where they lie.
    typealias Side = (cut: CutBatchGet, buffer: ByteBuffer)

    /// - Parameters:
    ///   - expiry: attributes of the time to live; nil where there is none.
    ///   - now: seconds since 1970.
    ///   - transform: what becomes of the source's items before they are compared.
    package init(
        schema: KeySchema, key: DigestKey, expiry: (source: String?, target: String?), now: Int,
        transform: ItemTransform = ItemTransform()
    ) {
        self.schema = schema
        self.transform = transform
        rewriter = transform.changes.map { ItemRewriter($0, keys: schema, from: schema) }
        self.expiry = (
            expiry.source.map { ExpiryRule(attribute: $0) },
            expiry.target.map { ExpiryRule(attribute: $0) }
        )
        self.now = now
        digester = ItemDigester(schema: schema, key: key)
    }

    /// What was read of both sides, by the hashes of the keys.
    struct States {
        fileprivate var source: [UInt128: State] = [:]
        fileprivate var target: [UInt128: State] = [:]
        /// Of items that can't be changed as they are to be.
        fileprivate var unchangeable: Set<UInt128> = []
        /// Keys that were asked for and not looked at.
        fileprivate(set) var postponed: Set<UInt128> = []
        fileprivate var units: (source: Double?, target: Double?)
        /// Has the bytes of both sides.
        fileprivate let buffer: ByteBuffer

        fileprivate typealias State = (slice: ItemSlice, digest: UInt128)
    }

    /// Of an item that has been cut out, which none of these refuses.
    func keyHash(_ slice: ItemSlice, in buffer: ByteBuffer) throws(FlowFailure) -> UInt128 {
        do throws(JSONError) {
            return try digester.keyHash(slice, in: buffer.bytes)
        } catch {
            throw FlowFailure(malformed: error, "BatchGetItem")
        }
    }

    func digestAndKey(
        _ slice: ItemSlice, in buffer: ByteBuffer
    ) throws(FlowFailure) -> (digest: ItemDigest, key: [UInt8]) {
        do throws(JSONError) {
            return (
                try digester.digest(slice, in: buffer.bytes),
                try slice.key(in: buffer.bytes, schema: schema)
            )
        } catch {
            throw FlowFailure(malformed: error, "BatchGetItem")
        }
    }

    /// Both lie in the source's buffer from then on.
    /// - Parameter isTransformed: the source's items are what they are to become already.
    func states(
        _ source: Side, _ target: Side, isTransformed: Bool = false
    ) throws(FlowFailure) -> States {
        var states = States(buffer: source.buffer)
        let shift = UInt32(source.buffer.count)
        source.buffer.append(target.buffer.bytes)
        states.units = (source.cut.consumed, target.cut.consumed)
        // Nothing is charged for what was not asked.
        if shift == 0, states.units.source == nil { states.units.source = 0 }
        if target.buffer.count == 0, states.units.target == nil { states.units.target = 0 }
        target.buffer.release()
        let bytes = source.buffer.bytes
        do throws(JSONError) {
            for slice in target.cut.items {
                let slice = slice.shifted(by: shift)
                let digest = try digester.digest(slice, in: bytes)
                states.target[digest.key] = (slice, digest.item)
            }
            // Last, since what is changed is written behind all else.
            for slice in source.cut.items {
                guard
                    let slice = try isTransformed ? slice : transformed(slice, in: source.buffer)
                else {
                    if try transform.wants(slice, in: source.buffer.bytes) {
                        states.unchangeable.insert(
                            try digester.keyHash(slice, in: source.buffer.bytes))
                    }
                    continue
                }
                let digest = try digester.digest(slice, in: source.buffer.bytes)
                states.source[digest.key] = (slice, digest.item)
            }
            let bytes = source.buffer.bytes
            for slice in source.cut.unprocessed {
                states.postponed.insert(try digester.keyHash(slice, in: bytes))
            }
            for slice in target.cut.unprocessed {
                states.postponed.insert(try digester.keyHash(slice.shifted(by: shift), in: bytes))
            }
        } catch {
            throw FlowFailure(malformed: error, "BatchGetItem")
        }
        return states
    }

    /// Nil: it is as if it were not there.
    func transformed(
        _ slice: ItemSlice, in buffer: ByteBuffer
    ) throws(JSONError) -> ItemSlice? {
        guard try transform.wants(slice, in: buffer.bytes) else { return nil }
        guard let rewriter else { return slice }
        do throws(RewriteFailure) {
            return try rewriter.rewrite(slice, in: buffer) ?? slice
        } catch {
            switch error {
            case .malformed(let error): throw error
            case .refused: return transform.onFailure == .keep ? slice : nil
            }
        }
    }

    /// A page of the items of `pairs`, in their order; what neither side has is none.
    func page(of pairs: [AskedPair], _ request: PageRequest, _ states: States) -> Page {
        var page = Page(request, in: states.buffer)
        var made: [Pair] = []
        for asked in pairs {
            let (one, other) = (
                states.source[asked.difference.keyHash], states.target[asked.difference.keyHash]
            )
            var pair = Pair(
                asked: asked, now: PairState(source: one?.digest, target: other?.digest),
                source: one?.slice, target: other?.slice)
            guard let item = pair.source ?? pair.target else { continue }
            pair.isPast = isPast(pair, in: states.buffer.bytes)
            pair.isUnchangeable = states.unchangeable.contains(asked.difference.keyHash)
            page.items.append(item)
            page.operations.append(pair.source == nil ? .delete : .put)
            page.before.append(pair.target)
            page.storedBytes += Int(item.size)
            if pair.now.isEqual { page.leaveOut(page.items.count - 1, .equal) }
            made.append(pair)
        }
        page.made = [PagePairs(pairs: made)]
        (page.units, page.unitsElsewhere) = states.units
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

extension FlowFailure {
    /// No key that was asked for was looked at.
    static var unprocessedKeys: Self {
        FlowFailure(
            .slowDown, code: "UnprocessedKeys", message: "no key was looked for",
            mayLandWithin: landsWithin)
    }
}

extension ItemSlice {
    fileprivate func shifted(by bytes: UInt32) -> ItemSlice {
        ItemSlice(
            offset: offset + bytes, length: length, size: size,
            partitionKey: partitionKey + bytes, sortKey: sortKey == 0 ? 0 : sortKey + bytes)
    }
}
