import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import JSON
import System

/// Items of files that are said to differ from a table's, with that table's as they are now: files
/// can't be asked for a key, so they are read from their start to their end, and what is wanted of
/// each page is looked up in the table.
///
/// What was read of a file and not looked up yet is kept, so that a table that throttles does not
/// have it read again. Nothing of it is good in another process, as with ``PairSource``.
package final class FilePairSource: PageSource, @unchecked Sendable {
    // @unchecked: what changes is touched only on the flow's queue, and after the flow has ended.
    package let shape = PageShape.keys
    private let files: ExportSource
    private let wanted: WantedKeys
    private let superseded: Set<LinePlace>
    private let lookup: KeyLookup
    private let comparison: PairComparison
    /// By file: lines that are wanted, and have not been looked up.
    private var blocks: [Flow.Partition: Block] = [:]
    /// Wanted lines that have been met.
    package private(set) var found = 0

    private struct Block {
        /// Where it begins.
        var after: Cursor?
        var lines: ArraySlice<Line>
        /// What follows the last of them.
        var next: Page.Next
    }

    /// A line that is wanted.
    private struct Line {
        /// Before it.
        var cursor: Cursor
        var item: [UInt8]
        /// Where it lies in `item`.
        var slice: ItemSlice
        var asked: AskedPair
    }

    /// - Parameters:
    ///   - wanted: sorted.
    ///   - superseded: lines that don't count, since their keys come again.
    ///   - table: the other side.
    ///   - queue: the flow's.
    package init(
        _ files: ExportSource, _ wanted: WantedKeys, but superseded: Set<LinePlace>,
        _ table: any ReadableTable, _ comparison: PairComparison, on queue: DispatchQueue
    ) {
        self.files = files
        self.wanted = wanted
        self.superseded = superseded
        lookup = KeyLookup(
            table, side: wanted.side == .source ? "target" : "source", schema: comparison.schema,
            on: queue)
        self.comparison = comparison
    }

    package func open(_ saved: [PartitionRecord], _ done: @escaping Done<[Flow.Partition]>) {
        files.open([], done)
    }

    /// What comes before an item is looked at once more by whoever begins anew.
    package func cursor(after item: Int, of page: Page) -> Cursor {
        page.request.after ?? ExportSource.start
    }

    package func read(
        _ request: PageRequest, into buffer: ByteBuffer, _ done: @escaping Done<Page>
    ) {
        if let block = blocks[request.partition], block.after == request.after {
            return look(at: block, request, buffer, done)
        }
        // What is lent for both sides holds lines and the table's answer. How many lines there are
        // is not how many are wanted.
        var lines = request
        lines.itemsMax = ServiceLimits.batchGetKeysMax
        lines.bytesMax = request.bytesMax / 2
        files.read(lines, into: ByteBuffer()) { [self] result in
            do throws(FlowFailure) {
                let block = try block(of: try result.get(), after: request.after)
                found += block.lines.count
                blocks[request.partition] = block
                look(at: block, request, buffer, done)
            } catch {
                var failure = error
                if let bytes = failure.replyBytes { failure.replyBytes = 2 * bytes }
                done(.failure(failure))
            }
        }
    }

    private func block(of page: Page, after cursor: Cursor?) throws(FlowFailure) -> Block {
        defer { page.buffer.release() }
        guard let places = page.made(PageLines.self) else {
            preconditionFailure("a page that is of no file")
        }
        var lines: [Line] = []
        for item in page.items.indices where !page.isRefused(item) {
            let place = places.place(of: item)
            guard !superseded.contains(place),
                wanted.contains(try comparison.keyHash(page.items[item], in: page.buffer)),
                let slice = try transformed(page.items[item], in: page.buffer)
            else { continue }
            let (digest, key) = try comparison.digestAndKey(slice, in: page.buffer)
            guard let asked = wanted.asked(digest, key: key) else { continue }
            lines.append(
                Line(
                    cursor: DataFileReader.cursor(place.line),
                    item: Array(page.buffer.bytes[slice.range]), slice: slice, asked: asked))
        }
        return Block(after: cursor, lines: lines[...], next: page.next)
    }

    /// What a line of the source is to become; nil: it is as if it were not there.
    private func transformed(
        _ slice: ItemSlice, in buffer: ByteBuffer
    ) throws(FlowFailure) -> ItemSlice? {
        guard wanted.side == .source else { return slice }
        do throws(JSONError) {
            return try comparison.transformed(slice, in: buffer)
        } catch {
            throw FlowFailure(malformed: error, "GetObject")
        }
    }

    /// Looks up as many lines as the page may have.
    private func look(
        at block: Block, _ request: PageRequest, _ buffer: ByteBuffer, _ done: @escaping Done<Page>
    ) {
        var bytes = 0
        let lines = block.lines.prefix(max(1, request.itemsMax)).prefix { line in
            bytes += line.item.count
            return bytes <= request.bytesMax / 2 || bytes == line.item.count
        }
        let text = wanted.side == .source ? buffer : ByteBuffer()
        let reply = wanted.side == .source ? ByteBuffer() : buffer
        buffer.removeAll()
        var cut = CutBatchGet()
        cut.consumed = 0
        for line in lines {
            cut.items.append(line.slice.moved(to: text.count))
            text.append(line.item)
        }
        let keys = lines.filter { !$0.asked.trustsAbsence }.map(\.asked.difference.key)
        let bytesMax = max(0, request.bytesMax - text.count)
        lookup.read(keys, into: reply, bytesMax: bytesMax) { [self, cut] result in
            do throws(FlowFailure) {
                let page = try page(
                    of: Array(lines), (cut, text), (try result.get(), reply), block, request)
                done(.success(page))
            } catch {
                var failure = error
                if let bytes = failure.replyBytes { failure.replyBytes = text.count + bytes }
                done(.failure(failure))
            }
        }
    }

    /// As far as keys were looked at: it ends before the first that was not.
    private func page(
        of lines: [Line], _ text: PairComparison.Side, _ reply: PairComparison.Side,
        _ block: Block, _ request: PageRequest
    ) throws(FlowFailure) -> Page {
        let states =
            wanted.side == .source
            ? try comparison.states(text, reply, isTransformed: true)
            : try comparison.states(reply, text)
        let looked = lines.prefix { !states.postponed.contains($0.asked.difference.keyHash) }
        guard lines.isEmpty || !looked.isEmpty else { throw .unprocessedKeys }
        var page = comparison.page(of: looked.map(\.asked), request, states)
        page.next = block.next
        let rest = block.lines.dropFirst(looked.count)
        if let first = rest.first {
            page.next = .more(first.cursor)
            blocks[request.partition] = Block(
                after: first.cursor, lines: rest, next: block.next)
        } else {
            blocks[request.partition] = nil
        }
        return page
    }
}

extension ItemSlice {
    /// The same item where it lies elsewhere.
    fileprivate func moved(to place: Int) -> ItemSlice {
        let start = UInt32(clamping: place)
        return ItemSlice(
            offset: start, length: length, size: size,
            partitionKey: partitionKey - offset + start,
            sortKey: sortKey == 0 ? 0 : sortKey - offset + start)
    }
}
