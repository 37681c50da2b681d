import AWS
import DynamoDB
import DynamoModel
import JSON
import Pacing

/// Puts that never replace an item: one a request, on the condition that there is none.
extension CopyDriver {
    package func putIfAbsent(_ batch: SentBatch, _ request: PutIfAbsentRequest, replyBytesMax: Int)
    {
        precondition(batch.items.count == 1, "\(batch.items.count) items in one conditional put")
        request.write(place(of: batch.items[0]).json, to: batch.body)
        target.putIfAbsent(
            body: batch.body, reply: batch.reply,
            // An item that must be put back has to arrive whole, once, however large it is.
            replyBytesMax: target.mayIgnoreConditions
                ? max(replyBytesMax, Self.replacedBytesMax) : replyBytesMax,
            on: queue
        ) { [self] result in
            if case .failure(let error) = result, error.isConditionFailure {
                return conditionFailed(batch, error)
            }
            let (answer, replaced) = judgePut(result)
            if let replaced { return putBack(replaced, of: batch) }
            renewing(result, with: target.reader, orElse: answer) { [self] in
                answered(batch, $0)
            }
        }
    }

    private static let replacedBytesMax =
        (1 << 16) + ServiceLimits.itemBytesMax * ServiceLimits.replyBytesPerStoredByteMax

    /// The server does not heed conditions: what was there is put back, and the copy ends.
    private func putBack(_ old: JSON, of batch: SentBatch) {
        Task { [self] in
            let error = await target.putBack(old)
            queue.async { [self] in
                answered(batch, .failure(CopyFailure(error, on: "the target \(target.name)")))
            }
        }
    }

    /// - Returns: with the item that was replaced, if the reply has one.
    private func judgePut(
        _ result: Result<Reply, AWSError>
    ) -> (Result<AnsweredBatch, CopyFailure>, replaced: JSON?) {
        switch result {
        case .failure(let error):
            return (.failure(CopyFailure(error, on: "the target \(target.name)")), nil)
        case .success(let reply):
            guard reply.isComplete else {
                return (.failure(CopyFailure(tooLong: reply, "PutItem")), nil)
            }
            do {
                let bytes = reply.body.bytes
                let put = try PutReplyCutter.cut(bytes, mayBeEmpty: target.mayIgnoreConditions)
                return (
                    .success(
                        AnsweredBatch(
                            unprocessed: [], consumed: put.consumed, roundTrip: reply.latency)),
                    try put.replaced.map { try JSON(parsing: Array(bytes[$0])) }
                )
            } catch {
                return (.failure(CopyFailure(malformed: error, "PutItem")), nil)
            }
        }
    }

    /// There is an item of this key. It is the one that was put where an earlier attempt, libcurl's
    /// own repetition, or an earlier run of the job may have put it, and it is the same by value.
    private func conditionFailed(_ batch: SentBatch, _ error: AWSError) {
        let item = batch.items[0]
        let roundTrip = now - batch.at
        guard item.mayBeThere || error.isOutcomeUnknown || isResumed else {
            return answered(
                batch, .success(AnsweredBatch(unprocessed: [], kept: [0], roundTrip: roundTrip)))
        }
        let placed = place(of: item)
        let bytes = Array(placed.json)
        let key: JSON
        do {
            key = try JSON(parsing: placed.slice.key(in: placed.bytes, schema: schema))
        } catch {
            preconditionFailure("a key that was cut out can't be read: \(error)")
        }
        Task { [self] in
            let answer: Result<AnsweredBatch, CopyFailure>
            do throws(AWSError) {
                let there = try await target.item(key)
                answer = .success(
                    AnsweredBatch(
                        // Gone meanwhile: then it can be put.
                        unprocessed: there == nil ? [0] : [],
                        kept: there.map { ItemComparison.areEqual($0, bytes) } == false ? [0] : [],
                        roundTrip: roundTrip))
            } catch {
                answer = .failure(CopyFailure(error, on: "the target \(target.name)"))
            }
            queue.async { [self] in answered(batch, answer) }
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
