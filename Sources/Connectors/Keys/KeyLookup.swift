import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import JSON
import System

/// Reads items of one table by their keys, consistently: by BatchGetItem, or one by one where the
/// endpoint has none.
final class KeyLookup: @unchecked Sendable {
    // @unchecked: what changes is touched only on `queue`.
    private let table: any ReadableTable
    private let subject: String
    private let request: BatchGetRequest
    private let cutter: BatchGetCutter
    private let queue: DispatchQueue
    private var readsOneByOne = false

    /// - Parameter side: `source` or `target`, for messages.
    init(_ table: any ReadableTable, side: String, schema: KeySchema, on queue: DispatchQueue) {
        self.table = table
        subject = "the \(side) \(table.name)"
        self.queue = queue
        request = BatchGetRequest(table: table.name)
        cutter = BatchGetCutter(schema: schema)
    }

    /// - Parameters:
    ///   - keys: the JSON of each, no two the same; 100 at most.
    ///   - buffer: for the reply, of which at most `bytesMax` are kept.
    func read(
        _ keys: [[UInt8]], into buffer: ByteBuffer, bytesMax: Int,
        _ done: @escaping Done<CutBatchGet>
    ) {
        if keys.isEmpty { return done(.success(CutBatchGet())) }
        if readsOneByOne { return readOneByOne(keys, into: buffer, bytesMax: bytesMax, done) }
        let body = ByteBuffer()
        request.write(keys, to: body)
        table.reader.send(
            .batchGetItem, body: body, reply: buffer, replyBytesMax: bytesMax, on: queue
        ) { [self] result in
            switch result {
            case .success(let reply): done(cut(reply))
            case .failure(let error) where error.lacksOperation:
                readsOneByOne = true
                readOneByOne(keys, into: buffer, bytesMax: bytesMax, done)
            case .failure(let error): table.reader.answer(done, error, on: subject)
            }
        }
    }

    private func cut(_ reply: Reply) -> Result<CutBatchGet, FlowFailure> {
        guard reply.isComplete else {
            return .failure(FlowFailure(tooLong: reply, "BatchGetItem"))
        }
        do throws(JSONError) {
            return .success(try cutter.cut(reply.body.bytes))
        } catch {
            return .failure(FlowFailure(malformed: error, "BatchGetItem"))
        }
    }

    private static let envelope = 64

    /// Puts together what BatchGetItem would have answered.
    private func readOneByOne(
        _ keys: [[UInt8]], into buffer: ByteBuffer, bytesMax: Int,
        _ done: @escaping Done<CutBatchGet>
    ) {
        Task { [self] in
            var items: [JSON] = []
            var bytes = 0
            for key in keys {
                do {
                    let key = try JSON(parsing: String(decoding: key, as: UTF8.self))
                    guard let item = try await table.item(key) else { continue }
                    items.append(item)
                    bytes += item.bytes.count + 1
                    guard bytes + Self.envelope <= bytesMax else {
                        var failure = FlowFailure(
                            .split, code: "ReplyTooLong",
                            message: "replies of \(bytes.counted("byte"))")
                        failure.replyBytes = keys.count * bytes / items.count + Self.envelope
                        return done(.failure(failure))
                    }
                } catch let error as AWSError {
                    return done(.failure(FlowFailure(error, on: subject)))
                } catch {
                    return done(.failure(FlowFailure(malformed: error, "GetItem")))
                }
            }
            let reply: JSON = [
                "Responses": ["": .array(items)], "UnprocessedKeys": [:],
            ]
            queue.async { [self] in
                buffer.removeAll()
                buffer.append(reply.bytes)
                done(cut(Reply(kept: buffer)))
            }
        }
    }
}
