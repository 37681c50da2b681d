import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import JSON
import Pacing
import System

/// Reads items of one table by their keys: consistently, within its limit, repeated until each is
/// known to be there or not.
///
/// Any thread may call its methods.
package final class KeyReader: Sendable {
    /// An item as it stood when it was read.
    package struct Found: Equatable, Sendable {
        package var digest: ItemDigest
        /// Its JSON.
        package var bytes: [UInt8]
    }

    private let table: any ReadableTable
    private let side: String
    private let schema: KeySchema
    private let digestKey: DigestKey
    private let request: BatchGetRequest
    private let itemUnits: Double
    private let giveUpAfter: Duration
    private let time: any TimeSource
    private let queue: DispatchQueue
    private let share: SharedPart
    private let gate: UnitGate<Double, Charge>
    private let state: Locked<State>

    /// Bytes of a reply that are kept, unless it is about one item.
    private static let replyBytesMax = 4 << 20

    private struct State {
        var pacing: ReadPacing
        /// There is a limit over all tables.
        var isShared: Bool
        var generator: SeededGenerator
        /// Keys of one request; fewer once replies were too long.
        var keysMax = ServiceLimits.batchGetKeysMax
        /// The endpoint has no BatchGetItem.
        var readsOneByOne = false
        var counters = FlowCounters()
    }

    /// - Parameters:
    ///   - side: `source` or `target`, for messages.
    ///   - itemBytes: of one item on average, for the units that it costs.
    ///   - share: is taken of while `limit` has a part that is shared.
    package init(
        _ table: any ReadableTable, side: String, schema: KeySchema, digestKey: DigestKey,
        limit: ReadLimit, share: SharedPart, itemBytes: Int, giveUpAfter: Duration,
        time: any TimeSource, seed: UInt64
    ) {
        self.table = table
        self.side = side
        self.schema = schema
        self.digestKey = digestKey
        self.share = share
        self.giveUpAfter = giveUpAfter
        self.time = time
        request = BatchGetRequest(table: table.name)
        itemUnits = CapacityUnits.scan(bytes: max(itemBytes, 1), consistent: true)
        queue = DispatchQueue(label: "verify.keys")
        let state = Locked(
            State(
                pacing: ReadPacing(limit, at: time.now), isShared: limit.shared != nil,
                generator: SeededGenerator(seed: seed)))
        self.state = state
        gate = UnitGate(share) { units in
            state.withLock { state in
                let wait = state.pacing.readyAt(units, now: time.now) - time.now
                return wait > .zero ? .time(wait) : state.isShared ? .share(units) : .nothing
            }
        } charge: { units, grant in
            state.withLock {
                Charge(own: $0.pacing.take(units, at: time.now), shared: grant)
            }
        }
    }

    /// Read units, requests and throttles so far.
    package var counters: FlowCounters { state.withLock { $0.counters } }

    package func setPaused(_ paused: Bool) { gate.setPaused(paused) }

    /// Asks for no more, but for what was begun.
    package func stop() { gate.stop() }

    /// Read units of the last second, and what they are held to.
    package var rate: (units: Double, limit: Double?) {
        state.withLock { ($0.pacing.consumedPerSecond(at: time.now), $0.pacing.rate) }
    }

    package func setLimit(_ limit: ReadLimit) {
        state.withLock { state in
            state.pacing.setLimit(limit, at: time.now)
            state.isShared = limit.shared != nil
        }
    }

    /// The items of these keys, by the keys' hashes; those that are not there are absent.
    /// - Parameter keys: the JSON of each, no two the same.
    /// - Returns: nil when it is to stop, and may.
    package func read(
        _ keys: [[UInt8]], mayStop: Bool = true
    ) async throws(FlowFailure) -> [UInt128: Found]? {
        var pending = keys
        var found: [UInt128: Found] = [:]
        var patience = Patience(giveUpAfter: giveUpAfter)
        var failures = 0
        while !pending.isEmpty {
            let keys = Array(pending.prefix(keysMax))
            do throws(FlowFailure) {
                guard let answer = try await ask(keys, mayStop) else { return nil }
                pending.removeFirst(keys.count)
                pending += answer.unprocessed
                found.merge(answer.found) { _, new in new }
                patience.progressed()
                guard answer.unprocessed.count == keys.count else {
                    failures = 0
                    continue
                }
            } catch {
                if error.replyBytes != nil, keys.count > 1 {
                    state.withLock { $0.keysMax = max(1, keys.count / 2) }
                    continue
                }
                guard error.isWorthRepeating else { throw error }
                patience.failed(error, at: time.now)
                if let failure = patience.failure(at: time.now) { throw failure }
            }
            await backOff(failures)
            failures += 1
        }
        return found
    }

    /// Of one request: what it costs stays a small part of what a limit allows.
    private var keysMax: Int {
        state.withLock { state in
            let most = state.pacing.requestUnitsMax / itemUnits
            return most < Double(state.keysMax) ? max(1, Int(clamping: most)) : state.keysMax
        }
    }

    private func backOff(_ failures: Int) async {
        let delay = state.withLock {
            FlowScheduler.retryBackoff.delay(attempt: failures, using: &$0.generator)
        }
        await Pause.lasting(delay)
    }

    private struct Answer {
        var found: [UInt128: Found] = [:]
        var unprocessed: [[UInt8]] = []
    }

    /// - Returns: nil when it is to stop.
    private func ask(
        _ keys: [[UInt8]], _ mayStop: Bool
    ) async throws(FlowFailure) -> Answer? {
        if state.withLock({ $0.readsOneByOne }) { return try await askOneByOne(keys, mayStop) }
        guard let charge = await gate.pass(itemUnits * Double(keys.count), mayStop: mayStop) else {
            return nil
        }
        let body = ByteBuffer()
        request.write(keys, to: body)
        let result = await send(body, keys.count)
        switch result {
        case .success(let reply):
            let (answer, units) = try judge(reply)
            settle(charge, units: units, keys: keys.count)
            return answer
        case .failure(let error):
            settle(charge, units: error.isOutcomeUnknown ? nil : 0, keys: keys.count)
            if error.lacksOperation {
                state.withLock { $0.readsOneByOne = true }
                return Answer(unprocessed: keys)
            }
            let failure = FlowFailure(error, on: "the \(side) \(table.name)")
            if error.remedy == .slowDown { state.withLock { $0.counters.scansThrottled += 1 } }
            if error.remedy == .renewCredentials { try await table.reader.renewing(after: error) }
            throw failure
        }
    }

    private func send(_ body: ByteBuffer, _ keys: Int) async -> Result<Reply, AWSError> {
        state.withLock { $0.counters.scans += 1 }
        return await withCheckedContinuation { continuation in
            table.reader.send(
                .batchGetItem, body: body, reply: ByteBuffer(),
                replyBytesMax: keys == 1 ? MemoryBudget.pageMin : Self.replyBytesMax, on: queue
            ) { continuation.resume(returning: $0) }
        }
    }

    private func judge(_ reply: Reply) throws(FlowFailure) -> (Answer, units: Double?) {
        guard reply.isComplete else { throw FlowFailure(tooLong: reply, "BatchGetItem") }
        let bytes = reply.body.bytes
        let digester = ItemDigester(schema: schema, key: digestKey)
        do throws(JSONError) {
            let cut = try BatchGetCutter(schema: schema).cut(bytes)
            var answer = Answer(unprocessed: cut.unprocessed.map { Array(bytes[$0.range]) })
            for slice in cut.items {
                let digest = try digester.digest(slice, in: bytes)
                answer.found[digest.key] = Found(digest: digest, bytes: Array(bytes[slice.range]))
            }
            return (answer, cut.consumed)
        } catch {
            throw FlowFailure(malformed: error, "BatchGetItem")
        }
    }

    // MARK: One by one

    private func askOneByOne(
        _ keys: [[UInt8]], _ mayStop: Bool
    ) async throws(FlowFailure) -> Answer? {
        var answer = Answer()
        for key in keys {
            guard let charge = await gate.pass(itemUnits, mayStop: mayStop) else { return nil }
            state.withLock { $0.counters.scans += 1 }
            do {
                let item = try await table.item(
                    try JSON(parsing: String(decoding: key, as: UTF8.self)))
                settle(charge, units: nil, keys: 1)
                guard let item else { continue }
                let (digest, bytes) = try digest(item)
                answer.found[digest.key] = Found(digest: digest, bytes: bytes)
            } catch let error as AWSError {
                throw FlowFailure(error, on: "the \(side) \(table.name)")
            } catch {
                throw FlowFailure(malformed: error, "GetItem")
            }
        }
        return answer
    }

    private func digest(_ item: JSON) throws -> (ItemDigest, bytes: [UInt8]) {
        let page = ByteBuffer()
        let slice = try PageCutter(schema: schema).cut(item: item.bytes, in: page)
        let digester = ItemDigester(schema: schema, key: digestKey)
        return (try digester.digest(slice, in: page.bytes), Array(page.bytes[slice.range]))
    }

    // MARK: Units

    /// What a request has been charged.
    private struct Charge {
        var own: TokenBucket.Reservation?
        var shared: SharedBucket.Grant?
    }

    /// - Parameter units: nil: nobody knows; they are estimated.
    private func settle(_ charge: Charge, units: Double?, keys: Int) {
        share.settle(charge.shared, consumed: units)
        state.withLock {
            $0.pacing.settle(charge.own, units: units, at: time.now)
            $0.counters.readUnits += units ?? itemUnits * Double(keys)
        }
    }
}

extension FlowFailure {
    /// The same request may pass later.
    package var isWorthRepeating: Bool {
        switch remedy {
        case .retry, .slowDown: true
        case .giveUp, .split: false
        }
    }
}
