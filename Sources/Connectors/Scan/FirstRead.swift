import AWS
import DynamoDB
import DynamoModel
import Flow
import JSON
import Pacing
import System

/// What was read of a table before a job began: what says how many segments it is worth, and that
/// it can be read at all. No unit of it is wasted: a page is what the job reads first.
///
/// A segment costs a request and at least half a read unit, so a table gets no more of them than it
/// has pages. One that reports little, or nothing, is asked for a page without segments. If nothing
/// follows, that is the table.
package struct FirstRead: Sendable {
    /// `TotalSegments` to read the table in; 1: it is read without.
    package var segments: Int
    /// The first page of the first segment.
    package var page: KeptReply?
    /// Stored bytes of an item; nil where nothing was seen of them.
    package var itemBytes: Int?
    /// Items of the table, where a sample was counted; nil otherwise.
    package var itemsEstimated: Int?
    /// What was spent on what is not kept.
    package var spent = SpentReads()
    /// What of the condition the service judges itself.
    package var pushed: ServiceFilter?
    /// What there is to say about it.
    package var note: String?

    /// Items that are read by their keys; nil: all are read.
    package var itemsListed: Int?

    package init(segments: Int) { self.segments = segments }

    /// What the service can judge, where reading goes on behind these cursors.
    package func pushed(after saved: [PartitionRecord]) -> ServiceFilter? {
        let cursors = saved.compactMap(\.cursor)
        return pushed.flatMap { filter in
            cursors.allSatisfy { filter.goesOn(behind: $0.bytes) } ? filter : nil
        }
    }
}

/// Reads of one table what ``FirstRead`` has.
package struct FirstReader: Sendable {
    package let table: any ReadableTable
    package let description: TableDescription
    package var isConsistent = false
    package var contents = ScanSource.Contents.items
    /// Which items are wanted; nil: all.
    package var wanted: ItemFilter?
    /// Bytes that a page may have.
    package let pageBytesMax: Int
    /// Where a page is kept; nil: in memory.
    package let spool: Spool?
    /// `--segments`
    package var asked: Int?
    /// Units a second of a limit over several tables: what is read is waited for, so that the next
    /// table's may be.
    package var rate: Double?
    /// Bytes that the table is taken to have; it may report less.
    package let bytes: Int

    package init(
        _ table: any ReadableTable, _ description: TableDescription, pageBytesMax: Int,
        spool: Spool?, bytes: Int
    ) {
        self.table = table
        self.description = description
        self.pageBytesMax = pageBytesMax
        self.spool = spool
        self.bytes = bytes
    }

    /// A larger table is read in segments from the start.
    package static let unsegmentedMax = 8 << 20

    /// - Throws: `AWSError` when the table can't be read.
    package func read() async throws(AWSError) -> FirstRead {
        guard let wanted, let pushed else { return try await readUnfiltered() }
        var proof = FilterProof(
            table, schema: description.schema, wanted, pushed, isConsistent: isConsistent)
        let outcome = await proof.run()
        if let rate { await Pause.lasting(.seconds(proof.units / rate)) }
        var read =
            outcome == .agrees && pushed.isQuery
            ? FirstRead(segments: 1) : try await readUnfiltered()
        read.spent.scans += proof.requests
        read.spent.units += proof.units
        switch outcome {
        case .agrees:
            read.pushed = pushed
            if pushed.isQuery {
                read.note = "\(table.name) is read by a Query of its partition key, not by a Scan"
            }
        case .differs(let reason):
            read.note =
                "all items of \(table.name) are read, and dynaferry applies --where itself:"
                + " \(reason)"
        }
        return read
    }

    /// What the service can judge of the condition. A Query has no segments.
    package var pushed: ServiceFilter? {
        guard contents == .items, let pushed = wanted?.pushed(keys: description.schema),
            !pushed.isQuery || asked ?? 1 == 1
        else { return nil }
        return pushed
    }

    private func readUnfiltered() async throws(AWSError) -> FirstRead {
        guard asked == nil, bytes <= Self.unsegmentedMax else {
            let segments = asked ?? ScanSource.segments(forBytes: bytes)
            try await table.tryScan(segments: segments)
            return FirstRead(segments: segments)
        }
        let scanned: (page: ByteBuffer, cut: CutPage, items: Int)
        do throws(AWSError) {
            scanned = try await scan()
        } catch {
            guard error.localCode == .replyTooLong else { throw error }
            return FirstRead(segments: ScanSource.segments(forBytes: bytes))
        }
        let (page, cut, items) = scanned
        // A page of counts does not say how much was read, but that it was full.
        let stored =
            contents == .count && cut.lastKey != nil ? ServiceLimits.pageBytesMax : cut.storedBytes
        let units =
            cut.readUnits ?? CapacityUnits.scan(bytes: stored, consistent: isConsistent)
        var read = FirstRead(segments: 1)
        if items > 0, stored > 0 { read.itemBytes = max(1, stored / items) }
        if cut.lastKey != nil, bytes <= ServiceLimits.pageBytesMax {
            try await probe(&read)
        }
        if read.segments == 1 { read.page = keep(page) }
        if let rate { await Pause.lasting(.seconds((read.spent.units + units) / rate)) }
        if read.page == nil {
            read.spent.scans += 1
            read.spent.units += units
        }
        return read
    }

    private func scan() async throws(AWSError) -> (ByteBuffer, CutPage, items: Int) {
        let body = ByteBuffer()
        ScanRequest(
            table: table.name, segments: 1, isConsistent: isConsistent,
            countsOnly: contents == .count
        ).write(segment: 0, limit: nil, startKey: nil, to: body)
        let cutter = PageCutter(schema: description.schema)
        return try await table.reader.call(.scan, body, replyBytesMax: pageBytesMax) { reply in
            do throws(JSONError) {
                let bytes = reply.body.bytes
                guard contents == .items else {
                    let (page, items) = try cutter.cutCount(bytes)
                    return .success((reply.body, page, items))
                }
                let page = try cutter.cut(bytes)
                return .success((reply.body, page, page.items.count))
            } catch {
                return .failure(
                    AWSError(absurd: ReadOperation.scan.operation, error.description))
            }
        }
    }

    /// A page is not the whole table, of whose size nothing is known: counts one part of many, at
    /// a few units. A table of a few pages is read on without segments.
    private func probe(_ read: inout FirstRead) async throws(AWSError) {
        read.spent.scans += 1
        guard let (items, isAll) = try await countPart(&read.spent.units) else { return }
        let estimate = items * Self.probedParts
        read.itemsEstimated = estimate
        let bytes = estimate * (read.itemBytes ?? 1)
        if !isAll || bytes > Self.unsegmentedMax {
            read.segments = ScanSource.segments(
                forBytes: isAll ? bytes : max(bytes, ScanSource.bytesUnknown))
        }
        if !isAll { read.itemsEstimated = nil }
    }

    private static let probedParts = 64
    private static let probedItemsMax = 256

    /// - Returns: nil where the server can't scan segments.
    private func countPart(
        _ units: inout Double
    ) async throws(AWSError) -> (items: Int, isAll: Bool)? {
        let reply: JSON
        do throws(AWSError) {
            reply = try await table.reader.call(
                .scan,
                [
                    "TableName": .string(table.name), "Select": "COUNT",
                    "Segment": JSON(Self.probedParts / 2), "TotalSegments": JSON(Self.probedParts),
                    "Limit": JSON(Self.probedItemsMax), "ReturnConsumedCapacity": "TOTAL",
                ])
        } catch {
            guard error.remedy == .split || error.lacksOperation else { throw error }
            return nil
        }
        units +=
            reply["ConsumedCapacity"]?["CapacityUnits"]?.double(in: ServiceRanges.scanUnits) ?? 1
        let isAll = reply["LastEvaluatedKey"]?.members?.isEmpty != false
        return (reply["Count"]?.int(in: ServiceRanges.pageItems) ?? 0, isAll)
    }

    private func keep(_ page: ByteBuffer) -> KeptReply? {
        let isPaid = rate != nil
        guard let spool else {
            return KeptReply(isPaid: isPaid) {
                $0.append(page.bytes)
                return true
            }
        }
        guard let block = try? spool.add(page.bytes) else { return nil }
        return KeptReply(isPaid: isPaid) { spool.read(block, into: $0) }
    }
}

extension ScanSource {
    /// Segments for a table of so many bytes: a power of two, so that they stay equal ranges of the
    /// hash space. Never more than the table has pages, since each costs a request and half a read
    /// unit at least; else 64, so that they are spread over the hash space, and more for each two
    /// megabytes beyond.
    /// - Parameter bytes: 0: not known.
    package static func segments(forBytes bytes: Int) -> Int {
        let bytes = bytes > 0 ? bytes : bytesUnknown
        guard bytes > FirstReader.unsegmentedMax else { return 1 }
        let wanted = min(max(bytes >> 21, min(64, bytes >> 20)), 8_192)
        return 1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount)
    }

    /// What a table is taken for of which nothing is known but that it is not small.
    package static let bytesUnknown = 256 << 20
}
