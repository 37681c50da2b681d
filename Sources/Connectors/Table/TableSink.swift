import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import JSON
import System

/// Puts items into a table, whatever stands there, or deletes them by their keys: BatchWriteItem.
/// An item's bytes go as they came. Safe when answered: status 200, a reply as the service's, and
/// the item not in it.
package final class TableSink: BatchSink, @unchecked Sendable {
    // @unchecked: what changes is touched only on `queue`.

    package let shape = BatchShape.puts
    private let table: TargetTable
    private let request: BatchWriteRequest
    private let cutter: BatchReplyCutter
    private let indexes: [String]
    private let queue: DispatchQueue
    private var bodies: BufferPool
    private var replies: BufferPool

    /// - Parameters:
    ///   - indexes: the table's global ones, as the flow's limits name them.
    ///   - memoryBytes: of the flow's batches.
    ///   - queue: the flow's.
    package init(
        _ table: TargetTable, schema: KeySchema, indexes: [String], memoryBytes: Int,
        on queue: DispatchQueue
    ) {
        self.table = table
        self.indexes = indexes
        self.queue = queue
        request = BatchWriteRequest(table: table.name)
        cutter = BatchReplyCutter(schema: schema)
        bodies = BufferPool(idleBytesMax: memoryBytes / 8)
        replies = BufferPool(idleBytesMax: memoryBytes / 8)
    }

    package func write(_ batch: [BatchItem], _ done: @escaping Done<BatchReply>) {
        let (body, reply) = (bodies.take(), replies.take())
        let bytesMax = batch.reduce(shape.envelope) {
            $0 + Int($1.slice.length) + shape.itemOverhead
        }
        request.write(bytesMax: bytesMax, to: body) { writer in
            for item in batch {
                switch item.operation {
                case .put: writer.put(item.bytes)
                case .delete: writer.delete(item.bytes)
                }
            }
        }
        table.batchWrite(body: body, reply: reply, replyBytesMax: bytesMax, on: queue) {
            [self] result in
            bodies.give(body)
            switch result {
            case .success(let answer):
                let judged = judge(answer, of: batch)
                replies.give(reply)
                done(judged)
            case .failure(let error):
                replies.give(reply)
                table.reader.answer(done, error, on: "the target \(table.name)")
            }
        }
    }

    private func judge(_ reply: Reply, of batch: [BatchItem]) -> Result<BatchReply, FlowFailure> {
        guard reply.isComplete else {
            // Only unprocessed items make a reply that long; which they were is not known, unless
            // there was one.
            var failure = FlowFailure(tooLong: reply, "BatchWriteItem")
            if batch.count == 1 { failure.remedy = .slowDown }
            return .failure(failure)
        }
        do {
            let cut = try cutter.cut(reply.body.bytes)
            guard let positions = try positions(of: cut.unprocessed, reply, in: batch) else {
                return .failure(
                    FlowFailure(
                        absurd: "BatchWriteItem", "UnprocessedItems has items that were not sent"))
            }
            return .success(
                BatchReply(
                    unprocessed: positions, units: cut.consumed?.byMeter(indexes),
                    roundTrip: reply.latency))
        } catch {
            return .failure(FlowFailure(malformed: error, "BatchWriteItem"))
        }
    }

    private func positions(
        of unprocessed: [ItemSlice], _ reply: Reply, in batch: [BatchItem]
    ) throws -> [Int]? {
        if unprocessed.isEmpty { return [] }
        let entries = unprocessed.map {
            UnprocessedMatcher.Placed(slice: $0, bytes: reply.body.bytes)
        }
        let places = batch.map {
            UnprocessedMatcher.Placed(slice: $0.slice, bytes: $0.page)
        }
        return try UnprocessedMatcher(batch: places).positions(of: entries)
    }
}

extension ConsumedUnits {
    /// The table's, each of these indexes', and what others took.
    func byMeter(_ indexes: [String]) -> [Double] {
        if globalIndexes.isEmpty { return [table] }
        var others = globalIndexes
        var units = [table]
        for name in indexes {
            let place = others.firstIndex { $0.name == name }
            units.append(place.map { others.remove(at: $0).units } ?? 0)
        }
        return units + [others.reduce(0) { $0 + $1.units }]
    }
}
