import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import JSON
import System

/// Items of a table whose keys a file lists: a partition is a block of its lines, named by its
/// number, and its cursor is where in the file the next line begins. They are read consistently, by
/// BatchGetItem.
package final class KeyListSource: PageSource, @unchecked Sendable {
    // @unchecked: what changes is touched only on its queues.
    package let shape: PageShape = .lookup
    private let keys: KeyList
    private let schema: KeySchema
    private let lookup: KeyLookup
    private let digester: ItemDigester
    private let queue: DispatchQueue
    /// A disk may be slow: the flow's queue does not wait for it.
    private let files = DispatchQueue(label: "flow.keys")

    /// - Parameter queue: the flow's.
    package init(
        _ table: any ReadableTable, _ keys: KeyList, schema: KeySchema, on queue: DispatchQueue
    ) {
        self.keys = keys
        self.schema = schema
        self.queue = queue
        lookup = KeyLookup(table, side: "source", schema: schema, on: queue)
        digester = ItemDigester(schema: schema, key: KeyOrigins.hashKey)
    }

    package func open(_ saved: [PartitionRecord], _ done: @escaping Done<[Flow.Partition]>) {
        done(.success((0..<keys.blockCount).map { ScanSource.partition($0) }))
    }

    /// The lines that a page's items are of: where each ends.
    private struct Ends: Sendable {
        var ends: [Int]
    }

    package func cursor(after item: Int, of page: Page) -> Cursor {
        guard let ends = page.made(Ends.self) else {
            preconditionFailure("a page that is of no list")
        }
        return Self.cursor(ends.ends[item])
    }

    private static func cursor(_ place: Int) -> Cursor { Cursor(bytes: Array("\(place)".utf8)) }

    package func read(
        _ request: PageRequest, into buffer: ByteBuffer, _ done: @escaping Done<Page>
    ) {
        guard let block = ScanSource.segment(request.partition),
            (0..<keys.blockCount).contains(block)
        else {
            return done(
                .failure(
                    FlowFailure(
                        .giveUp, code: "BadKeys",
                        message: "\(keys.path) has no block \(request.partition.name)")))
        }
        let start = request.after.flatMap {
            CheckedNumber.int(String(decoding: $0.bytes, as: UTF8.self), in: 0...Int.max)
        }
        files.async { [self] in
            do throws(KeyList.Failure) {
                let most = min(request.itemsMax, ServiceLimits.batchGetKeysMax)
                let found = try keys.lines(ofBlock: block, from: start, most: most, schema)
                queue.async { [self] in look(for: found, request, buffer, done) }
            } catch {
                done(.failure(FlowFailure(.giveUp, code: "BadKeys", message: error.message)))
            }
        }
    }

    private func look(
        for found: (lines: [KeyList.Line], isEnd: Bool), _ request: PageRequest,
        _ buffer: ByteBuffer, _ done: @escaping Done<Page>
    ) {
        guard !found.lines.isEmpty else {
            var page = Page(request, in: buffer)
            page.units = 0
            return done(.success(page))
        }
        do throws(FlowFailure) {
            let hashes = try found.lines.map { line throws(FlowFailure) in try hash(line.key) }
            // A request may not name a key twice.
            var asked: Set<UInt128> = []
            let wanted = zip(found.lines, hashes).filter { asked.insert($1).inserted }
            lookup.read(
                wanted.map(\.0.key), into: buffer, bytesMax: request.bytesMax
            ) { [self] result in
                do throws(FlowFailure) {
                    done(
                        .success(
                            try page(
                                of: Array(zip(found.lines, hashes)), isEnd: found.isEnd, request,
                                try result.get(), buffer)))
                } catch {
                    done(.failure(error))
                }
            }
        } catch {
            done(.failure(error))
        }
    }

    private func hash(_ key: [UInt8]) throws(FlowFailure) -> UInt128 {
        let buffer = ByteBuffer()
        do throws(JSONError) {
            let slice = try PageCutter(schema: schema).cut(item: key, in: buffer)
            return try digester.keyHash(slice, in: buffer.bytes)
        } catch {
            throw FlowFailure(malformed: error, "BatchGetItem")
        }
    }

    /// As far as keys were looked at: it ends before the first that was not.
    private func page(
        of lines: [(KeyList.Line, UInt128)], isEnd: Bool, _ request: PageRequest,
        _ cut: CutBatchGet, _ buffer: ByteBuffer
    ) throws(FlowFailure) -> Page {
        var (items, postponed): ([UInt128: ItemSlice], Set<UInt128>) = ([:], [])
        do throws(JSONError) {
            for slice in cut.items {
                items[try digester.keyHash(slice, in: buffer.bytes)] = slice
            }
            for slice in cut.unprocessed {
                postponed.insert(try digester.keyHash(slice, in: buffer.bytes))
            }
        } catch {
            throw FlowFailure(malformed: error, "BatchGetItem")
        }
        let looked = lines.prefix { !postponed.contains($0.1) }
        guard let last = looked.last?.0 else { throw .unprocessedKeys }
        var page = Page(request, in: buffer)
        var (ends, seen): ([Int], Set<UInt128>) = ([], [])
        for (line, hash) in looked {
            guard seen.insert(hash).inserted else { continue }
            guard let item = items[hash] else {
                page.itemsMissing += 1
                continue
            }
            page.items.append(item)
            page.storedBytes += Int(item.size)
            ends.append(line.end)
        }
        page.itemsHidden = looked.count - page.items.count
        page.made.append(Ends(ends: ends))
        page.units = cut.consumed
        page.next =
            isEnd && looked.count == lines.count ? .end : .more(Self.cursor(last.end))
        return page
    }
}

extension PageShape {
    /// As ``keys``, but of one side.
    static let lookup: PageShape = {
        var shape = keys
        shape.itemBytesMax = ServiceLimits.itemBytesMax
        return shape
    }()
}
