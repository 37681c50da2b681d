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
/// Nothing of it is good in another process, as with ``PairSource``.
package final class FilePairSource: PageSource, Sendable {
    package let shape = PageShape.keys
    private let files: ExportSource
    private let wanted: WantedKeys
    private let lookup: KeyLookup
    private let comparison: PairComparison

    /// - Parameters:
    ///   - wanted: sorted.
    ///   - table: the other side.
    ///   - queue: the flow's.
    package init(
        _ files: ExportSource, _ wanted: WantedKeys, _ table: any ReadableTable,
        _ comparison: PairComparison, on queue: DispatchQueue
    ) {
        self.files = files
        self.wanted = wanted
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
        // What is lent for both sides holds lines and the table's answer.
        var lines = request
        lines.itemsMax = min(request.itemsMax, ServiceLimits.batchGetKeysMax)
        lines.bytesMax = request.bytesMax / 2
        let text = wanted.side == .source ? buffer : ByteBuffer()
        files.read(lines, into: text) { [self] result in
            do throws(FlowFailure) {
                let page = try result.get()
                look(at: try wantedItems(of: page), of: page, request, buffer, done)
            } catch {
                var failure = error
                if let bytes = failure.replyBytes { failure.replyBytes = 2 * bytes }
                done(.failure(failure))
            }
        }
    }

    /// An item of a page of lines that is wanted.
    private struct Found {
        /// Among the page's items.
        var item: Int
        var asked: AskedPair
    }

    private func wantedItems(of page: Page) throws(FlowFailure) -> [Found] {
        var found: [Found] = []
        for (item, slice) in page.items.enumerated() where !page.isRefused(item) {
            let hash = try comparison.keyHash(slice, in: page.buffer)
            guard wanted.contains(hash) else { continue }
            let (digest, key) = try comparison.digestAndKey(slice, in: page.buffer)
            guard let asked = wanted.asked(digest, key: key) else { continue }
            // Of lines of one key the last counts.
            found.removeAll { $0.asked.difference.keyHash == hash }
            found.append(Found(item: item, asked: asked))
        }
        return found
    }

    private func look(
        at found: [Found], of lines: Page, _ request: PageRequest, _ buffer: ByteBuffer,
        _ done: @escaping Done<Page>
    ) {
        let keys = found.filter { !$0.asked.trustsAbsence }.map(\.asked.difference.key)
        let reply = wanted.side == .source ? ByteBuffer() : buffer
        if wanted.side == .target { reply.removeAll() }
        let bytesMax = max(0, request.bytesMax - lines.buffer.count)
        lookup.read(keys, into: reply, bytesMax: bytesMax) { [self] result in
            do throws(FlowFailure) {
                done(.success(try page(of: found, lines, request, (try result.get(), reply))))
            } catch {
                var failure = error
                if let bytes = failure.replyBytes {
                    failure.replyBytes = lines.buffer.count + bytes
                }
                done(.failure(failure))
            }
        }
    }

    /// As far as keys were looked at: it ends before the first that was not.
    private func page(
        of found: [Found], _ lines: Page, _ request: PageRequest, _ reply: PairComparison.Side
    ) throws(FlowFailure) -> Page {
        var cut = CutBatchGet()
        cut.items = found.map { lines.items[$0.item] }
        cut.consumed = 0
        let text = (cut, lines.buffer)
        let states =
            wanted.side == .source
            ? try comparison.states(text, reply) : try comparison.states(reply, text)
        let looked = found.prefix { !states.postponed.contains($0.asked.difference.keyHash) }
        var page = comparison.page(of: looked.map(\.asked), request, states)
        page.next = lines.next
        if looked.count < found.count {
            let first = found[looked.count].item
            guard first > 0 else { throw .unprocessedKeys }
            page.next = .more(files.cursor(after: first - 1, of: lines))
        }
        return page
    }
}
