import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import JSON
import System

/// Puts and deletes of one item a request, each on the condition that the target still has what it
/// was found to have in its place; nothing, where nothing is known of it.
package final class ConditionalSink: BatchSink, @unchecked Sendable {
    // @unchecked: what changes is touched only on `queue`.

    /// What it means that the target has something else.
    package enum Conflict: Sendable {
        /// That is to stay.
        /// - Parameter isResumed: an earlier run of the job may have put what is put now.
        case isKept(isResumed: Bool)
        /// It was written meanwhile.
        case isChange
    }

    package let shape = BatchShape.conditionalPuts
    private let table: TargetTable
    private let subject: String
    private let schema: KeySchema
    private let conflict: Conflict
    private let putIfAbsent: PutIfAbsentRequest
    private let indexes: [String]
    /// See ``TargetTable/mayIgnoreConditions``.
    private let asksOld: Bool
    private let queue: DispatchQueue
    private var bodies: BufferPool
    private var replies: BufferPool

    /// - Parameters: as in ``TableSink``.
    package init(
        _ table: TargetTable, schema: KeySchema, indexes: [String], conflict: Conflict,
        memoryBytes: Int, on queue: DispatchQueue
    ) {
        self.table = table
        subject = "the target \(table.name)"
        self.schema = schema
        self.indexes = indexes
        self.conflict = conflict
        self.queue = queue
        asksOld = table.mayIgnoreConditions
        putIfAbsent = PutIfAbsentRequest(
            table: table.name, partitionKey: schema.partition.name, asksOld: asksOld)
        bodies = BufferPool(idleBytesMax: memoryBytes / 8)
        replies = BufferPool(idleBytesMax: memoryBytes / 8)
    }

    // MARK: Requests

    package func write(_ batch: [BatchItem], _ done: @escaping Done<BatchReply>) {
        precondition(batch.count == 1, "\(batch.count) items in one conditional write")
        let item = batch[0]
        let (body, reply) = (bodies.take(), replies.take())
        let condition: WriteCondition?
        do throws(JSONError) {
            condition = try write(item, to: body)
        } catch {
            bodies.give(body)
            replies.give(reply)
            return done(.failure(FlowFailure(malformed: error, "Scan")))
        }
        let bytesMax = shape.envelope + Int(item.slice.length) + shape.itemOverhead
        table.writeOne(
            item.operation == .delete ? .delete : .put, body: body, reply: reply,
            // An item that must be put back has to arrive whole, once, however large it is.
            replyBytesMax: asksOld ? max(bytesMax, TargetTable.replyBytesMax) : bytesMax,
            on: queue
        ) { [self] result in
            bodies.give(body)
            answer(done, result, of: item, condition)
            replies.give(reply)
        }
    }

    /// - Returns: what must hold of an item that is there; nil: there must be none.
    private func write(
        _ item: BatchItem, to body: ByteBuffer
    ) throws(JSONError) -> WriteCondition? {
        guard let before = item.before else {
            putIfAbsent.write(item.bytes, to: body)
            return nil
        }
        let isDelete = item.operation == .delete
        let values =
            try isDelete
            ? attributes(of: before, in: item.page)
            : ItemDifference.attributes(item.slice, before, in: item.page).map {
                ($0.name, $0.target)
            }
        let condition = WriteCondition(unchanged: values, schema: schema)
        let change: ConditionalWrite.Change =
            isDelete
            ? .delete(try item.slice.key(in: item.page, schema: schema))
            : .put(Array(item.bytes))
        ConditionalWrite(change, if: condition).write(
            table: table.name, asksOld: asksOld, to: body)
        return condition
    }

    /// All but the keys.
    private func attributes(
        of item: ItemSlice, in page: UnsafeRawBufferPointer
    ) throws(JSONError) -> [(name: String, value: JSON?)] {
        let keys = [schema.partition.name, schema.sort?.name]
        let members = try JSON(parsing: Array(page[item.range])).members ?? []
        return members.filter { !keys.contains($0.name) }.map { ($0.name, $0.value) }
    }

    // MARK: Answers

    private func answer(
        _ done: @escaping Done<BatchReply>, _ result: Result<Reply, AWSError>, of item: BatchItem,
        _ condition: WriteCondition?
    ) {
        switch result {
        case .failure(let error) where error.isConditionFailure:
            conditionFailed(done, item, error)
        case .failure(let error): table.reader.answer(done, error, on: subject)
        case .success(let reply):
            guard reply.isComplete else {
                // What was done is not known.
                var failure = FlowFailure(tooLong: reply, "PutItem")
                failure.remedy = .retry
                return done(.failure(failure))
            }
            do {
                let bytes = reply.body.bytes
                let put = try PutReplyCutter.cut(bytes, mayBeEmpty: asksOld)
                if let replaced = put.replaced {
                    let old = try JSON(parsing: Array(bytes[replaced]))
                    if condition?.holds(of: old) != true { return putBack(done, old) }
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

    /// The server does not heed conditions: what was there is put back, and the flow ends.
    private func putBack(_ done: @escaping Done<BatchReply>, _ old: JSON) {
        Task { [self] in
            let error = await table.putBack(old)
            done(.failure(FlowFailure(error, on: subject)))
        }
    }

    /// The target has something else. It is what was written where an earlier attempt, libcurl's
    /// own repetition, or an earlier run of the job may have written it, and it is the same by
    /// value.
    private func conditionFailed(
        _ done: @escaping Done<BatchReply>, _ item: BatchItem, _ error: AWSError
    ) {
        let isOther: ItemOutcome
        var mayBeOurs = item.mayBeWritten || error.isOutcomeUnknown
        switch conflict {
        case .isKept(let isResumed): (isOther, mayBeOurs) = (.kept, mayBeOurs || isResumed)
        case .isChange: isOther = .changed
        }
        guard mayBeOurs else { return done(.success(BatchReply([.init(0, isOther)]))) }
        let wanted = item.operation == .delete ? nil : Array(item.bytes)
        let keyBytes: [UInt8]
        do throws(JSONError) {
            keyBytes = try item.slice.key(in: item.page, schema: schema)
        } catch {
            return done(.failure(FlowFailure(malformed: error, "Scan")))
        }
        Task { [self] in
            do {
                let key = try JSON(parsing: keyBytes)
                let there = try await table.item(key)
                // Gone meanwhile: then it can be put.
                if there == nil, wanted != nil, case .isKept = conflict {
                    return done(.success(BatchReply(unprocessed: [0])))
                }
                let isOurs =
                    there.map { there in
                        wanted.map { ItemComparison.areEqual(there, $0) } ?? false
                    } ?? (wanted == nil)
                done(.success(BatchReply(isOurs ? [] : [.init(0, isOther)])))
            } catch let error as AWSError {
                done(.failure(FlowFailure(error, on: subject)))
            } catch {
                done(.failure(FlowFailure(malformed: error, "GetItem")))
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
