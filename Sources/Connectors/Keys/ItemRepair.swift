import AWS
import Dispatch
import DynamoDB
import DynamoModel
import Flow
import JSON
import Pacing
import System

/// What a repair may do.
package struct RepairOptions: Equatable, Sendable {
    /// Items that the source does not have are deleted.
    package var deletesExtra = false
    /// nil: ``DeadLetterFile/defaultPath(table:)``.
    package var deadLettersPath: String?
    package var deadLettersMax = 1_000

    package init() {}
}

/// Makes items of the target what they are in the source, one by one: each is read on both sides
/// again, and written only while what differs is still as it was read.
///
/// Any thread may call its methods.
package final class ItemRepair: Sendable {
    package let source: KeyReader
    package let target: KeyReader
    private let table: TargetTable
    private let schema: KeySchema
    private let options: RepairOptions
    private let units: RepairUnits
    private let giveUpAfter: Duration
    private let time: any TimeSource
    private let queue: DispatchQueue
    private let generator: Locked<SeededGenerator>

    /// - Parameter readers: of both sides.
    package init(
        _ table: TargetTable, readers: (source: KeyReader, target: KeyReader), schema: KeySchema,
        _ options: RepairOptions, _ units: RepairUnits, giveUpAfter: Duration,
        time: any TimeSource, seed: UInt64
    ) {
        self.table = table
        (source, target) = readers
        self.schema = schema
        self.options = options
        self.units = units
        self.giveUpAfter = giveUpAfter
        self.time = time
        queue = DispatchQueue(label: "verify.repair")
        generator = Locked(SeededGenerator(seed: seed))
    }

    /// Sees to an item that differs.
    /// - Returns: what is to be told of it; nil when both sides have come to be equal by
    ///   themselves.
    package func repair(_ finding: VerifyFinding) async throws(FlowFailure) -> VerifyFinding? {
        guard isMendable(finding.kind) else { return finding }
        var current = finding
        var hasWritten = false
        for _ in 1...SecondLook.rounds {
            // Only what has not been begun is left: of a write that was, it is told what became.
            guard let charge = await units.take(Self.units(of: current), mayStop: !hasWritten),
                let (one, other) = try await read(finding.key, charge, mayStop: !hasWritten)
            else { return current }
            guard one?.digest.item != other?.digest.item else {
                units.give(back: charge)
                // Of a reply that was lost this is the first that is heard.
                if hasWritten { current.repair = one == nil ? .deleted : .written }
                return hasWritten ? current : nil
            }
            (current.source, current.target) = (one?.bytes, other?.bytes)
            current.kind =
                one == nil ? .onlyInTarget : other == nil ? .onlyInSource : .different
            guard isMendable(current.kind), let write = write(for: current) else {
                units.give(back: charge)
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

    /// nil when it is to stop: what was charged is then given back, as after a failure.
    private func read(
        _ key: [UInt8], _ charge: RepairUnits.Charge, mayStop: Bool
    ) async throws(FlowFailure) -> (source: KeyReader.Found?, target: KeyReader.Found?)? {
        do {
            async let one = source.read([key], mayStop: mayStop)
            async let other = target.read([key], mayStop: mayStop)
            guard let one = try await one, let other = try await other else {
                units.give(back: charge)
                return nil
            }
            return (one.values.first, other.values.first)
        } catch {
            units.give(back: charge)
            throw error as? FlowFailure ?? FlowFailure(malformed: error, "BatchGetItem")
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
        case refused(FlowFailure)
    }

    private func perform(
        _ write: ConditionalWrite, _ first: RepairUnits.Charge
    ) async throws(FlowFailure) -> Outcome {
        var patience = Patience(giveUpAfter: giveUpAfter)
        var charge = first
        var attempt = 0
        while true {
            let sent = time.now
            units.sent()
            switch await table.write(write, on: queue) {
            case .success(let consumed):
                units.settle(charge, consumed, since: sent)
                return .done
            case .failure(let error):
                if error.code == "ConditionalCheckFailedException" {
                    // It is charged for all the same.
                    units.settle(charge, nil, since: sent)
                    return .conditionFailed
                }
                let failure = FlowFailure(error, on: "the target \(table.name)")
                units.settleFailed(charge, failure, since: sent)
                if error.remedy == .split { return .refused(failure) }
                if error.remedy == .renewCredentials {
                    try await table.reader.renewing(after: error)
                }
                guard failure.isWorthRepeating else { throw failure }
                patience.failed(failure, at: time.now)
            }
            if let failure = patience.failure(at: time.now) { throw failure }
            await Pause.lasting(
                generator.withLock {
                    FlowScheduler.retryBackoff.delay(attempt: attempt, using: &$0)
                })
            attempt += 1
            charge = await units.takeAgain(charge)
        }
    }

    /// Write units that seeing to an item is expected to take: the larger of what stands and what
    /// is put counts (guide, "Read and write operations").
    private static func units(of finding: VerifyFinding) -> Int {
        let sizes = [finding.source, finding.target].map { bytes -> Int in
            guard let bytes else { return 0 }
            // JSON is longer than what is stored: what can't be decoded is not undercharged.
            return (try? Item(JSON(parsing: bytes))).map { ItemSize.of($0) } ?? bytes.count
        }
        return CapacityUnits.write(bytes: sizes.max() ?? 0)
    }
}
