import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import JSON
import System

/// Puts that never replace an item: one a request, on the condition that there is none.
package final class KeepingSink: BatchSink, @unchecked Sendable {
    // @unchecked: what changes is touched only on `queue`.

    package let shape = BatchShape.conditionalPuts
    private let table: TargetTable
    private let subject: String
    private let schema: KeySchema
    private let request: PutIfAbsentRequest
    private let indexes: [String]
    /// An earlier run of the job may have put what is put now.
    private let isResumed: Bool
    private let queue: DispatchQueue
    private var bodies: BufferPool
    private var replies: BufferPool

    /// - Parameters: as in ``TableSink``.
    package init(
        _ table: TargetTable, schema: KeySchema, indexes: [String], isResumed: Bool,
        memoryBytes: Int, on queue: DispatchQueue
    ) {
        self.table = table
        subject = "the target \(table.name)"
        self.schema = schema
        self.indexes = indexes
        self.isResumed = isResumed
        self.queue = queue
        request = PutIfAbsentRequest(
            table: table.name, partitionKey: schema.partition.name,
            asksOld: table.mayIgnoreConditions)
        bodies = BufferPool(idleBytesMax: memoryBytes / 8)
        replies = BufferPool(idleBytesMax: memoryBytes / 8)
    }

    package func write(_ batch: [BatchItem], _ done: @escaping Done<BatchReply>) {
        precondition(batch.count == 1, "\(batch.count) items in one conditional put")
        let item = batch[0]
        let (body, reply) = (bodies.take(), replies.take())
        request.write(item.bytes, to: body)
        let bytesMax = shape.envelope + Int(item.slice.length) + shape.itemOverhead
        table.putIfAbsent(
            body: body, reply: reply,
            // An item that must be put back has to arrive whole, once, however large it is.
            replyBytesMax: table.mayIgnoreConditions
                ? max(bytesMax, Self.replacedBytesMax) : bytesMax,
            on: queue
        ) { [self] result in
            bodies.give(body)
            answer(done, result, of: item)
            replies.give(reply)
        }
    }

    private static let replacedBytesMax =
        (1 << 16) + ServiceLimits.itemBytesMax * ServiceLimits.replyBytesPerStoredByteMax

    private func answer(
        _ done: @escaping Done<BatchReply>, _ result: Result<Reply, AWSError>, of item: BatchItem
    ) {
        switch result {
        case .failure(let error) where error.isConditionFailure:
            conditionFailed(done, item, error)
        case .failure(let error): table.reader.answer(done, error, on: subject)
        case .success(let reply):
            guard reply.isComplete else {
                return done(.success(BatchReply(unprocessed: [0], roundTrip: reply.latency)))
            }
            do {
                let bytes = reply.body.bytes
                let put = try PutReplyCutter.cut(bytes, mayBeEmpty: table.mayIgnoreConditions)
                if let replaced = put.replaced {
                    return putBack(done, try JSON(parsing: Array(bytes[replaced])))
                }
                done(
                    .success(
                        BatchReply(
                            units: put.consumed?.byMeter(indexes), roundTrip: reply.latency)))
            } catch {
                done(.failure(FlowFailure(malformed: error, "PutItem")))
            }
        }
    }

    /// The server does not heed conditions: what was there is put back, and the copy ends.
    private func putBack(_ done: @escaping Done<BatchReply>, _ old: JSON) {
        Task { [self] in
            let error = await table.putBack(old)
            done(.failure(FlowFailure(error, on: subject)))
        }
    }

    /// There is an item of this key. It is the one that was put where an earlier attempt, libcurl's
    /// own repetition, or an earlier run of the job may have put it, and it is the same by value.
    private func conditionFailed(
        _ done: @escaping Done<BatchReply>, _ item: BatchItem, _ error: AWSError
    ) {
        guard item.mayBeWritten || error.isOutcomeUnknown || isResumed else {
            return done(.success(BatchReply([.init(0, .kept)])))
        }
        let bytes = Array(item.bytes)
        let key: JSON
        do {
            key = try JSON(parsing: item.slice.key(in: item.page, schema: schema))
        } catch {
            preconditionFailure("a key that was cut out can't be read: \(error)")
        }
        Task { [self] in
            do throws(AWSError) {
                let there = try await table.item(key)
                // Gone meanwhile: then it can be put.
                guard let there else { return done(.success(BatchReply(unprocessed: [0]))) }
                let isSame = ItemComparison.areEqual(there, bytes)
                done(.success(BatchReply(isSame ? [] : [.init(0, .kept)])))
            } catch {
                done(.failure(FlowFailure(error, on: subject)))
            }
        }
    }
}

/// Whether two items are the same.
package enum ItemComparison {
    /// By value, as the service compares: numbers by what they are worth, sets and attributes in
    /// any order.
    package static func areEqual(_ one: JSON, _ other: [UInt8]) -> Bool {
        guard let other = try? JSON(parsing: other) else { return false }
        return areEqual(one, other)
    }

    package static func areEqual(_ one: JSON, _ other: JSON) -> Bool {
        guard let one = try? Item(one), let other = try? Item(other) else { return false }
        return one == other
    }
}
