import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Engine
import JSON
import Pacing

/// What a repair may do, and within which limits.
package struct RepairOptions: Equatable, Sendable {
    /// Items that the source does not have are deleted.
    package var deletesExtra = false
    /// nil: all of what a provisioned target has.
    package var writeUnits: UnitLimit?
    /// nil: ``DeadLetterFile/defaultPath(table:)``.
    package var deadLettersPath: String?
    package var deadLettersMax = 1_000
    /// Items that are repaired at a time.
    package var itemsAtOnce = 64

    package init() {}
}

/// Makes items of the target what they are in the source, one by one: each is read on both sides
/// again, and written only while what differs is still as it was read.
///
/// Any thread may call its methods.
final class ItemRepair: Sendable {
    let source: KeyReader
    let target: KeyReader
    private let table: TargetTable
    private let schema: KeySchema
    private let options: RepairOptions
    private let giveUpAfter: Duration
    private let time: any TimeSource
    private let queue: DispatchQueue
    private let isStopping: @Sendable () async -> Bool
    private let state: Locked<State>

    private struct State {
        var pacing: WritePacing
        var generator: SeededGenerator
        var consumed = Consumed()
    }

    /// What its writes have come to.
    struct Consumed {
        var writes = 0
        var units = 0.0
        var throttles = 0
        /// Of the last second, and the limit that is closest to it.
        var unitsPerSecond = 0.0
        var limit: Double?
    }

    /// How long one who waits for units does not look whether to stop.
    private static let lookEvery = Duration.milliseconds(200)

    /// - Parameters:
    ///   - readers: of both sides.
    ///   - isStopping: returns late while nothing is to be written.
    init(
        _ table: TargetTable, readers: (source: KeyReader, target: KeyReader), schema: KeySchema,
        _ options: RepairOptions, limits: WriteLimits, giveUpAfter: Duration,
        time: any TimeSource, seed: UInt64, isStopping: @escaping @Sendable () async -> Bool
    ) {
        self.table = table
        (source, target) = readers
        self.schema = schema
        self.options = options
        self.giveUpAfter = giveUpAfter
        self.time = time
        self.isStopping = isStopping
        queue = DispatchQueue(label: "verify.repair")
        state = Locked(
            State(
                pacing: WritePacing(limits, at: time.now),
                generator: SeededGenerator(seed: seed)))
    }

    var consumed: Consumed {
        state.withLock { state in
            var consumed = state.consumed
            (consumed.unitsPerSecond, consumed.limit) = state.pacing.consumedPerSecond(at: time.now)
            return consumed
        }
    }

    func setLimits(_ limits: WriteLimits) {
        state.withLock { $0.pacing.setLimits(limits, at: time.now) }
    }

    var itemsAtOnce: Int { options.itemsAtOnce }

    /// Sees to an item that differs.
    /// - Returns: what is to be told of it; nil when both sides have come to be equal by
    ///   themselves.
    func repair(_ finding: VerifyFinding) async throws(CopyFailure) -> VerifyFinding? {
        guard isMendable(finding.kind) else { return finding }
        var current = finding
        var hasWritten = false
        for _ in 1...SecondLook.rounds {
            guard let charge = await take(Self.units(of: current)) else { return current }
            let (one, other) = try await read(finding.key, charge)
            guard one?.digest.item != other?.digest.item else {
                give(back: charge)
                // Of a reply that was lost this is the first that is heard.
                if hasWritten { current.repair = one == nil ? .deleted : .written }
                return hasWritten ? current : nil
            }
            (current.source, current.target) = (one?.bytes, other?.bytes)
            current.kind =
                one == nil ? .onlyInTarget : other == nil ? .onlyInSource : .different
            guard isMendable(current.kind), let write = write(for: current) else {
                give(back: charge)
                return current
            }
            hasWritten = true
            switch try await perform(write, charge) {
            case .done: current.repair = one == nil ? .deleted : .written
            case .refused(let failure):
                current.repair = .refused(
                    DeadLetter(
                        code: failure.code, reason: failure.message, key: current.key,
                        item: current.source ?? current.key))
            case .conditionFailed: continue
            }
            return current
        }
        (current.kind, current.cause) = (.changing, .unknown)
        return current
    }

    private func isMendable(_ kind: VerifyFinding.Kind) -> Bool {
        switch kind {
        case .different, .onlyInSource: true
        case .onlyInTarget: options.deletesExtra
        case .pastTTL, .changing: false
        }
    }

    private func read(
        _ key: [UInt8], _ charge: Charge
    ) async throws(CopyFailure) -> (source: KeyReader.Found?, target: KeyReader.Found?) {
        do {
            async let one = source.read([key])
            async let other = target.read([key])
            return (try await one.values.first, try await other.values.first)
        } catch {
            give(back: charge)
            throw error as? CopyFailure ?? CopyFailure(malformed: error, "BatchGetItem")
        }
    }

    /// nil for an item that is on neither side.
    private func write(for finding: VerifyFinding) -> ConditionalWrite? {
        switch (finding.source, finding.target) {
        case (let item?, nil): return ConditionalWrite(.put(item), if: .absent(schema))
        case (let item?, _?):
            let differing = finding.attributes.map { (name: $0.name, value: $0.target) }
            return ConditionalWrite(
                .put(item), if: WriteCondition(unchanged: differing, schema: schema))
        case (nil, let item?):
            let keys = [schema.partition.name, schema.sort?.name]
            let others = ((try? JSON(parsing: item))?.members ?? []).filter {
                !keys.contains($0.name)
            }
            return ConditionalWrite(
                .delete(finding.key),
                if: WriteCondition(
                    unchanged: others.map { (name: $0.name, value: $0.value) }, schema: schema))
        case (nil, nil): return nil
        }
    }

    // MARK: Writing

    private enum Outcome {
        case done
        case conditionFailed
        /// The target takes this item in no case.
        case refused(CopyFailure)
    }

    private func perform(
        _ write: ConditionalWrite, _ first: Charge
    ) async throws(CopyFailure) -> Outcome {
        var patience = Patience(giveUpAfter: giveUpAfter)
        var charge = first
        var attempt = 0
        while true {
            let sent = time.now
            state.withLock { $0.consumed.writes += 1 }
            switch await table.write(write, on: queue) {
            case .success(let reply):
                do {
                    settle(charge, try Self.consumed(reply), since: sent)
                    return .done
                } catch {
                    settle(charge, nil, since: sent)
                    patience.failed(CopyFailure(malformed: error, "PutItem"), at: time.now)
                }
            case .failure(let error):
                if error.code == "ConditionalCheckFailedException" {
                    // It is charged for all the same.
                    settle(charge, nil, since: sent)
                    return .conditionFailed
                }
                let failure = CopyFailure(error, on: "the target \(table.name)")
                settleFailed(charge, failure, since: sent)
                if error.remedy == .split { return .refused(failure) }
                if error.remedy == .renewCredentials {
                    try await table.reader.renewing(after: error)
                }
                guard failure.isWorthRepeating else { throw failure }
                patience.failed(failure, at: time.now)
            }
            if let failure = patience.failure(at: time.now) { throw failure }
            await Pause.lasting(
                state.withLock {
                    CopyScheduler.retryBackoff.delay(attempt: attempt, using: &$0.generator)
                })
            attempt += 1
            charge = await takeAgain(charge)
        }
    }

    private static func consumed(_ reply: Reply) throws -> ConsumedUnits {
        guard let consumed = ConsumedUnits(try JSON(parsing: reply.body.bytes)) else {
            throw JSONError(offset: 0, reason: "the reply has no ConsumedCapacity")
        }
        return consumed
    }

    // MARK: Units

    /// What an item's write is expected to cost, and has been charged.
    private struct Charge {
        let units: Int
        let reserved: WritePacing.Charge
    }

    /// The larger of what stands and what is put counts (guide, "Read and write operations").
    private static func units(of finding: VerifyFinding) -> Int {
        let sizes = [finding.source, finding.target].map { bytes -> Int in
            guard let bytes else { return 0 }
            // JSON is longer than what is stored: what can't be decoded is not undercharged.
            return (try? Item(JSON(parsing: bytes))).map { ItemSize.of($0) } ?? bytes.count
        }
        return CapacityUnits.write(bytes: sizes.max() ?? 0)
    }

    /// nil when it is to stop.
    private func take(_ units: Int) async -> Charge? {
        while await !isStopping() {
            let (wait, charge) = ask(units)
            if let charge { return charge }
            await Pause.lasting(min(wait, Self.lookEvery))
        }
        return nil
    }

    /// For another attempt: what has been begun is ended.
    private func takeAgain(_ charge: Charge) async -> Charge {
        while true {
            let (wait, again) = ask(charge.units)
            if let again { return again }
            await Pause.lasting(wait)
        }
    }

    private func ask(_ units: Int) -> (wait: Duration, Charge?) {
        state.withLock { state in
            let now = time.now
            state.pacing.timePassed(at: now)
            let estimate = state.pacing.estimate(units: units)
            let ready = state.pacing.readyAt(estimate, now: now)
            guard ready <= now else { return (ready - now, nil) }
            let reserved = state.pacing.take(estimate, at: now)
            return (.zero, Charge(units: units, reserved: reserved))
        }
    }

    private func give(back charge: Charge) {
        state.withLock {
            $0.pacing.settleFailed(charge.reserved, isOutcomeUnknown: false, at: time.now)
        }
    }

    private func settle(_ charge: Charge, _ consumed: ConsumedUnits?, since sent: Instant) {
        state.withLock { state in
            let now = time.now
            let units = state.pacing.settle(
                charge.reserved, units: charge.units, reported: consumed, at: now)
            state.consumed.units += units
            _ = state.pacing.observed(
                items: 1, refused: 0, units: units, roundTrip: now - sent, at: now)
        }
    }

    private func settleFailed(_ charge: Charge, _ failure: CopyFailure, since sent: Instant) {
        state.withLock { state in
            let now = time.now
            state.pacing.settleFailed(
                charge.reserved, isOutcomeUnknown: failure.isOutcomeUnknown, at: now)
            guard case .remedy(.slowDown) = failure.kind else { return }
            state.consumed.throttles += 1
            _ = state.pacing.observed(
                items: 1, refused: 1, units: 0, roundTrip: now - sent, at: now)
        }
    }
}
