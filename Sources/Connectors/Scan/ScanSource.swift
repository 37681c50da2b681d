import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import JSON
import System

/// Items of a table as a parallel scan gives them: a partition is a segment, named by its number,
/// and its cursor is the key of an item, as JSON (`ExclusiveStartKey`; API reference, Scan).
package final class ScanSource: PageSource, @unchecked Sendable {
    // @unchecked: what changes is touched only on `queue`.

    /// What is asked of a page.
    package enum Contents: Sendable {
        case items
        /// Only how many items there are, at the same units.
        case count
    }

    /// What is scanned, and how.
    package struct Settings: Sendable {
        /// `TotalSegments`: cursors are good only with the same.
        package var segments: Int
        /// Those that are read; nil: all.
        package var chosen: [Int]?
        package var isConsistent = false
        package var contents = Contents.items
        /// What the service judges itself. With a key condition there is one segment.
        package var filter: ServiceFilter?
        /// The first page of the first segment, where it was read before.
        package var first: KeptReply?

        package init(segments: Int) {
            precondition(
                (1...ServiceLimits.segmentsMax).contains(segments),
                "\(segments) is no segment count")
            self.segments = segments
        }
    }

    package let shape: PageShape
    private let table: any ReadableTable
    private let subject: String
    private let schema: KeySchema
    private let settings: Settings
    private let request: ScanRequest
    private let operation: ReadOperation
    private let cutter: PageCutter
    private let queue: DispatchQueue
    /// nil once it was asked for.
    private var first: KeptReply?
    private var loops: [Int: CursorLoop] = [:]
    /// By segment: which page came last. A page that a stage could not read is asked for again.
    private var last: [Int: (after: Cursor?, next: Cursor)] = [:]
    private var bodies = BufferPool(idleBytesMax: 1 << 18)

    /// - Parameters:
    ///   - side: `source` or `target`, for messages.
    ///   - queue: the flow's.
    package init(
        _ table: any ReadableTable, side: String, schema: KeySchema, _ settings: Settings,
        on queue: DispatchQueue
    ) {
        self.table = table
        subject = "the \(side) \(table.name)"
        self.schema = schema
        self.settings = settings
        self.queue = queue
        shape = .scan(isConsistent: settings.isConsistent)
        first = settings.first
        cutter = PageCutter(schema: schema)
        request = ScanRequest(
            table: table.name, segments: settings.segments, isConsistent: settings.isConsistent,
            countsOnly: settings.contents == .count, filter: settings.filter)
        operation = settings.filter?.isQuery == true ? .query : .scan
    }

    /// The partition of a segment.
    package static func partition(_ segment: Int) -> Flow.Partition {
        Partition(name: "\(segment)")
    }

    /// The segment of a partition; nil for what ``partition(_:)`` has not named.
    package static func segment(_ partition: Flow.Partition) -> Int? { Int(partition.name) }

    package func open(_ saved: [PartitionRecord], _ done: @escaping Done<[Flow.Partition]>) {
        let segments = settings.chosen?.sorted() ?? Array(0..<settings.segments)
        done(.success(segments.map { Self.partition($0) }))
    }

    package func read(
        _ page: PageRequest, into buffer: ByteBuffer, _ done: @escaping Done<Page>
    ) {
        guard let segment = Self.segment(page.partition) else {
            preconditionFailure("\(page.partition) is no segment")
        }
        if segment == 0, page.after == nil, let kept = first {
            first = nil
            if kept.take(into: buffer) {
                return done(
                    cut(Reply(kept: buffer), segment, page).map { cut in
                        var cut = cut
                        cut.isPaid = kept.isPaid
                        return cut
                    })
            }
        }
        let body = bodies.take()
        request.write(
            segment: segment, limit: settings.contents == .count ? nil : page.itemsMax,
            startKey: page.after?.bytes, to: body)
        table.reader.send(
            operation, body: body, reply: buffer, replyBytesMax: page.bytesMax, on: queue
        ) { [self] result in
            bodies.give(body)
            switch result {
            case .success(let reply): done(cut(reply, segment, page))
            case .failure(var error):
                // A Scan that is refused for what it asks does not succeed by asking for less.
                if error.remedy == .split { error.remedy = .giveUp }
                table.reader.answer(done, error, on: subject)
            }
        }
    }

    private func cut(
        _ reply: Reply, _ segment: Int, _ request: PageRequest
    ) -> Result<Page, FlowFailure> {
        guard reply.isComplete else { return .failure(FlowFailure(tooLong: reply, "Scan")) }
        let bytes = reply.body.bytes
        var page = Page(request, in: reply.body)
        do throws(JSONError) {
            let cut: CutPage
            switch settings.contents {
            case .items: cut = try cutter.cut(bytes)
            case .count: (cut, page.itemsCounted) = try cutter.cutCount(bytes)
            }
            page.items = cut.items
            page.storedBytes = cut.storedBytes
            page.units = cut.readUnits
            if settings.filter != nil, let scanned = cut.scanned {
                page.itemsHidden = max(0, scanned - cut.items.count)
            }
            page.next = cut.lastKey.map { .more(Cursor(bytes: Array(bytes[$0]))) } ?? .end
        } catch {
            return .failure(FlowFailure(malformed: error, "Scan"))
        }
        return leadsOn(segment, page)
            ? .success(page) : .failure(FlowFailure(goingRoundIn: segment))
    }

    /// Whether a segment's scan leads on; where it does, it is known to have come so far.
    private func leadsOn(_ segment: Int, _ page: Page) -> Bool {
        guard case .more(let cursor) = page.next else {
            (loops[segment], last[segment]) = (nil, nil)
            return true
        }
        if let last = last[segment], last == (page.request.after, cursor) { return true }
        let start = page.request.after?.bytes
        guard loops[segment, default: CursorLoop(start: start)].advance(to: cursor.bytes) else {
            return false
        }
        last[segment] = (page.request.after, cursor)
        return true
    }

    package func cursor(after item: Int, of page: Page) -> Cursor {
        do throws(JSONError) {
            return Cursor(
                bytes: try page.items[item].key(in: page.buffer.bytes, schema: schema))
        } catch {
            // The cutter has walked over each key already.
            preconditionFailure("a key that was cut out can't be read: \(error)")
        }
    }
}

extension PartitionRecord {
    /// Of a segment.
    package init(segment: Int, cursor: [UInt8]?, items: Int, bytes: Int) {
        self.init(
            partition: ScanSource.partition(segment), cursor: cursor.map { Cursor(bytes: $0) },
            items: items, bytes: bytes)
    }

    /// Its number; the partition must be one.
    package var segment: Int {
        guard let segment = ScanSource.segment(partition) else {
            preconditionFailure("\(partition) is no segment")
        }
        return segment
    }
}
